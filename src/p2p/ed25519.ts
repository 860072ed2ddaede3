/**
 * Ed25519: the keys that devices and streaming nodes prove in the gate.
 *
 * Range   Keys and seeds are 32 bytes, signatures 64.
 * Source  RFC 8032; keys travel as RFC 8037 (JWK) through `node:crypto`.
 */
import { createPrivateKey, createPublicKey, type KeyObject, sign } from "node:crypto";

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

function rawPublicKey(key: KeyObject): Uint8Array {
  return Uint8Array.from(Buffer.from(key.export({ format: "jwk" }).x ?? "", "base64url"));
}
