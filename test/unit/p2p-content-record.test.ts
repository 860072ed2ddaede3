import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { accountFromBytes } from "../../src/lib/strkey.ts";
import {
  type ContentRecord,
  describeTorrent,
  isSwarmGated,
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

const encryption = { kind: "file", nonce: "0".repeat(16), keyCheck: "0".repeat(64) } as const;
const packaged = { kind: "hls", playlist: "index.m3u8", keyCheck: "0".repeat(64) } as const;

it("says how its bytes are encrypted, and whose swarm has a gate", async () => {
  const licensed = await signContentRecord(await record({ encryption }), publisher);
  expect(readContentRecord(licensed).record.encryption).toEqual(encryption);
  expect(isSwarmGated(licensed.record)).toBe(true);
  const open = await signContentRecord(await record({ encryption, seed: "open" }), publisher);
  expect(isSwarmGated(open.record)).toBe(false);
  expect(isSwarmGated(await record({ access: "public", contract: "" }))).toBe(false);
  expect(isSwarmGated(await record())).toBe(true);
  // Nobody who passes a record on may open its swarm, or take the encryption out of it.
  const { signature } = licensed;
  const changed = [
    { ...licensed.record, seed: "open" },
    { ...licensed.record, encryption: packaged },
  ];
  for (const other of changed) {
    expect(() => readContentRecord({ record: other, signature })).toThrow(invalid);
  }
});

it.each<[string, Partial<ContentRecord>]>([
  ["a public film that is encrypted", { access: "public", contract: "", encryption }],
  ["plain bytes that anybody may carry", { seed: "open" }],
  ["a package without its playlist", { encryption: packaged }],
  ["a nonce that is none", { encryption: { ...encryption, nonce: "00" } }],
])("is refused, though signed, for %s", async (_why, change) => {
  await expect(signContentRecord(await record(change), publisher)).rejects.toThrow(invalid);
});

it("is signed over the published bytes, of records from before encryption too", async () => {
  const vectors = JSON.parse(readFileSync("test/vectors/p2p/content-record.json", "utf8"));
  for (const vector of [vectors, ...vectors.encrypted]) {
    const signed = readContentRecord(vector.signed);
    expect(recordMessage(signed.record).toHex()).toBe(vector.message);
    const key = deviceKeyFromSeed(Uint8Array.fromHex(vector.seed ?? vectors.seed));
    expect(await signContentRecord(signed.record, key)).toEqual(signed);
  }
});
