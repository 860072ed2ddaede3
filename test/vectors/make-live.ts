// Goal: live streams as data, for any implementation: ids, a head, a batch of heads, messages, a record.
// Method: put together by hand with node:crypto; of src only canonical CBOR, which has vectors of its
//         own. Keys come from fixed texts, so the same file comes out each time.
// Use:    `node test/vectors/make-live.ts` writes p2p/live.json anew.
import { createPrivateKey, createPublicKey, hash, sign } from "node:crypto";
import { writeFileSync } from "node:fs";
import { type CborValue, encodeCbor } from "../../src/lib/cbor.ts";

const PKCS8 = "302e020100300506032b657004220420";
const seed = hash("sha256", "ace-node live vectors: broadcaster", "hex");
const key = createPrivateKey({
  key: Buffer.from(PKCS8 + seed, "hex"),
  format: "der",
  type: "pkcs8",
});
const broadcaster = createPublicKey(key).export({ format: "der", type: "spki" }).subarray(12);
const signed = (bytes: Uint8Array) => sign(null, bytes, key).toString("hex");

const name = "Nächste";
const descriptor = Buffer.concat([Buffer.from("ace-live-v1"), broadcaster, Buffer.from(name)]);
const streamId = hash("sha1", descriptor, "hex");
const contentId = hash("sha256", descriptor, "hex");

interface Head {
  readonly epoch: number;
  readonly seq: number;
  readonly flags: number;
  readonly mediaMs: number;
  readonly captureMs: number;
  readonly piece: Buffer;
}

function headBytes({ epoch, seq, flags, mediaMs, captureMs, piece }: Head): Buffer {
  const bytes = Buffer.alloc(62);
  bytes.writeUInt8(1, 0);
  bytes.writeUInt32BE(epoch, 1);
  bytes.writeUInt32BE(seq, 5);
  bytes.writeUInt8(flags, 9);
  bytes.writeBigUInt64BE(BigInt(mediaMs), 10);
  bytes.writeBigUInt64BE(BigInt(captureMs), 18);
  bytes.writeUInt32BE(piece.length, 26);
  bytes.write(hash("sha256", piece, "hex"), 30, "hex");
  return bytes;
}

function batchOf(heads: readonly Head[]) {
  const body = Buffer.concat(heads.map(headBytes));
  const message = Buffer.concat([Buffer.from(streamId, "hex"), body]);
  return {
    heads: heads.map(({ piece, ...head }) => ({ ...head, pieceHex: piece.toString("hex") })),
    body: body.toString("hex"),
    signature: signed(message),
  };
}

const first: Head = {
  epoch: 1_700_000_000,
  seq: 4_294_967_295,
  flags: 1,
  mediaMs: 0,
  captureMs: 1_700_000_123_456,
  piece: Buffer.alloc(188, 0x47),
};
const second: Head = {
  ...first,
  seq: 7,
  flags: 6,
  mediaMs: 95_443_717_688,
  piece: Buffer.alloc(376, 1),
};

const record = {
  v: 1,
  kind: "live",
  title: "Nächste Sendung",
  broadcaster: broadcaster.toString("hex"),
  name,
  contentId,
  streamId,
  swarm: `acelive:${streamId}`,
  mime: "video/mp2t",
  access: "gated",
  contract: "257",
  network: "ab".repeat(32),
  trackers: ["http://127.0.0.1:7072/announce"],
  peers: ["127.0.0.1:7071"],
  serverKeys: ["cd".repeat(32)],
  publishedAtS: 1_700_000_000,
};

function toCbor(value: unknown): CborValue {
  if (typeof value === "string") return value;
  if (typeof value === "number") return BigInt(value);
  if (Array.isArray(value)) return value.map(toCbor);
  return new Map(Object.entries(value ?? {}).map(([field, item]) => [field, toCbor(item)]));
}
const recordMessage = Buffer.concat([
  Buffer.from("ace-live-record-v1"),
  encodeCbor(toCbor(record)),
]);

/** Where an origin holds two pieces: the second has a packet before it that the source put in. */
function runOf() {
  const path = "tief/Stück 7.ts?v=1";
  const parts = [
    { offset: 0, length: 65_424, tablesHex: "" },
    { offset: 65_424, length: 1_880, tablesHex: Buffer.alloc(188, 0x47).toString("hex") },
  ];
  const name = Buffer.from(path);
  const head = Buffer.alloc(11);
  head.writeUInt8(1, 0);
  head.writeUInt32BE(first.epoch, 1);
  head.writeUInt32BE(7, 5);
  head.writeUInt16BE(name.length, 9);
  const places = parts.map(({ offset, length, tablesHex }) => {
    const bytes = Buffer.alloc(7);
    bytes.writeUInt32BE(offset, 0);
    bytes.writeUInt16BE(length, 4);
    bytes.writeUInt8(tablesHex.length / 376, 6);
    return Buffer.concat([bytes, Buffer.from(tablesHex, "hex")]);
  });
  const body = Buffer.concat([head, name, ...places]);
  const tag = Buffer.from("ace-live-origin-v1");
  const signature = signed(Buffer.concat([tag, Buffer.from(streamId, "hex"), body]));
  return { epoch: first.epoch, firstSeq: 7, path, parts, body: body.toString("hex"), signature };
}

const one = batchOf([first]);
const run = runOf();
const vectors = {
  about: "Live streams. Bytes are hexadecimal; docs/spec/live.md says what they mean.",
  seed,
  descriptor: { broadcaster: broadcaster.toString("hex"), name, streamId, contentId },
  batches: [one, batchOf([first, second])],
  messages: {
    heads: `01${one.body}${one.signature}`,
    run: `04${run.body}${run.signature}`,
    older: { seq: 4_000_000_000, count: 64, bytes: "03ee6b28000040" },
  },
  run,
  record: { record, message: recordMessage.toString("hex"), signature: signed(recordMessage) },
};
writeFileSync(
  new URL("p2p/live.json", import.meta.url),
  `${JSON.stringify(vectors, undefined, 2)}\n`,
);
