/**
 * Ed25519 with node:crypto: raw keys in, key objects out.
 *
 * Units   A seed and a public key are 32 bytes.
 * Source  RFC 8032; RFC 8410 for the wrapping that node:crypto reads.
 */
import {
  createPrivateKey,
  createPublicKey,
  sign as cryptoSign,
  verify as cryptoVerify,
  type KeyObject,
} from "node:crypto";
import { concatBytes, fromHex } from "../lib/bytes.ts";

export const ED25519_KEY_BYTES = 32;

const PKCS8_PREFIX = Uint8Array.fromHex("302e020100300506032b657004220420");
const SPKI_PREFIX = Uint8Array.fromHex("302a300506032b6570032100");

/** Undefined unless `seed` is 64 hexadecimal characters. */
export function privateKeyOf(seed: string): KeyObject | undefined {
  const bytes = fromHex(seed);
  if (bytes?.length !== ED25519_KEY_BYTES) return undefined;
  const key = Buffer.from(concatBytes(PKCS8_PREFIX, bytes));
  return createPrivateKey({ key, format: "der", type: "pkcs8" });
}

/** Undefined unless `key` is 64 hexadecimal characters. */
export function publicKeyOf(key: string): KeyObject | undefined {
  const bytes = fromHex(key);
  if (bytes?.length !== ED25519_KEY_BYTES) return undefined;
  const wrapped = Buffer.from(concatBytes(SPKI_PREFIX, bytes));
  return createPublicKey({ key: wrapped, format: "der", type: "spki" });
}

/** The 32 bytes of the public key that belongs to `key`. */
export function rawPublicKey(key: KeyObject): Uint8Array {
  const wrapped = createPublicKey(key).export({ format: "der", type: "spki" });
  return Uint8Array.from(wrapped.subarray(SPKI_PREFIX.length));
}

export function signEd25519(key: KeyObject, message: Uint8Array): Uint8Array {
  return Uint8Array.from(cryptoSign(null, message, key));
}

export function isSignedEd25519(
  key: KeyObject,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  return cryptoVerify(null, message, key, signature);
}
