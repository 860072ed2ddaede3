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
import { toHex } from "../lib/bytes.ts";
import { invariant } from "../lib/invariant.ts";
import { MessageHashes } from "./hash-messages.ts";
import { type Sibling, writeReceiptProof } from "./proof-format.ts";

const HASH_BYTES = 32;
const LEAF = 0;
const NODE = 1;
const LEAF_BYTES = 1 + HASH_BYTES;
const PAIR_BYTES = 2 * HASH_BYTES;
const NODE_BYTES = 1 + PAIR_BYTES;
const HASH_WORDS = HASH_BYTES / 4;

export function receiptsRoot(receiptHashes: readonly Uint8Array[]): string {
  if (receiptHashes.length === 0) return toHex(new Uint8Array(HASH_BYTES));
  let row = leaves(receiptHashes);
  while (row.length > HASH_BYTES) row = rowAbove(row);
  return toHex(row);
}

/** Proves to whoever knows the root that the receipt at `place` is among these. */
export function proveReceipt(receiptHashes: readonly Uint8Array[], place: number): Uint8Array {
  invariant(place in receiptHashes, "only a receipt that is there is proven");
  const siblings: Sibling[] = [];
  let row = leaves(receiptHashes);
  for (let at = place; row.length > HASH_BYTES; at >>= 1) {
    const isLeft = at % 2 === 1;
    const hash = hashAt(row, isLeft ? at - 1 : at + 1);
    if (hash.length > 0) siblings.push({ hash, isLeft });
    row = rowAbove(row);
  }
  return writeReceiptProof(siblings);
}

/** Hashes one after the other; those of a row are made together. */
type Row = Uint8Array<ArrayBuffer>;

/** Empty beyond the last. */
function hashAt(row: Row, place: number): Uint8Array {
  return row.subarray(place * HASH_BYTES, (place + 1) * HASH_BYTES);
}

function leaves(receiptHashes: readonly Uint8Array[]): Row {
  const row = new Uint8Array(receiptHashes.length * HASH_BYTES);
  const hashes = new MessageHashes(row);
  const messages = new Uint8Array(receiptHashes.length * LEAF_BYTES);
  for (const [place, receiptHash] of receiptHashes.entries()) {
    invariant(receiptHash.length === HASH_BYTES, "a receipt's hash has 32 bytes");
    const message = messages.subarray(place * LEAF_BYTES, (place + 1) * LEAF_BYTES);
    message[0] = LEAF;
    message.set(receiptHash, 1);
    hashes.add(message, place * HASH_WORDS);
  }
  hashes.finish();
  return row;
}

function rowAbove(row: Row): Row {
  const pairs = Math.floor(row.length / PAIR_BYTES);
  const last = row.subarray(pairs * PAIR_BYTES);
  const above = new Uint8Array(pairs * HASH_BYTES + last.length);
  const hashes = new MessageHashes(above);
  const messages = new Uint8Array(pairs * NODE_BYTES);
  for (let pair = 0; pair < pairs; pair += 1) {
    const message = messages.subarray(pair * NODE_BYTES, (pair + 1) * NODE_BYTES);
    message[0] = NODE;
    message.set(row.subarray(pair * PAIR_BYTES, (pair + 1) * PAIR_BYTES), 1);
    hashes.add(message, pair * HASH_WORDS);
  }
  hashes.finish();
  above.set(last, pairs * HASH_BYTES);
  return above;
}
