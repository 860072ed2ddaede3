/**
 * Proofs as bytes: that a key has a value in the state or is absent from it, and that a receipt is
 * among those of its ledger. Nothing here needs Node: verifiers in browsers share it.
 *
 *   state    depth (1) ‖ n (2, big-endian) ‖ n entries of path ‖ sha256(value) ‖ depth siblings, root
 *            first: the one bucket in which the key is or would be
 *   receipt  n (1) ‖ sides (4, big-endian) ‖ n siblings, leaf first; bit i of sides is set when the
 *            i-th sibling stands on the left
 *
 * Source  `docs/spec/receipts.md`.
 */
import {
  BUCKET_ENTRIES_MAX,
  comparePaths,
  DEPTH_MAX,
  ENTRY_BYTES,
  HASH_BYTES,
  isRight,
} from "./state-format.ts";

const STATE_HEAD_BYTES = 3;
const RECEIPT_HEAD_BYTES = 5;
/** A ledger has fewer than 2^32 receipts. */
const RECEIPT_SIBLINGS_MAX = 32;

/** One hash on the way to a root, and on which side of the way it stands. */
export interface Sibling {
  readonly hash: Uint8Array;
  readonly isLeft: boolean;
}

/** A state proof taken apart: the one bucket in which a key is or would be, and the way to the root. */
export interface StateProofParts {
  /** Entries in one piece, paths ascending. */
  readonly entries: Uint8Array;
  /** Root first. */
  readonly siblings: readonly Uint8Array[];
}

export function writeStateProof({ entries, siblings }: StateProofParts): Uint8Array {
  const count = entries.length / ENTRY_BYTES;
  const end = STATE_HEAD_BYTES + entries.length;
  const proof = new Uint8Array(end + siblings.length * HASH_BYTES);
  proof.set([siblings.length, count >> 8, count & 0xff]);
  proof.set(entries, STATE_HEAD_BYTES);
  for (const [depth, sibling] of siblings.entries()) proof.set(sibling, end + depth * HASH_BYTES);
  return proof;
}

/**
 * Undefined when the bytes have another length than they say, when no bucket could be so, or when it
 * is no bucket on the way to `path`.
 */
export function readStateProof(proof: Uint8Array, path: Uint8Array): StateProofParts | undefined {
  const [depth, high, low] = proof;
  if (depth === undefined || high === undefined || low === undefined) return undefined;
  const count = high * 256 + low;
  const end = STATE_HEAD_BYTES + count * ENTRY_BYTES;
  if (depth > DEPTH_MAX || proof.length !== end + depth * HASH_BYTES) return undefined;
  if (count > BUCKET_ENTRIES_MAX && depth < DEPTH_MAX) return undefined;
  const entries = proof.subarray(STATE_HEAD_BYTES, end);
  for (let at = 0; at < entries.length; at += ENTRY_BYTES) {
    if (!sharesBits(entries, at, path, depth)) return undefined;
    if (at > 0 && comparePaths(entries, at - ENTRY_BYTES, entries, at) >= 0) return undefined;
  }
  const siblings = Array.from({ length: depth }, (_, index) =>
    proof.subarray(end + index * HASH_BYTES, end + (index + 1) * HASH_BYTES),
  );
  return { entries, siblings };
}

/** The value hash that the bucket lists with `path`, or undefined when it does not list it. */
export function valueHashIn(entries: Uint8Array, path: Uint8Array): Uint8Array | undefined {
  for (let at = 0; at < entries.length; at += ENTRY_BYTES) {
    if (comparePaths(entries, at, path, 0) === 0) {
      return entries.subarray(at + HASH_BYTES, at + ENTRY_BYTES);
    }
  }
  return undefined;
}

export function writeReceiptProof(siblings: readonly Sibling[]): Uint8Array {
  const proof = new Uint8Array(RECEIPT_HEAD_BYTES + siblings.length * HASH_BYTES);
  proof[0] = siblings.length;
  const sides = siblings.reduce((sum, { isLeft }, index) => sum + Number(isLeft) * 2 ** index, 0);
  new DataView(proof.buffer).setUint32(1, sides);
  for (const [index, { hash }] of siblings.entries()) {
    proof.set(hash, RECEIPT_HEAD_BYTES + index * HASH_BYTES);
  }
  return proof;
}

/** Leaf first; undefined for bytes that `writeReceiptProof` would not have written. */
export function readReceiptProof(proof: Uint8Array): readonly Sibling[] | undefined {
  const [count] = proof;
  if (count === undefined || count > RECEIPT_SIBLINGS_MAX) return undefined;
  if (proof.length !== RECEIPT_HEAD_BYTES + count * HASH_BYTES) return undefined;
  const sides = new DataView(proof.buffer, proof.byteOffset).getUint32(1);
  if (sides >= 2 ** count) return undefined;
  return Array.from({ length: count }, (_, index) => {
    const at = RECEIPT_HEAD_BYTES + index * HASH_BYTES;
    return { hash: proof.subarray(at, at + HASH_BYTES), isLeft: ((sides >>> index) & 1) === 1 };
  });
}

function sharesBits(bytes: Uint8Array, at: number, path: Uint8Array, count: number): boolean {
  for (let depth = 0; depth < count; depth += 1) {
    if (isRight(bytes, depth, at) !== isRight(path, depth)) return false;
  }
  return true;
}
