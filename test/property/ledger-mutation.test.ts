// Goal: no altered ledger is believed, and none makes the reader fail in any other way.
// Method: flip bits of real and made ledgers wherever a hash covers them; cut and pad them anywhere.
import fc from "fast-check";
import { expect, it } from "vitest";
import { joinChunks, toChunks } from "../../src/ledger/calldata.ts";
import { readCloseMeta } from "../../src/ledger/close-meta.ts";
import { readLedgerObject } from "../../src/ledger/ledger-object.ts";
import { verifyLedger } from "../../src/ledger/verify-ledger.ts";
import { isAceError } from "../../src/lib/errors.ts";
import { miniLake, TESTNET } from "../fixtures/stellar-data.ts";

const [, raw = new Uint8Array(), next = new Uint8Array()] = miniLake().map((bytes) =>
  Uint8Array.from(bytes),
);
const meta = readCloseMeta(raw);
const setBytes = meta.set?.bytes ?? new Uint8Array();
const { hash } = verifyLedger(raw, { passphrase: TESTNET });
const refusals = ["LEDGER_HASH_MISMATCH", "LEDGER_MALFORMED", "LEDGER_PROTOCOL_UNKNOWN"];

function outcome(action: () => unknown): string {
  try {
    action();
    return "believed";
  } catch (error) {
    if (isAceError(error)) return error.code;
    throw error;
  }
}

function flipped(bytes: Uint8Array, offset: number, bit: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[offset] = (copy[offset] ?? 0) ^ (1 << bit);
  return copy;
}

/** The claimed hash, the header, four reserved bytes, the set: everything up to the first result. */
const headerStart = meta.header.bytes.byteOffset - raw.byteOffset;
const covered = {
  min: headerStart - 32,
  max: setBytes.byteOffset - raw.byteOffset + setBytes.length - 1,
};
const bit = fc.nat({ max: 7 });

it("refuses a ledger with any bit of hash, header or transaction set flipped", () => {
  fc.assert(
    fc.property(fc.integer(covered), bit, (offset, at) => {
      const mutated = flipped(raw, offset, at);
      const code = outcome(() => verifyLedger(mutated, { passphrase: TESTNET }));
      expect(refusals).toContain(code);
    }),
    { numRuns: 200, seed: 998 },
  );
});

it("refuses a ledger with any bit of a result flipped", () => {
  const pairs = meta.results();
  const results = Array.from({ length: pairs.length }, (_, index) => {
    const hash = pairs.at(index).subarray(0, 32);
    const start = Buffer.from(raw).lastIndexOf(hash);
    // The transaction's hash, the fee charged, the code and the count of results.
    return { start, length: 32 + 8 + 4 + 4 };
  });
  fc.assert(
    fc.property(fc.constantFrom(...results), fc.nat(), bit, ({ start, length }, at, shift) => {
      const mutated = flipped(raw, start + (at % length), shift);
      const code = outcome(() => verifyLedger(mutated, { passphrase: TESTNET }));
      expect(refusals).toContain(code);
    }),
    { numRuns: 200, seed: 998 },
  );
});

it("believes no other ledger as the next one, however its bits are changed", () => {
  fc.assert(
    fc.property(fc.nat({ max: next.length - 1 }), bit, (offset, at) => {
      const expected = { passphrase: TESTNET, previousHash: hash, sequence: 999 };
      try {
        // What is believed after all differs only in metadata, which nobody reads.
        const ledger = verifyLedger(flipped(next, offset, at), expected);
        expect(ledger).toEqual(verifyLedger(next, expected));
      } catch (error) {
        if (!isAceError(error)) throw error;
        expect(refusals).toContain(error.code);
      }
    }),
    { numRuns: 200, seed: 999 },
  );
});

it("calls a ledger that is cut or padded malformed, whatever the length", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: raw.length + 64 }), (length) => {
      fc.pre(length !== raw.length);
      const mutated = new Uint8Array(length);
      mutated.set(raw.subarray(0, length));
      const code = outcome(() => verifyLedger(mutated, { passphrase: TESTNET }));
      expect(code).toBe("LEDGER_MALFORMED");
    }),
    { numRuns: 200 },
  );
});

it("ends with an error of ours on any bytes taken for a file of ledgers", () => {
  const start = fc.constantFrom([], [0x28, 0xb5, 0x2f, 0xfd], [0x80, 0, 0, 8], [0, 0, 0, 9]);
  fc.assert(
    fc.property(start, fc.uint8Array({ maxLength: 200 }), (prefix, rest) => {
      const bytes = Uint8Array.from([...prefix, ...rest]);
      const code = outcome(() => {
        for (const found of readLedgerObject(bytes)) readCloseMeta(found);
      });
      expect(refusals).toContain(code);
    }),
    { numRuns: 500 },
  );
});

it("joins every payload from its chunks again, and fills all chunks but the last", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 6_272 }), (payload) => {
      const chunks = toChunks(payload);
      expect(joinChunks(chunks)).toEqual(payload);
      for (const chunk of chunks.slice(0, -1)) expect(chunk).toHaveLength(64);
    }),
  );
});
