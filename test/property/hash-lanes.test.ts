// Goal: what is hashed four at a time has the hashes of SHA-256, in any number, of any length.
// Method: held against the engine's own.
import { hash } from "node:crypto";
import fc from "fast-check";
import { expect, it } from "vitest";
import { hashLanes, LANE_BLOCKS_MAX } from "../../src/runtime/hash-lanes.ts";
import { MessageHashes } from "../../src/runtime/hash-messages.ts";

const hexOf = (bytes: Uint8Array): string => hash("sha256", bytes, "hex");

it("hashes pairs", () => {
  const pair = fc.uint8Array({ minLength: 64, maxLength: 64 });
  fc.assert(
    fc.property(fc.array(pair, { minLength: 1, maxLength: 30 }), (pairs) => {
      const { bytes, hashes, hashPairs } = hashLanes();
      for (const [index, one] of pairs.entries()) bytes.set(one, index * 64);
      hashPairs(pairs.length);
      const found = Buffer.from(hashes.buffer, hashes.byteOffset, pairs.length * 32);
      expect(found.toString("hex")).toBe(pairs.map(hexOf).join(""));
    }),
  );
});

it("hashes messages of every length about the ends of blocks", () => {
  const messages = Array.from({ length: 200 }, (_, length) =>
    Buffer.from(Array.from({ length }, (_byte, index) => (index * 31 + length) & 0xff)),
  );
  const target = new Uint8Array(messages.length * 32);
  const many = new MessageHashes(target);
  for (const [index, message] of messages.entries()) many.add(message, index * 8);
  many.finish();
  expect(Buffer.from(target).toString("hex")).toBe(messages.map(hexOf).join(""));
});

it("hashes more messages than fit at once, each to its place", () => {
  const count = 2 * LANE_BLOCKS_MAX + 3;
  const messages = Array.from({ length: count }, (_, index) =>
    Buffer.from(`${index} `.repeat(1 + (index % 20))),
  );
  const target = new Uint8Array(count * 32);
  const many = new MessageHashes(target);
  for (const [index, message] of messages.entries()) many.add(message, index * 8);
  many.finish();
  expect(Buffer.from(target).toString("hex")).toBe(messages.map(hexOf).join(""));
});
