/**
 * The header chain: each ledger's hash, and the hash of the ledger before it inside the header.
 *
 * Source  Stellar-ledger.x: the hash covers LedgerHeader, not the LedgerHeaderHistoryEntry around it.
 *         Fees collected go to `feePool`: the pool grows by exactly what the results charged.
 */
import { toHex } from "../lib/bytes.ts";
import { sha256Hex } from "../lib/hash.ts";
import type { CloseMeta } from "./close-meta.ts";
import type { HashCheck } from "./hash-check.ts";

/** Before this protocol inflation and refunds of contract fees changed the pool in other ways. */
const FEE_POOL_PROTOCOL_MIN = 22;

export function checkHeader(meta: CloseMeta): HashCheck {
  return { name: "header", expected: toHex(meta.claimedHash), got: sha256Hex(meta.headerBytes) };
}

export function checkPrevious(meta: CloseMeta, previousHash: string): HashCheck {
  return { name: "previous", expected: previousHash, got: toHex(meta.header.previousLedgerHash) };
}

/** `previousFeePool` is that of the ledger just before; old protocols give no check. */
export function checkFeePool(meta: CloseMeta, previousFeePool: bigint): readonly HashCheck[] {
  if (meta.header.ledgerVersion < FEE_POOL_PROTOCOL_MIN) return [];
  const charged = meta.pairs.reduce((sum, pair) => sum + pair.result.feeCharged, 0n);
  const expected = String(previousFeePool + charged);
  return [{ name: "feePool", expected, got: String(meta.header.feePool) }];
}
