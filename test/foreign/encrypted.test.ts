// Goal: players written by strangers play what is encrypted through the engine of who holds the licence,
//       and nothing without it; what is in the swarm is what other tools make of key and film.
// Method: ffmpeg, openssl and headless Chromium with hls.js as they are, over a real node and licence.
import { readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { join } from "node:path";
import puppeteer, { type Browser } from "puppeteer-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { silentEvents } from "../../src/lib/events.ts";
import { fileCipher } from "../../src/p2p/cipher-file.ts";
import { encryptSegment } from "../../src/p2p/cipher-segment.ts";
import { LIVE_PIECE_MS } from "../../src/p2p/limits.ts";
import {
  type EncryptedWorld,
  openEncryptedWorld,
  type PublishedFilm,
} from "../support/encrypted-world.ts";
import { run } from "../support/run-tool.ts";
import { playInVlc } from "./vlc.ts";

const FILM = "assets/demo.mp4";
const PICTURES_A_SECOND = 25;
const FILM_PICTURES = 24 * PICTURES_A_SECOND;
/** Where the picture in the documentation comes from: set to write it anew. */
const PICTURE = process.env["ACE_PICTURE"];

const stack = new AsyncDisposableStack();
let world: EncryptedWorld;
let packaged: PublishedFilm;
let file: PublishedFilm;
let pageUrl: string;
let engineUrl: string;
let strangerUrl: string;

/** A node with a network of its own starts in seconds, on a busy machine in many. */
const START_MS = 180_000;

beforeAll(async () => {
  world = stack.use(await openEncryptedWorld());
  packaged = await world.publish(FILM, "hls", "open");
  file = await world.publish(FILM, "file");
  await world.settle();
  const server = await servePage();
  stack.defer(() => void server.closeAllConnections());
  pageUrl = urlOf(server);
  const engineOf = async (who: typeof world.buyer) => {
    const engine = await world.engine(world.viewer(who), silentEvents);
    return await engine.play({ port: 0, version: "1", origins: [pageUrl] });
  };
  engineUrl = await engineOf(world.buyer);
  strangerUrl = await engineOf(world.stranger);
}, START_MS);
afterAll(() => stack.disposeAsync());

const manifest = (engine: string) =>
  `${engine}/ace/manifest.m3u8?content_id=${packaged.record.contentId}`;
const film = (engine: string) => `${engine}/ace/getstream?content_id=${file.record.contentId}`;
const decode = (url: string, ...more: readonly string[]) =>
  run("ffmpeg", "-v", "error", ...more, "-i", url, "-f", "null", "-");

it("ffmpeg plays the encrypted package through the engine, from the start and from the middle", async () => {
  expect(await decode(manifest(engineUrl))).toEqual({ code: 0, text: "" });
  expect(await decode(manifest(engineUrl), "-ss", "15", "-t", "2")).toEqual({ code: 0, text: "" });
  const shown = [
    "-v",
    "error",
    "-show_entries",
    "format=duration:stream=codec_name",
    "-of",
    "csv=p=0",
  ];
  const { text } = await run("ffprobe", ...shown, manifest(engineUrl));
  expect(text).toMatch(/h264/);
  expect(text).toMatch(/aac/);
  // Nothing in a stream says how long its last piece lasts: the list may be one piece off.
  const durationS = Number(/^\d+\.\d+$/m.exec(text)?.[0]);
  expect(Math.abs(durationS - 24)).toBeLessThan(LIVE_PIECE_MS / 1_000);
});

it("ffmpeg plays the encrypted file through the engine, and jumps in it", async () => {
  expect(await decode(film(engineUrl))).toEqual({ code: 0, text: "" });
  expect(await decode(film(engineUrl), "-ss", "15", "-t", "2")).toEqual({ code: 0, text: "" });
});

it("VLC plays the encrypted package and the encrypted file, from the start and from the middle", async () => {
  for (const url of [manifest(engineUrl), film(engineUrl)]) {
    const whole = await playInVlc(url);
    expect(whole).toMatchObject({ code: 0, complaints: "" });
    expect(whole.pictures).toBeGreaterThan(FILM_PICTURES - PICTURES_A_SECOND);
    const end = await playInVlc(url, { fromS: 15 });
    expect(end).toMatchObject({ code: 0, complaints: "" });
    expect(end.pictures).toBeGreaterThan(0);
    expect(end.pictures).toBeLessThan(whole.pictures / 2);
  }
  expect(await playInVlc(film(strangerUrl))).toMatchObject({ pictures: 0 });
});

it("ffmpeg gets nothing without the licence", async () => {
  for (const url of [manifest(strangerUrl), film(strangerUrl)]) {
    const { code, text } = await decode(url);
    expect(code).not.toBe(0);
    expect(text).toContain("403 Forbidden");
  }
});

it("ffmpeg gets nothing out of the ciphertext that a stranger carries", async () => {
  const stranger = await world.engine(world.viewer(world.stranger), silentEvents);
  await using swarm = await stranger.join(packaged.record);
  const segment = swarm.torrent.files.find(({ path }) => path === "s00000.ts");
  const chunks: Uint8Array[] = [];
  const bytes = swarm.read(segment?.offset ?? 0, segment?.length ?? 0, AbortSignal.timeout(20_000));
  for await (const chunk of bytes) chunks.push(chunk);
  const path = join(world.folder, "carried.ts");
  writeFileSync(path, Buffer.concat(chunks));
  expect((await decode(path)).code).not.toBe(0);
});

it("openssl makes the same ciphertext of film and key", async () => {
  const plain = readFileSync(FILM);
  const key = packaged.key.toHex();
  const vector = `${"0".repeat(31)}7`;
  const path = join(world.folder, "openssl");
  const cbc = ["enc", "-aes-128-cbc", "-K", key, "-iv", vector, "-in", FILM, "-out", path];
  expect(await run("openssl", ...cbc)).toEqual({ code: 0, text: "" });
  expect(readFileSync(path).equals(encryptSegment(packaged.key, 7, plain))).toBe(true);

  const nonce = Uint8Array.fromHex("0102030405060708");
  const counter = `${nonce.toHex()}${"0".repeat(16)}`;
  const ctr = ["enc", "-aes-256-ctr", "-K", file.key.toHex(), "-iv", counter, "-in", FILM];
  expect(await run("openssl", ...ctr, "-out", path)).toEqual({ code: 0, text: "" });
  expect(readFileSync(path).equals(fileCipher({ key: file.key, nonce }, 0)(plain))).toBe(true);
});

it("a page with hls.js plays the gated, encrypted film through the engine", async () => {
  await using browser = await openBrowser();
  const page = await browser.newPage();
  await page.setViewport({ width: 960, height: 540 });
  await page.goto(`${pageUrl}/?src=${encodeURIComponent(manifest(engineUrl))}`);
  const playing = 'document.querySelector("video").currentTime > 3';
  await page.waitForFunction(playing, { timeout: 90_000 }).catch(async (cause: unknown) => {
    throw new Error(`it does not play: ${await page.title()}`, { cause });
  });
  await page.evaluate('document.querySelector("video").pause()');
  const size = await page.evaluate('document.querySelector("video").videoWidth');
  expect(size).toBeGreaterThan(0);
  const picture = await page.screenshot({ type: "jpeg", quality: 80 });
  if (PICTURE !== undefined) writeFileSync(PICTURE, picture);
  expect(picture.length).toBeGreaterThan(10_000);
});

it("a page of a viewer without the licence is told so, and one that is not let in gets no answer", async () => {
  await using browser = await openBrowser();
  const page = await browser.newPage();
  await page.goto(`${pageUrl}/?src=${encodeURIComponent(manifest(strangerUrl))}`);
  await page.waitForFunction('document.title.startsWith("error")', { timeout: 60_000 });
  expect(await page.title()).toContain("manifestLoadError 403");
  const other = await servePage();
  await page.goto(`${urlOf(other)}/?src=${encodeURIComponent(manifest(engineUrl))}`);
  await page.waitForFunction('document.title.startsWith("error")', { timeout: 60_000 });
  expect(await page.title()).toContain("manifestLoadError");
  other.closeAllConnections();
});

async function openBrowser(): Promise<Browser & AsyncDisposable> {
  return await puppeteer.launch({
    executablePath: "/usr/bin/chromium",
    args: [
      "--no-sandbox",
      "--disable-background-networking",
      "--autoplay-policy=no-user-gesture-required",
    ],
  });
}

const PAGE = `<!doctype html><title>loading</title>
<style>body{margin:0;background:#111;color:#eee;font:16px sans-serif}
video{display:block;width:960px;height:480px;background:#000}p{margin:18px}</style>
<video muted></video>
<p id=what>Encrypted HLS through the local engine, decrypted in the browser by hls.js</p>
<script src="/hls.js"></script><script>
const video = document.querySelector("video");
const hls = new Hls();
hls.on(Hls.Events.ERROR, (_event, data) => {
  if (data.fatal) document.title = ["error", data.details, data.response?.code ?? ""].join(" ");
});
hls.on(Hls.Events.MANIFEST_PARSED, () => void video.play());
hls.loadSource(new URLSearchParams(location.search).get("src"));
hls.attachMedia(video);
</script>`;

async function servePage(): Promise<Server> {
  const script = readFileSync("node_modules/hls.js/dist/hls.min.js");
  const server = createServer(({ url }, response) => {
    const isScript = url === "/hls.js";
    response.setHeader("content-type", isScript ? "text/javascript" : "text/html");
    response.end(isScript ? script : PAGE);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  server.unref();
  return server;
}

function urlOf(server: Server): string {
  const bound = server.address();
  return `http://127.0.0.1:${typeof bound === "object" && bound !== null ? bound.port : 0}`;
}
