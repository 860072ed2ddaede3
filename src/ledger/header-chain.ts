/**
 * The header chain: each ledger's hash, and the hash of the ledger before it inside the header.
 *
 * Source  Stellar-ledger.x: the hash covers LedgerHeader, not the LedgerHeaderHistoryEntry around it.
 *         Fees collected go to `feePool`: the pool grows by exactly what the results charged.
 */
import { toHex } from "../lib/bytes.ts";
import { sha256Hex } from "../lib/hash.ts";
import type { LedgerParts } from "./close-meta.ts";
import type { HashCheck } from "./hash-check.ts";

/** Before this protocol inflation and refunds of contract fees changed the pool in other ways. */
const FEE_POOL_PROTOCOL_MIN = 22;
/** A result pair begins with the transaction's hash; the fee charged follows. */
const FEE_OFFSET = 32;

export function checkHeader({ header, claimedHash }: HeaderParts): HashCheck {
  return { name: "header", expected: toHex(claimedHash), got: sha256Hex(header.bytes) };
}

export function checkPrevious({ header }: HeaderParts, previousHash: string): HashCheck {
  return { name: "previous", expected: previousHash, got: toHex(header.previousHash) };
}

type HeaderParts = Pick<LedgerParts, "header" | "claimedHash">;

/** `previousFeePool` is that of the ledger just before; old protocols give no check. */
export function checkFeePool(parts: LedgerParts, previousFeePool: bigint): readonly HashCheck[] {
  if (parts.header.protocolVersion < FEE_POOL_PROTOCOL_MIN) return [];
  return [compareFeePool(parts, previousFeePool)];
}

/** Of any protocol: before that of `checkFeePool` a difference is no fault, but rare. */
export function compareFeePool(parts: LedgerParts, previousFeePool: bigint): HashCheck {
  const pairs = parts.results();
  let expected = previousFeePool;
  for (let index = 0; index < pairs.length; index += 1) {
    expected += pairs.view.getBigInt64(pairs.start(index) + FEE_OFFSET);
  }
  return { name: "feePool", expected: String(expected), got: String(parts.header.feePool) };
}
