/**
 * Content keys: made by the publisher, told apart by a check that anybody may see.
 *
 * Range   A check is SHA-256 of "ace-key-check-v1" and the key. From a random key of 16 bytes or more
 *         nothing can be found back; without it a wrong key would show as noise on a screen.
 */
import { randomBytes } from "node:crypto";
import { concatBytes } from "../lib/bytes.ts";
import { AceError } from "../lib/errors.ts";
import { sha256Hex } from "../lib/hash.ts";
import { FILE_KEY_BYTES } from "./cipher-file.ts";
import { SEGMENT_KEY_BYTES } from "./cipher-segment.ts";

const TAG = new TextEncoder().encode("ace-key-check-v1");

export type EncryptionKind = "file" | "hls";

const lengths: Readonly<Record<EncryptionKind, number>> = {
  file: FILE_KEY_BYTES,
  hls: SEGMENT_KEY_BYTES,
};

export function makeContentKey(kind: EncryptionKind): Uint8Array {
  return Uint8Array.from(randomBytes(lengths[kind]));
}

/** 64 hexadecimal characters. */
export function keyCheck(key: Uint8Array): string {
  return sha256Hex(concatBytes(TAG, key));
}

/** @throws AceError `KEY_UNAVAILABLE` when it is not the key that the content was encrypted with. */
export function requireKey(
  key: Uint8Array,
  content: { readonly kind: EncryptionKind; readonly keyCheck: string },
): Uint8Array {
  if (key.length === lengths[content.kind] && keyCheck(key) === content.keyCheck) return key;
  throw new AceError("KEY_UNAVAILABLE", "the key server gave another key than the record's");
}
