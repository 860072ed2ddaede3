import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { accountFromBytes } from "../../src/lib/strkey.ts";
import {
  type ContentRecord,
  describeTorrent,
  readContentRecord,
  recordMessage,
  recordTorrent,
  signContentRecord,
} from "../../src/p2p/content-record.ts";
import { deviceKeyFromSeed } from "../../src/p2p/ed25519.ts";
import { makeFilm, newKey } from "./p2p-kit.ts";

const publisher = newKey();
const base = {
  v: 1,
  title: "A film",
  mime: "video/mp4",
  access: "gated",
  contract: "412",
  network: "3".repeat(64),
  trackers: [],
  peers: [],
  serverKeys: ["4".repeat(64)],
  publisher: accountFromBytes(publisher.publicKey),
  publishedAtS: 1_800_000_000,
} as const;
const invalid = expect.objectContaining({ code: "CONTENT_INVALID" });

async function record(change: Partial<ContentRecord> = {}) {
  await using film = await makeFilm(100_000);
  const torrent = Buffer.from(film.torrentBytes).toString("base64");
  return { ...base, ...describeTorrent(film.torrent), torrent, ...change };
}

it("passes from hand to hand as JSON and stays what its publisher signed", async () => {
  const signed = await signContentRecord(await record(), publisher);
  const passed = readContentRecord(JSON.parse(JSON.stringify(signed)));
  expect(passed).toEqual(signed);
  expect(recordTorrent(passed.record).infohash).toBe(passed.record.infohash);
  await using other = await makeFilm(100_000);
  expect(() => recordTorrent(passed.record, other.torrentBytes)).toThrow(invalid);
});

it("is refused when anything in it was changed after the signature", async () => {
  const { record: signed, signature } = await signContentRecord(await record(), publisher);
  const changes: readonly Partial<ContentRecord>[] = [
    { title: "Another film" },
    { contract: "1" },
    { serverKeys: [] },
    { length: signed.length + 1 },
    { publisher: accountFromBytes(newKey().publicKey) },
  ];
  for (const change of changes) {
    expect(() => readContentRecord({ record: { ...signed, ...change }, signature })).toThrow(
      invalid,
    );
  }
  const { torrent: _gone, ...without } = signed;
  expect(() => readContentRecord({ record: without, signature })).toThrow(invalid);
});

it.each<[string, Partial<ContentRecord>]>([
  ["a torrent with another content id", { contentId: "0".repeat(64) }],
  ["a torrent of another length", { length: 1 }],
  ["a swarm that is not its infohash", { swarm: `btih:${"0".repeat(40)}` }],
  ["a gate without a contract", { contract: "" }],
  ["a contract without a gate", { access: "public" }],
  ["a tracker that is no address", { trackers: ["file:///etc/passwd"] }],
])("is refused, though signed, for %s", async (_why, change) => {
  await expect(signContentRecord(await record(change), publisher)).rejects.toThrow(invalid);
});

it("is signed over the published bytes", async () => {
  const vector = JSON.parse(readFileSync("test/vectors/p2p/content-record.json", "utf8"));
  const signed = readContentRecord(vector.signed);
  expect(recordMessage(signed.record).toHex()).toBe(vector.message);
  const key = deviceKeyFromSeed(Uint8Array.fromHex(vector.seed));
  expect(await signContentRecord(signed.record, key)).toEqual(signed);
});
