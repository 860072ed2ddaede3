// Goal: a film comes out of its package as it went in, and a stranger's playlist leads a player nowhere
//       but to this engine.
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { makeContentKey } from "../../src/p2p/cipher-key.ts";
import { decryptSegment } from "../../src/p2p/cipher-segment.ts";
import { readPackage, writePlaylist } from "../../src/p2p/hls-package.ts";
import { encryptFile } from "../../src/p2p/package-file.ts";
import { PLAYLIST_NAME, packageHls } from "../../src/p2p/package-hls.ts";
import { readAsTs } from "../../src/p2p/package-source.ts";
import { makeTorrent, readTorrent, type Torrent } from "../../src/p2p/torrent.ts";
import { makeTs } from "../support/ts-maker.ts";

const SECONDS = 11;
const film = makeTs({ seconds: SECONDS });
const key = makeContentKey("hls");
const invalid = expect.objectContaining({ code: "CONTENT_INVALID" });
const urls = {
  segmentUrl: (index: number) => `http://127.0.0.1/ace/c/${index}.ts`,
  keyUrl: (epoch: number) => `http://127.0.0.1/ace/key/${epoch}`,
};

let folder: string;
let torrent: Torrent;
let playlist: Uint8Array;

async function* chunksOf(bytes: Uint8Array, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ace-package-"));
  await packageHls(chunksOf(film, 1_000), { folder: join(folder, "film"), key });
  torrent = readTorrent(await makeTorrent(join(folder, "film"), { announce: [] }));
  playlist = await readFile(join(folder, "film", PLAYLIST_NAME));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it("a film comes out of its package as it went in, cut where players can begin", async () => {
  const { segments, targetS } = readPackage(playlist, torrent);
  expect(segments.map(({ durationS }) => Math.round(durationS))).toEqual([4, 4, 3]);
  expect(targetS).toBe(4);
  const plain = [];
  for (const [number, { file }] of segments.entries()) {
    const sealed = await readFile(join(folder, "film", file.path));
    expect(sealed).toHaveLength(file.length);
    expect(film.includes(sealed.subarray(0, 64))).toBe(false);
    plain.push(decryptSegment(key, number, sealed));
  }
  expect(Buffer.concat(plain).equals(film)).toBe(true);
  // A player may begin with any of them: each has its tables first.
  for (const segment of plain)
    expect([segment[0], segment[1], segment[2]]).toEqual([0x47, 0x40, 0]);
});

it("a player's list has our addresses, the key once, and an end", () => {
  const lines = writePlaylist(readPackage(playlist, torrent), urls).split("\n");
  expect(lines.filter((line) => line.includes("http"))).toEqual([
    '#EXT-X-KEY:METHOD=AES-128,URI="http://127.0.0.1/ace/key/0"',
    "http://127.0.0.1/ace/c/0.ts",
    "http://127.0.0.1/ace/c/1.ts",
    "http://127.0.0.1/ace/c/2.ts",
  ]);
  expect(lines).toContain("#EXT-X-MEDIA-SEQUENCE:0");
  expect(lines.at(-2)).toBe("#EXT-X-ENDLIST");
});

it("a jump of the clock is told to players", async () => {
  const two = Buffer.concat([makeTs({ seconds: 5 }), makeTs({ seconds: 5, firstPcrMs: 90_000 })]);
  const jumping = join(folder, "jumping");
  await packageHls(chunksOf(two, 60_000), { folder: jumping, key });
  const made = readTorrent(await makeTorrent(jumping, { announce: [] }));
  const content = readPackage(await readFile(join(jumping, PLAYLIST_NAME)), made);
  expect(content.segments.filter(({ isDiscontinuity }) => isDiscontinuity)).toHaveLength(1);
  expect(writePlaylist(content, urls)).toContain("#EXT-X-DISCONTINUITY\n#EXTINF");
});

describe("a stranger's playlist", () => {
  const list = (...lines: readonly string[]) => Buffer.from(["#EXTM3U", ...lines].join("\n"));
  const KEY = '#EXT-X-KEY:METHOD=AES-128,URI="ace-key:0"';
  const part = (path: string) => [KEY, "#EXTINF:4.0,", path];

  it("is read without what it says besides", () => {
    const more = ['#EXT-X-MAP:URI="http://169.254.169.254/"', "#EXT-X-START:TIME-OFFSET=9"];
    const text = writePlaylist(readPackage(list(...more, ...part("s00000.ts")), torrent), urls);
    expect(text).not.toContain("169.254");
    expect(text).not.toContain("X-START");
    expect(text).toContain("http://127.0.0.1/ace/c/0.ts");
  });

  it.each<[string, Uint8Array]>([
    ["another address", list(...part("http://169.254.169.254/latest"))],
    ["a file of this machine", list(...part("file:///etc/passwd"))],
    ["a way out of the torrent", list(...part("../s00000.ts"))],
    ["a file twice", list(...part("s00000.ts"), "#EXTINF:4.0,", "s00000.ts")],
    [
      "another key server",
      list('#EXT-X-KEY:METHOD=AES-128,URI="http://evil/"', ...part("s00000.ts").slice(1)),
    ],
    ["a vector of its own", list(`${KEY},IV=0x1`, ...part("s00000.ts").slice(1))],
    [
      "another method",
      list('#EXT-X-KEY:METHOD=SAMPLE-AES,URI="ace-key:0"', "#EXTINF:4,", "s00000.ts"),
    ],
    ["numbers from elsewhere", list("#EXT-X-MEDIA-SEQUENCE:7", ...part("s00000.ts"))],
    ["no duration", list(KEY, "s00000.ts")],
    ["an hour a segment", list(KEY, "#EXTINF:3600,", "s00000.ts")],
    ["no segment", list(KEY)],
    ["no list", Buffer.from("s00000.ts")],
    ["bytes that are no text", Buffer.from([0x23, 0xff, 0xfe])],
    ["more than a playlist", Buffer.alloc(3_000_000, "#")],
  ])("is refused for %s", (_why, bytes) => {
    expect(() => readPackage(bytes, torrent)).toThrow(invalid);
  });
});

it("what is not MPEG-TS needs ffmpeg, and says so where there is none; MPEG-TS needs nothing", async () => {
  const { signal } = new AbortController();
  vi.stubEnv("PATH", folder);
  const [other, ts] = [join(folder, "film.mkv"), join(folder, "film.ts")];
  await writeFile(other, Buffer.alloc(100_000, 1));
  await writeFile(ts, film);
  const pack = (path: string, to: string) =>
    packageHls(readAsTs(path, signal), { folder: join(folder, to), key });
  await expect(pack(other, "none")).rejects.toMatchObject({ code: "FFMPEG_MISSING" });
  expect(await pack(ts, "some")).toBe(3);
  vi.unstubAllEnvs();
  const missing = pack(join(folder, "missing.mp4"), "none");
  await expect(missing).rejects.toMatchObject({ code: "FILE_UNREADABLE" });
  // Sound without a place that a picture could begin at, tables without anything.
  const empty = makeTs({ seconds: 1 }).subarray(0, 10 * 188);
  const nothing = packageHls(chunksOf(empty.subarray(0, 376), 188), {
    folder: join(folder, "x"),
    key,
  });
  await expect(nothing).rejects.toMatchObject({ code: "MEDIA_INVALID" });
});

it("a file is encrypted beside, never over what is there", async () => {
  const from = join(folder, "plain.mp4");
  await writeFile(from, film);
  const secret = { key: makeContentKey("file"), nonce: new Uint8Array(8) };
  const to = join(folder, "sealed", "plain.mp4");
  const { signal } = new AbortController();
  let doneBytes = 0;
  const onProgress = (bytes: number) => {
    doneBytes = bytes;
  };
  await encryptFile({ from, to, secret, onProgress }, signal);
  expect(doneBytes).toBe(film.length);
  expect((await readFile(to)).length).toBe(film.length);
  const again = encryptFile({ from, to, secret }, signal);
  await expect(again).rejects.toMatchObject({ code: "FILE_UNREADABLE" });
  expect(await readdir(join(folder, "sealed"))).toEqual(["plain.mp4"]);
});
