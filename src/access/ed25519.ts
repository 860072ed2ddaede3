/**
 * Ed25519 keys of our own, with node:crypto: seeds in, key objects out.
 *
 * Units   A seed and a public key are 32 bytes.
 * Source  RFC 8032; RFC 8410 for the wrapping that node:crypto reads.
 */
import { createPrivateKey, createPublicKey, sign as cryptoSign, type KeyObject } from "node:crypto";
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

/** The 32 bytes of the public key that belongs to `key`. */
export function rawPublicKey(key: KeyObject): Uint8Array {
  const wrapped = createPublicKey(key).export({ format: "der", type: "spki" });
  return Uint8Array.from(wrapped.subarray(SPKI_PREFIX.length));
}

export function signEd25519(key: KeyObject, message: Uint8Array): Uint8Array {
  return Uint8Array.from(cryptoSign(null, message, key));
}
