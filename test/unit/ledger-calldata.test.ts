// Goal: what a client cuts into chunks, every node joins to the same bytes, today and later.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import {
  CALLDATA_BYTES_MAX,
  CALLDATA_CHUNKS_MAX,
  CALLDATA_NAME,
  joinChunks,
  toChunks,
} from "../../src/ledger/calldata.ts";
import { toHex } from "../../src/lib/bytes.ts";

const Vectors = z.object({
  name: z.string(),
  cases: z.array(z.object({ about: z.string(), payload: z.string(), chunks: z.array(z.string()) })),
});
const file = new URL("../vectors/calldata.json", import.meta.url);
const vectors = Vectors.parse(JSON.parse(readFileSync(file, "utf8")));

describe("calldata", () => {
  it("goes under the name that the protocol fixes", () => {
    expect(CALLDATA_NAME).toBe(vectors.name);
  });

  it.each(vectors.cases)("is cut as the protocol fixes it: $about", ({ payload, chunks }) => {
    const bytes = Uint8Array.fromHex(payload);
    expect(toChunks(bytes).map(toHex)).toEqual(chunks);
    expect(toHex(joinChunks(toChunks(bytes)))).toBe(payload);
  });

  it("fills all the chunks a transaction may carry, and not one byte more", () => {
    expect(toChunks(new Uint8Array(CALLDATA_BYTES_MAX))).toHaveLength(CALLDATA_CHUNKS_MAX);
    expect(() => toChunks(new Uint8Array(CALLDATA_BYTES_MAX + 1))).toThrow(
      expect.objectContaining({ code: "CALLDATA_TOO_LONG" }),
    );
  });
});
