import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { type Bencodable, encodeBencode } from "../../src/p2p/bencode.ts";
import { makeTorrent, pieceSize, readTorrent, withWebSeeds } from "../../src/p2p/torrent.ts";
import { makeFilm } from "./p2p-kit.ts";

function torrentBytes(change: Readonly<Record<string, Bencodable>>): Uint8Array {
  const info = new Map<string, Bencodable>(
    Object.entries({
      name: "film.mp4",
      length: 40_000,
      "piece length": 16_384,
      pieces: new Uint8Array(60),
      ...change,
    }),
  );
  return encodeBencode(new Map<string, Bencodable>([["info", info]]));
}

function multiFile(...paths: readonly (readonly string[])[]): Uint8Array {
  const files = paths.map(
    (path) =>
      new Map<string, Bencodable>([
        ["length", 20_000],
        ["path", path],
      ]),
  );
  const pieces = new Uint8Array(20 * Math.ceil((20_000 * paths.length) / 16_384));
  const info = new Map<string, Bencodable>([
    ["name", "folder"],
    ["files", files],
    ["piece length", 16_384],
    ["pieces", pieces],
  ]);
  return encodeBencode(new Map<string, Bencodable>([["info", info]]));
}

describe("a torrent made here", () => {
  it("names the content by both hashes of its info dictionary", async () => {
    await using film = await makeFilm(200_000, { announce: ["http://127.0.0.1:1/announce"] });
    const { torrent, torrentBytes: bytes } = film;
    const at = Buffer.from(bytes).indexOf("4:info") + 6;
    const info = bytes.subarray(at, bytes.length - 1);
    expect(torrent.infohash).toBe(createHash("sha1").update(info).digest("hex"));
    expect(torrent.contentId).toBe(createHash("sha256").update(info).digest("hex"));
    expect(torrent).toMatchObject({
      name: "film.mp4",
      length: 200_000,
      pieceLength: 65_536,
      announce: ["http://127.0.0.1:1/announce"],
      files: [{ path: "film.mp4", offset: 0, length: 200_000 }],
    });
    expect(torrent.pieceHashes).toHaveLength(4);
    expect(pieceSize(torrent, 3)).toBe(200_000 - 3 * 65_536);
  });

  it("is the same content whoever makes it, whenever and with whatever trackers", async () => {
    await using film = await makeFilm(100_000);
    const again = await makeTorrent(film.path, {
      announce: ["http://x.example/"],
      pieceLength: 65_536,
    });
    expect(readTorrent(again).infohash).toBe(film.torrent.infohash);
  });

  it("of a file that is not there says so", async () => {
    await expect(makeTorrent("/no/such/film.mp4", { announce: [] })).rejects.toMatchObject({
      code: "FILE_UNREADABLE",
    });
  });
});

describe("a torrent from a stranger", () => {
  it("is read when it keeps the rules", () => {
    expect(readTorrent(torrentBytes({})).length).toBe(40_000);
    const two = readTorrent(multiFile(["a.mp4"], ["subtitles", "a.srt"]));
    expect(two.files).toEqual([
      { path: "a.mp4", offset: 0, length: 20_000 },
      { path: "subtitles/a.srt", offset: 20_000, length: 20_000 },
    ]);
  });

  it.each<[string, Uint8Array]>([
    ["no dictionary", Buffer.from("i1e")],
    ["no info", Buffer.from("de")],
    ["bytes after its end", Buffer.concat([torrentBytes({}), Buffer.from("x")])],
    ["hashes for fewer pieces", torrentBytes({ pieces: new Uint8Array(40) })],
    ["half a hash", torrentBytes({ pieces: new Uint8Array(50) })],
    ["a piece length that is no power of two", torrentBytes({ "piece length": 20_000 })],
    ["tiny pieces", torrentBytes({ "piece length": 16 })],
    ["a negative length", torrentBytes({ length: -1 })],
    ["no length", torrentBytes({ length: "x" })],
    ...[
      "..",
      ".",
      "",
      "a/b",
      "a\\b",
      "/etc/passwd",
      "nul\0l",
      "CON",
      "com1.txt",
      "a:b",
      "a ",
      "\u202Egp4.exe",
      "x".repeat(256),
    ].map((name): [string, Uint8Array] => [
      `the name ${JSON.stringify(name).slice(0, 20)}`,
      torrentBytes({ name }),
    ]),
    ["a way out of its folder", multiFile(["..", "passwd"])],
    ["one name twice, but for case", multiFile(["A.mp4"], ["a.MP4"])],
    ["one name twice, but for composition", multiFile(["\u00e9"], ["e\u0301"])],
    ["a file that is also a folder", multiFile(["a"], ["a", "b"])],
    ["a folder that is also a file", multiFile(["a", "b"], ["a"])],
  ])("is refused for %s", (_why, bytes) => {
    expect(() => readTorrent(bytes)).toThrow(expect.objectContaining({ code: "CONTENT_INVALID" }));
  });
});

it("is the same torrent after web seeds were named in it", async () => {
  await using film = await makeFilm(100_000, { announce: ["http://127.0.0.1:7072/announce"] });
  const webSeeds = [`http://127.0.0.1:7073/webseed/${film.torrent.infohash}/`];
  const named = readTorrent(withWebSeeds(film.torrentBytes, webSeeds));
  expect(named).toEqual({ ...film.torrent, webSeeds });
});
