/**
 * Result sets: the header's hash over every transaction's result, in the order they were applied.
 *
 * Source  Stellar-ledger.x: TransactionResultSet is a count and the pairs of hash and result.
 */
import { xdr } from "@stellar/stellar-sdk/base";
import { toHex } from "../lib/bytes.ts";
import { sha256Hex } from "../lib/hash.ts";
import type { CloseMeta } from "./close-meta.ts";
import type { HashCheck } from "./hash-check.ts";

const NO_HASH = "00".repeat(32);

export function checkResults(meta: CloseMeta): HashCheck {
  const expected = toHex(meta.header.txSetResultHash);
  // The first ledger of a network names no results at all.
  const isGenesis = meta.header.ledgerSeq === 1 && meta.pairs.length === 0;
  if (isGenesis && expected === NO_HASH) return { name: "results", expected, got: NO_HASH };
  const encoded = xdr.TransactionResultSet.schema.encode({ results: [...meta.pairs] });
  return {
    name: "results",
    expected,
    got: sha256Hex(encoded),
  };
}
