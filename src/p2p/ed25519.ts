/**
 * Ed25519: the keys that devices and streaming nodes prove in the gate.
 *
 * Range   Keys and seeds are 32 bytes, signatures 64.
 * Source  RFC 8032; keys travel as RFC 8037 (JWK) through `node:crypto`.
 */
import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from "node:crypto";

export const KEY_BYTES = 32;
export const SIGNATURE_BYTES = 64;

/** What the gate needs of a private key; where it lives is its owner's business. */
export interface DeviceKey {
  readonly publicKey: Uint8Array;
  sign(message: Uint8Array): Uint8Array;
}

/** PKCS #8 of an Ed25519 key is this prefix and the seed (RFC 8410, section 7). */
const PKCS8_PREFIX = Buffer.from("302e020100300506032b657004220420", "hex");

export function deviceKeyFromSeed(seed: Uint8Array): DeviceKey {
  const der = Buffer.concat([PKCS8_PREFIX, seed]);
  const privateKey = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  return {
    publicKey: rawPublicKey(createPublicKey(privateKey)),
    sign: (message) => Uint8Array.from(sign(null, message, privateKey)),
  };
}

/** False also for a key that is no point of the curve: keys here come from strangers. */
export function isSignedBy(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (publicKey.length !== KEY_BYTES || signature.length !== SIGNATURE_BYTES) return false;
  const x = Buffer.from(publicKey).toString("base64url");
  try {
    const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
    return verify(null, message, key, signature);
  } catch {
    return false;
  }
}

function rawPublicKey(key: KeyObject): Uint8Array {
  return Uint8Array.from(Buffer.from(key.export({ format: "jwk" }).x ?? "", "base64url"));
}
