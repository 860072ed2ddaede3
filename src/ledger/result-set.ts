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

export function checkResults(meta: CloseMeta): HashCheck {
  const encoded = xdr.TransactionResultSet.schema.encode({ results: [...meta.pairs] });
  return {
    name: "results",
    expected: toHex(meta.header.txSetResultHash),
    got: sha256Hex(encoded),
  };
}
