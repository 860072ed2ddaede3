/**
 * Result sets: the header's hash over every transaction's result, in the order they were applied.
 *
 * Source  Stellar-ledger.x: TransactionResultSet is a count and the pairs of hash and result.
 */
import { toHex } from "../lib/bytes.ts";
import { sha256Hex } from "../lib/hash.ts";
import type { LedgerParts } from "./close-meta.ts";
import type { HashCheck } from "./hash-check.ts";
import { namesNothing } from "./tx-set-hash.ts";

export function checkResults(parts: LedgerParts): HashCheck {
  const expected = toHex(parts.header.resultHash);
  const results = parts.results();
  // The first ledger of a network names no results at all.
  const isNone = results.length === 0 && namesNothing(parts.header, expected);
  return { name: "results", expected, got: isNone ? expected : sha256Hex(results.bytes) };
}
