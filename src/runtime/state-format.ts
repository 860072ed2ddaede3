/**
 * The format of the state root, as far as it needs no hash: sizes, bits and order.
 *
 *   entry   path ‖ sha256(value), where path = sha256(key)
 *   empty   32 zero bytes
 *   bucket  sha256(0x00 ‖ entries, paths ascending): 1 + 64 n bytes
 *   node    sha256(left ‖ right): always 64 bytes, so never a bucket
 *
 * A subtree is a bucket exactly when it holds at most 16 entries or lies at depth 48. So the shape
 * depends on the set of entries alone, never on history. Nothing here needs Node: verifiers in
 * browsers share it.
 *
 * Source  `docs/spec/receipts.md`.
 */

/** Both belong to the protocol: they decide the root. */
export const BUCKET_ENTRIES_MAX = 16;
export const DEPTH_MAX = 48;
export const HASH_BYTES = 32;
/** path ‖ sha256(value) */
export const ENTRY_BYTES = 64;
/** A proof counts a bucket's entries in two bytes. */
export const BUCKET_ENTRIES_LIMIT = 0xffff;

/** Bit `depth` of the path that begins at `at`, from the top. */
export function isRight(bytes: Uint8Array, depth: number, at = 0): boolean {
  return (((bytes[at + (depth >> 3)] ?? 0) >> (7 - (depth & 7))) & 1) === 1;
}

/** Negative, zero or positive as the 32 bytes at `leftAt` sort before, with or after the other. */
export function comparePaths(
  left: Uint8Array,
  leftAt: number,
  right: Uint8Array,
  rightAt: number,
): number {
  for (let index = 0; index < HASH_BYTES; index += 1) {
    const difference = (left[leftAt + index] ?? 0) - (right[rightAt + index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Whether the 32 bytes at `at` are zeros, which stand for no value and for no entries. */
export function isZeroHash(bytes: Uint8Array, at: number): boolean {
  for (let index = at; index < at + HASH_BYTES; index += 1) if (bytes[index] !== 0) return false;
  return true;
}
