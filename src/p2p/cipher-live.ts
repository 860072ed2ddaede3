/**
 * Pieces of a live stream under the key of their epoch: AES-128 in counter mode.
 *
 * The counter block is the piece's number and a count of blocks, both 8 bytes and big-endian: a piece
 * stays as long as it was, so a whole number of packets stays one.
 *
 * Range   A key is `LIVE_KEY_BYTES`. A number is used once with a key: a source that begins anew
 *         begins a new epoch, with a new key.
 * Source  docs/spec/encryption.md; NIST SP 800-38A, 6.5.
 */
import { createCipheriv } from "node:crypto";
import { concatBytes, uint64Bytes } from "../lib/bytes.ts";
import { invariant } from "../lib/invariant.ts";

export const LIVE_KEY_BYTES = 16;

const COUNT_BYTES = 8;

/** Ciphertext of a plain piece, and the plain piece of its ciphertext. */
export function applyPieceKey(key: Uint8Array, seq: number, bytes: Uint8Array): Uint8Array {
  invariant(key.length === LIVE_KEY_BYTES, "a live piece is encrypted with a key of 16 bytes");
  invariant(Number.isSafeInteger(seq) && seq >= 0, "live pieces are numbered from 0");
  const counter = concatBytes(uint64Bytes(BigInt(seq)), new Uint8Array(COUNT_BYTES));
  return createCipheriv("aes-128-ctr", key, counter).update(bytes);
}
