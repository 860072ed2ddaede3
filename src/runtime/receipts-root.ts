/**
 * The Merkle root over the receipts of one ledger, in their order.
 *
 * A leaf is `sha256(0x00 ‖ receiptHash)`, a node `sha256(0x01 ‖ left ‖ right)`; the last of an odd
 * number goes up unchanged. No receipts at all have the root of 32 zero bytes.
 *
 * Units   A receipt's hash is the 32 bytes of `sha256(encodeReceipt(receipt))`; the root is
 *         hexadecimal text.
 * Source  `docs/spec/receipts.md`.
 */
import { concatBytes, toHex } from "../lib/bytes.ts";
import { sha256 } from "../lib/hash.ts";
import { invariant } from "../lib/invariant.ts";
import { type Sibling, writeReceiptProof } from "./proof-format.ts";

const HASH_BYTES = 32;
const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

export function receiptsRoot(receiptHashes: readonly Uint8Array[]): string {
  let row = receiptHashes.map(leaf);
  while (row.length > 1) row = rowAbove(row);
  return toHex(row[0] ?? new Uint8Array(HASH_BYTES));
}

/** Proves to whoever knows the root that the receipt at `place` is among these. */
export function proveReceipt(receiptHashes: readonly Uint8Array[], place: number): Uint8Array {
  invariant(place in receiptHashes, "only a receipt that is there is proven");
  const siblings: Sibling[] = [];
  let row = receiptHashes.map(leaf);
  for (let at = place; row.length > 1; at >>= 1) {
    const isLeft = at % 2 === 1;
    const hash = row[isLeft ? at - 1 : at + 1];
    if (hash !== undefined) siblings.push({ hash, isLeft });
    row = rowAbove(row);
  }
  return writeReceiptProof(siblings);
}

function leaf(receiptHash: Uint8Array): Uint8Array {
  invariant(receiptHash.length === HASH_BYTES, "a receipt's hash has 32 bytes");
  return sha256(concatBytes(LEAF, receiptHash));
}

function rowAbove(row: readonly Uint8Array[]): Uint8Array[] {
  const above: Uint8Array[] = [];
  for (let index = 0; index < row.length; index += 2) {
    const [left, right] = row.slice(index, index + 2);
    invariant(left !== undefined, "a pair has a left side");
    above.push(right === undefined ? left : sha256(concatBytes(NODE, left, right)));
  }
  return above;
}
