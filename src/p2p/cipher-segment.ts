/**
 * Segments under one key: AES-128 in CBC mode, whole segments, as HLS players decrypt by themselves.
 *
 * Range   A key is `SEGMENT_KEY_BYTES`; the initialisation vector is the segment's number in 128 bits,
 *         so a number is used once with a key. Ciphertext is padded to the next 16 bytes.
 * Errors  `CONTENT_INVALID` for a segment that this key does not open.
 * Source  RFC 8216, 4.3.2.4 (METHOD=AES-128) and 5.2; docs/spec/encryption.md.
 */
import { createCipheriv, createDecipheriv } from "node:crypto";
import { concatBytes, uint64Bytes } from "../lib/bytes.ts";
import { AceError } from "../lib/errors.ts";
import { invariant } from "../lib/invariant.ts";

export const SEGMENT_KEY_BYTES = 16;

/** Ciphertext of one segment, piece by piece; the end carries what is padded. */
export interface SegmentCipher {
  update(bytes: Uint8Array): Uint8Array;
  end(): Uint8Array;
}

export function segmentCipher(key: Uint8Array, number: number): SegmentCipher {
  invariant(key.length === SEGMENT_KEY_BYTES, "a segment is encrypted with a key of 16 bytes");
  const cipher = createCipheriv("aes-128-cbc", key, vectorOf(number));
  return { update: (bytes) => cipher.update(bytes), end: () => cipher.final() };
}

export function encryptSegment(key: Uint8Array, number: number, plain: Uint8Array): Uint8Array {
  const cipher = segmentCipher(key, number);
  return concatBytes(cipher.update(plain), cipher.end());
}

export function decryptSegment(key: Uint8Array, number: number, bytes: Uint8Array): Uint8Array {
  invariant(key.length === SEGMENT_KEY_BYTES, "a segment is decrypted with a key of 16 bytes");
  const decipher = createDecipheriv("aes-128-cbc", key, vectorOf(number));
  try {
    return concatBytes(decipher.update(bytes), decipher.final());
  } catch (cause) {
    throw new AceError("CONTENT_INVALID", `segment ${number} is not under this key`, { cause });
  }
}

function vectorOf(number: number): Uint8Array {
  invariant(Number.isSafeInteger(number) && number >= 0, "segments are numbered from 0");
  return concatBytes(new Uint8Array(8), uint64Bytes(BigInt(number)));
}
