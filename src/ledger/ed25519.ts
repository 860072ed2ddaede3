/**
 * Ed25519 signatures of validators, with node:crypto.
 *
 * Units   A key is 32 bytes, a signature 64.
 * Source  RFC 8032; RFC 8410 for the wrapping that node:crypto reads.
 */
import { createPublicKey, type KeyObject, verify } from "node:crypto";
import { concatBytes, toHex } from "../lib/bytes.ts";

const KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;
const SPKI_PREFIX = Uint8Array.fromHex("302a300506032b6570032100");
/** Validators are few and sign again and again; making a key object costs half of a check. */
const KEYS_MAX = 1000;
const keys = new Map<string, KeyObject>();

export interface SignedMessage {
  readonly key: Uint8Array;
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
}

export function isSignedBy({ key, message, signature }: SignedMessage): boolean {
  if (key.length !== KEY_BYTES || signature.length !== SIGNATURE_BYTES) return false;
  return verify(null, message, keyObject(key), signature);
}

function keyObject(key: Uint8Array): KeyObject {
  const name = toHex(key);
  const known = keys.get(name);
  if (known !== undefined) return known;
  const wrapped = Buffer.from(concatBytes(SPKI_PREFIX, key));
  const made = createPublicKey({ key: wrapped, format: "der", type: "spki" });
  if (keys.size >= KEYS_MAX) keys.clear();
  keys.set(name, made);
  return made;
}
