/**
 * Checks Ed25519 signatures of strangers, fast and by one set of rules.
 *
 * libsodium does it where it is installed, in half the time; node:crypto everywhere else. Both give the
 * same answer to the same bytes: R and the key are no points of small order and are written in their
 * one way, S is below the order of the group, and the equation holds without the cofactor. What the
 * ledger or a contract has to agree on with others is checked elsewhere, by the rules of Stellar.
 *
 * Range   Keys are 32 bytes, signatures 64; anything else is refused.
 * Source  RFC 8032, 5.1.7; libsodium 1.0.21, crypto_sign/ed25519/ref10/open.c.
 */
import { createPublicKey, verify } from "node:crypto";
import { concatBytes, toHex } from "./bytes.ts";
import { isSoundPoint } from "./ed25519-points.ts";
import { loadSodium } from "./sodium.ts";

export const KEY_BYTES = 32;
export const SIGNATURE_BYTES = 64;

export interface SignatureEngine {
  readonly name: "libsodium" | "node:crypto";
  /** Told only keys and signatures of the right length. */
  verify(key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean;
}

const SPKI_PREFIX = Uint8Array.fromHex("302a300506032b6570032100");

export const nodeEngine: SignatureEngine = {
  name: "node:crypto",
  verify: (key, message, signature) => {
    const r = signature.subarray(0, KEY_BYTES);
    if (!isSoundPoint(toHex(key)) || !isSoundPoint(toHex(r))) return false;
    const wrapped = Buffer.from(concatBytes(SPKI_PREFIX, key));
    const object = createPublicKey({ key: wrapped, format: "der", type: "spki" });
    return verify(null, message, object, signature);
  },
};

let chosen: SignatureEngine | undefined;

/** False also for a key that is no point of the curve: keys come from strangers. */
export function isSignedBy(key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (key.length !== KEY_BYTES || signature.length !== SIGNATURE_BYTES) return false;
  return signatureEngine().verify(key, message, signature);
}

/** The engine that this process uses. */
export function signatureEngine(): SignatureEngine {
  chosen ??= sodiumEngine() ?? nodeEngine;
  return chosen;
}

/** Undefined where libsodium is not installed. */
export function sodiumEngine(): SignatureEngine | undefined {
  const sodium = loadSodium();
  if (sodium === undefined) return undefined;
  return {
    name: "libsodium",
    verify: (key, message, signature) =>
      sodium.crypto_sign_verify_detached(signature, message, key),
  };
}
