// Goal: of every value one encoding is read, and each other form of it is refused.
// Method: vectors after the RFC's own, as data for any implementation.
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { z } from "zod";
import { toHex } from "../../src/lib/bytes.ts";
import { decodeCbor, encodeCbor } from "../../src/lib/cbor.ts";

const items = z.array(z.object({ what: z.string(), hex: z.string() }));
const vectors = z
  .object({ canonical: items, refused: items })
  .parse(JSON.parse(readFileSync("test/vectors/cbor.json", "utf8")));

it.each(vectors.canonical)("reads $what and writes it so", ({ hex }) => {
  expect(toHex(encodeCbor(decodeCbor(Uint8Array.fromHex(hex))))).toBe(hex);
});

it.each(vectors.refused)("refuses $what", ({ hex }) => {
  expect(() => decodeCbor(Uint8Array.fromHex(hex))).toThrow(
    expect.objectContaining({ code: "CBOR_INVALID" }),
  );
});
