// Goal: the generated skip reader is what the pinned SDK's schemas say.
// Method: it is made anew and compared; it walks over every ledger held here to its last byte.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { skipReaderSource } from "../../generate/skip-reader.ts";
import { skipLedgerCloseMeta } from "../../src/ledger/skip-reader.gen.ts";
import { viewOf } from "../../src/ledger/spans.ts";
import {
  DOCTORED_STREAM,
  EMPTY_VALUE_STREAM,
  ledgersOf,
  miniLake,
  PUBNET_OBJECT,
} from "../fixtures/stellar-data.ts";

describe("the skip reader", () => {
  it("is what `npm run generate` makes of the SDK in use", () => {
    expect(readFileSync("src/ledger/skip-reader.gen.ts", "utf8")).toBe(skipReaderSource());
  });

  it.each([
    ["pubnet, protocol 21", ledgersOf(PUBNET_OBJECT)],
    ["testnet, protocol 20", miniLake()],
    ["a load test, protocol 23", ledgersOf(DOCTORED_STREAM)],
    ["the empty value, protocol 28", ledgersOf(EMPTY_VALUE_STREAM)],
  ])("walks over ledgers of %s to their last byte", (_what, ledgers) => {
    for (const raw of ledgers) expect(skipLedgerCloseMeta(viewOf(raw), 0)).toBe(raw.length);
  });

  it("says where it stopped, and why", () => {
    const [raw = new Uint8Array()] = ledgersOf(PUBNET_OBJECT);
    const broken = Uint8Array.from(raw);
    // The reserved union after version 1 and extension 0.
    broken[7] = 9;
    expect(() => skipLedgerCloseMeta(viewOf(broken), 0)).toThrow(
      new RangeError("XDR at byte 4: LedgerCloseMetaExt knows no 9"),
    );
  });
});
