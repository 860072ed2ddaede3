// Goal: a live stream goes on, or resumes, whoever of those that carry it is killed, and never shows
//       a byte that the source did not send.
// Method: a node with its tracker, and the source, a support node and a viewer's engine as processes
//         of their own, killed with SIGKILL one after the other while a player reads; then some more, of any
//         of them at any moment: ACE_LIVE_KILLS says how many, KILL_SEED draws them.
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { z } from "zod";
import { developmentSettings } from "../../src/contracts/settings.ts";
import { silentEvents } from "../../src/lib/events.ts";
import { loadConfig } from "../../src/node/config.ts";
import { type Node, openNode } from "../../src/node/node.ts";
import { BAN_FILE, readBans } from "../../src/p2p/ban-file.ts";
import { openDht } from "../../src/p2p/dht-node.ts";
import { signHeads } from "../../src/p2p/live-head.ts";
import { liveDescriptorOf, readLiveRecord } from "../../src/p2p/live-record.ts";
import { chanceOf } from "../support/chance.ts";
import { type LiveNetwork, openLiveNetwork } from "../support/live-network.ts";
import { ACE } from "../support/plain-package.ts";
import { type StreamProcess, startStream } from "../support/stream-process.ts";
import { makeTs } from "../support/ts-maker.ts";
import { broadcaster, headOf, joinLive, pieceBytes } from "../unit/live-kit.ts";

const PACKET = 188;
/** Counters and clock of a packet come before: a loop makes them run on. */
const CLOCK_END = 12;
const PLAYED_BYTES = 150_000;
const KILLS_MORE = Number(process.env["ACE_LIVE_KILLS"] ?? "2");
const KILL_MS = 40_000;
const runFile = promisify(execFile);
const Listed = z.object({ record: z.unknown() });
const Told = z.object({ data: z.object({ bans: z.array(z.unknown()) }) });
const Status = z.object({ contents: z.int(), liveStreams: z.int() });
const base = mkdtempSync(join(tmpdir(), "ace-live-e2e-"));
const film = makeTs({ seconds: 3 });
/** What says that the counts of packets jump, where the stream goes on after a kill: it shows nothing. */
const seamPacket = "\u00ff".repeat(PACKET - CLOCK_END);
const filmPackets = new Set([...packetsOf(film), seamPacket]);
const running: StreamProcess[] = [];
let live: LiveNetwork;
let node: Node;

beforeAll(async () => {
  live = await openLiveNetwork(base, "on sending", developmentSettings);
  const config = loadConfig({
    networkFile: live.networkFile,
    dataDir: join(base, "node"),
    operatorFile: live.operatorFile,
    rpcUrl: live.rpcUrl,
    httpPort: 0,
    peerPort: 0,
    trackerPort: 0,
    logLevel: "silent",
    pollMs: 50,
  });
  node = await openNode(config, "0.0.0");
  writeFileSync(join(base, "film.ts"), film);
});
afterAll(async () => {
  await Promise.all(running.map((one) => one.end("SIGKILL")));
  await node[Symbol.asyncDispose]();
  await live[Symbol.asyncDispose]();
  rmSync(base, { recursive: true, force: true });
});

function start(home: string, ...args: readonly string[]): StreamProcess {
  const started = startStream(args, {
    ACE_HOME: join(base, home),
    ACE_NODE: node.httpUrl,
    ACE_RPC: live.rpcUrl,
    ACE_NETWORK_FILE: live.networkFile,
  });
  running.push(started);
  return started;
}

function startSource(name = "news", more: readonly string[] = []): StreamProcess {
  const input = ["--from", join(base, "film.ts"), "--loop", "--public"];
  return start("source", "source", name, ...input, "--data", join(base, "node"), ...more);
}

function packetsOf(bytes: Buffer): readonly string[] {
  const packets: string[] = [];
  for (let at = 0; at + PACKET <= bytes.length; at += PACKET) {
    packets.push(bytes.toString("latin1", at + CLOCK_END, at + PACKET));
  }
  return packets;
}

/** A player that reads on, and looks at every packet. */
class Player {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #rest = Buffer.alloc(0);

  constructor(body: ReadableStream<Uint8Array>) {
    this.#reader = body.getReader();
  }

  static async open(url: unknown): Promise<Player> {
    const response = await fetch(String(url));
    expect(response.status).toBe(200);
    if (response.body === null) throw new Error("the player got no body");
    return new Player(response.body);
  }

  /** Plays so many bytes, or fails. */
  async play(bytes: number): Promise<void> {
    let played = 0;
    while (played < bytes) {
      const { value, done } = await this.#reader.read();
      if (done || value === undefined) throw new Error("the stream ended");
      played += value.length;
      const all = Buffer.concat([this.#rest, value]);
      const whole = all.length - (all.length % PACKET);
      for (const packet of packetsOf(all.subarray(0, whole))) {
        if (!filmPackets.has(packet)) throw new Error("a packet that is not of the film");
      }
      this.#rest = all.subarray(whole);
    }
  }
}

/** An HLS origin that goes round in the film, and what viewers asked it for. */
async function openOrigin() {
  const segments = [0, 1, 2].map((at) => makeTs({ seconds: 1, firstPcrMs: at * 1_000 }));
  const beganMs = Date.now();
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const number = /^\/cdn\/(\d+)\.ts$/.exec(request.url ?? "")?.[1];
    if (number !== undefined) {
      if (request.headers.range !== undefined) asked.push(request.url ?? "");
      response.end(segments[Number(number) % segments.length]);
      return;
    }
    const newest = 3 + Math.floor((Date.now() - beganMs) / 1_000);
    const listed = [newest - 2, newest - 1, newest].map(
      (at) => `${at % segments.length === 0 ? "#EXT-X-DISCONTINUITY\n" : ""}#EXTINF:1,\n${at}.ts\n`,
    );
    const tags = `#EXT-X-TARGETDURATION:1\n#EXT-X-MEDIA-SEQUENCE:${newest - 2}\n`;
    response.end(`#EXTM3U\n${tags}${listed.join("")}`);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const bound = server.address();
  const host = `127.0.0.1:${typeof bound === "object" && bound !== null ? bound.port : 0}`;
  return {
    host,
    asked,
    [Symbol.dispose]: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

it("is taken from its HLS origin, too, where a viewer is told to", async () => {
  using origin = await openOrigin();
  const folder = `http://${origin.host}/cdn/`;
  const from = ["--from", `${folder}live.m3u8`, "--origin", folder, "--public"];
  const source = start("hybrid", "source", "hybrid", ...from, "--data", join(base, "node"));
  const content = String((await source.ready)["contentId"]);
  const terms = ["--web-seed", "cdn-first", "--trust-host", origin.host];
  const viewer = start("viewer-h", "get", content, "--port", "0", ...terms);
  const { playUrl } = await viewer.ready;
  const player = await Player.open(playUrl);
  await player.play(PLAYED_BYTES);
  expect(origin.asked.length).toBeGreaterThan(0);
  const told = new URL(`/ace/getstream?content_id=${content}&format=json`, String(playUrl));
  const statUrl = /"stat_url":"([^"]+)"/.exec(await (await fetch(told)).text())?.[1] ?? "";
  expect(await (await fetch(statUrl)).text()).toMatch(/"p2p_share":0[.,]/);
  expect(await viewer.end("SIGTERM")).toBe(0);
  expect(await source.end("SIGTERM")).toBe(0);
});

it("is found by its link in the DHT by who has no node and no network", async () => {
  const host = "127.0.0.1";
  await using dht = await openDht({ host, port: 0, bootstrap: [], events: silentEvents });
  const way = ["--dht-node", `${host}:${dht.port}`];
  const source = startSource("linked", way);
  const { link } = await source.ready;
  const args = ["get", String(link), "--port", "0", ...way];
  const viewer = startStream(args, { ACE_HOME: join(base, "stranger") });
  running.push(viewer);
  const { playUrl } = await viewer.ready;
  const status = async () => {
    const response = await fetch(String(playUrl));
    await response.body?.cancel();
    return response.status;
  };
  // The source has put its record there before long.
  await expect.poll(status, { timeout: 60_000, interval: 500 }).toBe(200);
  await (await Player.open(playUrl)).play(PLAYED_BYTES);
  expect(await viewer.end("SIGTERM")).toBe(0);
  expect(await source.end("SIGTERM")).toBe(0);
});

it("is listed, and said to be on, once its input gives a first good piece, and not before", async () => {
  const home = ["--from", "push:0", "--public", "--data", join(base, "node")];
  const status = async (content: unknown) =>
    (await fetch(new URL(`/v1/contents/${content}`, node.httpUrl))).status;
  // A source that ends at what it is sent need not answer; what it did instead is looked at.
  const send = (url: unknown, body: string | Buffer) =>
    fetch(String(url), { method: "PUT", body }).catch(() => undefined);

  const wrong = start("source", "source", "late", ...home);
  const { contentId, inputUrl } = await wrong.told("waiting");
  expect(await status(contentId)).toBe(404);
  await send(inputUrl, "no stream at all. ".repeat(1_000));
  await expect(wrong.ready).rejects.toThrow("MEDIA_INVALID");
  expect(await status(contentId)).toBe(404);

  // Stopped while it waits: no failure, and nothing to list.
  const stopped = start("source", "source", "late", ...home);
  await stopped.told("waiting");
  expect(await stopped.end("SIGTERM")).toBe(0);
  expect(await status(contentId)).toBe(404);

  const counts = async () => {
    const response = await fetch(new URL("/v1/status", node.httpUrl));
    return Status.parse(await response.json());
  };
  const { liveStreams: before, contents } = await counts();
  const source = start("source", "source", "late", ...home);
  const { inputUrl: again } = await source.told("waiting");
  const sending = send(again, film);
  expect((await source.ready)["contentId"]).toBe(contentId);
  expect(await status(contentId)).toBe(200);
  expect(await counts()).toEqual({ contents, liveStreams: before + 1 });
  await sending;
  expect(await source.end("SIGTERM")).toBe(0);
  expect(await status(contentId)).toBe(200);
});

/** What `ace stream bans` says in this home. */
async function bansOf(home: string): Promise<readonly unknown[]> {
  const env = { ...process.env, ACE_HOME: join(base, home) };
  const { stdout } = await runFile(process.execPath, [ACE, "stream", "bans", "--json"], { env });
  return Told.parse(JSON.parse(stdout)).data.bans;
}

it("bans who forges, at its source and at a support node, for longer than these processes live", async () => {
  const limits = ["--upload-limit", "5000", "--peers-max", "20"];
  const source = startSource("liars", limits);
  const { contentId, address } = await source.ready;
  const content = String(contentId);
  const limited = [...limits, "--download-limit", "5000"];
  const support = start("support-l", "support", content, ...limited);
  const listed = await (await fetch(new URL(`/v1/contents/${content}`, node.httpUrl))).json();
  const { record } = readLiveRecord(Listed.parse(listed).record);
  const descriptor = liveDescriptorOf(record);
  const peers = [String(address), String((await support.ready)["address"])];
  await using liar = await joinLive({ descriptor, role: "source", peers });
  const bytes = pieceBytes(0, PACKET);
  // Newer than all that the broadcaster has signed, and not signed by it.
  const head = { ...headOf(0, bytes), epoch: 0xffff_ffff };
  liar.swarm.publish(signHeads([head], descriptor, broadcaster), [bytes]);
  const evidence = expect.objectContaining({ stream: descriptor.streamId });
  const ban = expect.objectContaining({ reason: "HEAD_BAD", evidence });
  for (const home of ["source", "support-l"]) {
    const kept = () => readBans(join(base, home, "engine", BAN_FILE), Date.now());
    await expect.poll(kept, { timeout: 60_000, interval: 100 }).toContainEqual(ban);
  }
  await source.end("SIGKILL");
  await support.end("SIGTERM");
  for (const home of ["source", "support-l"]) expect(await bansOf(home)).toContainEqual(ban);
});

it("goes on through kills of its source, a support node and a viewer", async () => {
  const source = startSource();
  const { contentId } = await source.ready;
  const content = String(contentId);
  // Two of them would contradict each other.
  await expect(startSource().ready).rejects.toThrow("LIVE_SOURCE_RUNNING");
  const support = start("support", "support", content);
  await support.ready;
  const viewer = start("viewer", "get", content, "--port", "0");
  const { playUrl } = await viewer.ready;
  const player = await Player.open(playUrl);
  await player.play(PLAYED_BYTES);

  await support.end("SIGKILL");
  await player.play(PLAYED_BYTES);

  await source.end("SIGKILL");
  const again = startSource();
  expect((await again.ready)["contentId"]).toBe(content);
  await player.play(PLAYED_BYTES);

  await viewer.end("SIGKILL");
  const second = start("viewer", "get", content, "--port", "0");
  await (await Player.open((await second.ready)["playUrl"])).play(PLAYED_BYTES);

  // In order, they say goodbye; nothing is left that keeps them.
  expect(await again.end("SIGTERM")).toBe(0);
  expect(await second.end("SIGTERM")).toBe(0);
});

it(
  "goes on through kills of any of them at any moment, while they start too",
  async () => {
    const chance = chanceOf(Number(process.env["KILL_SEED"] ?? "3"));
    let source = startSource();
    const content = String((await source.ready)["contentId"]);
    const startSupport = () => start("support", "support", content);
    const startViewer = () => start("viewer", "get", content, "--port", "0");
    let [support, viewer] = [startSupport(), startViewer()];
    for (let kill = 0; kill < KILLS_MORE; kill += 1) {
      // Some die while they start.
      const isHasty = chance() < 0.3;
      if (!isHasty) await (await Player.open((await viewer.ready)["playUrl"])).play(50_000);
      await new Promise((resolve) => setTimeout(resolve, chance() * 1_500));
      const victim = chance();
      if (victim < 0.4) {
        await source.end("SIGKILL");
        source = startSource();
      } else if (victim < 0.7) {
        await support.end("SIGKILL");
        support = startSupport();
      } else {
        await viewer.end("SIGKILL");
        viewer = startViewer();
      }
    }
    expect((await source.ready)["contentId"]).toBe(content);
    await (await Player.open((await viewer.ready)["playUrl"])).play(PLAYED_BYTES);
    await support.ready;
    for (const one of [source, support, viewer]) expect(await one.end("SIGTERM")).toBe(0);
  },
  60_000 + KILLS_MORE * KILL_MS,
);
