// Goal: content records as data: the bytes that a publisher signs, of plain and of encrypted content.
// Method: the record of before is kept as it is; those that are encrypted are made of it. Canonical CBOR
//         and the signature are made here, sharing no code with src.
// Use:    `node test/vectors/make-content-records.ts` writes the encrypted ones of p2p/content-record.json anew.
import { createPrivateKey, sign } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";

const target = new URL("p2p/content-record.json", import.meta.url);
const { encrypted: _former, ...vectors } = JSON.parse(readFileSync(target, "utf8"));
const plain: Record<string, unknown> = vectors.signed.record;

const der = Buffer.from(`302e020100300506032b657004220420${vectors.seed}`, "hex");
const key = createPrivateKey({ key: der, format: "der", type: "pkcs8" });

function head(major: number, value: number): Buffer {
  if (value < 24) return Buffer.from([(major << 5) | value]);
  const width = value < 256 ? 1 : value < 65_536 ? 2 : 4;
  const bytes = Buffer.alloc(1 + width);
  bytes[0] = (major << 5) | (23 + Math.log2(width) + 1);
  bytes.writeUIntBE(value, 1, width);
  return bytes;
}

function cbor(value: unknown): Buffer {
  if (typeof value === "number") return head(0, value);
  if (typeof value === "string") {
    const text = Buffer.from(value);
    return Buffer.concat([head(3, text.length), text]);
  }
  if (Array.isArray(value)) return Buffer.concat([head(4, value.length), ...value.map(cbor)]);
  // RFC 8949, 4.2.1: entries in the order of their encoded keys.
  const entries = Object.entries(value ?? {})
    .map(([name, item]) => ({ name: cbor(name), item: cbor(item) }))
    .sort((left, right) => Buffer.compare(left.name, right.name));
  const parts = entries.flatMap(({ name, item }) => [name, item]);
  return Buffer.concat([head(5, entries.length), ...parts]);
}

function signed(change: object) {
  const record = { ...plain, ...change };
  const message = Buffer.concat([Buffer.from("ace-content-v1"), cbor(record)]);
  const signature = sign(null, message, key).toString("hex");
  return { message: message.toString("hex"), signed: { record, signature } };
}

// What is signed for the record of before is not touched by what came later.
const former = signed({});
if (former.message !== vectors.message || former.signed.signature !== vectors.signed.signature) {
  throw new Error("the record of before would be signed otherwise");
}

const keyCheck = "55".repeat(32);
const encrypted = [
  signed({ encryption: { kind: "file", nonce: "0102030405060708", keyCheck } }),
  signed({ encryption: { kind: "hls", playlist: "index.m3u8", keyCheck }, seed: "open" }),
  signed({ encryption: { kind: "hls", playlist: "index.m3u8", keyCheck }, seed: "licensed" }),
];
writeFileSync(target, `${JSON.stringify({ ...vectors, encrypted }, undefined, 2)}\n`);
