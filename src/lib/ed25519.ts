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

/** RFC 8032, 7.1, TEST 1: the signature of nothing. */
const KNOWN_KEY = Uint8Array.fromHex(
  "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
);
const KNOWN_SIGNATURE = Uint8Array.fromHex(
  "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
);
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

/** Undefined where libsodium is not installed, or does not know a good signature from a bad one. */
export function sodiumEngine(): SignatureEngine | undefined {
  const sodium = loadSodium();
  if (sodium === undefined) return undefined;
  const engine: SignatureEngine = {
    name: "libsodium",
    verify: (key, message, signature) =>
      sodium.crypto_sign_verify_detached(signature, message, key),
  };
  return isSane(engine) ? engine : undefined;
}

function isSane(engine: SignatureEngine): boolean {
  try {
    const [good, bad] = [new Uint8Array(), new Uint8Array(1)];
    return (
      engine.verify(KNOWN_KEY, good, KNOWN_SIGNATURE) &&
      !engine.verify(KNOWN_KEY, bad, KNOWN_SIGNATURE)
    );
  } catch {
    return false;
  }
}
