/**
 * Keys from a seed phrase.
 *
 * Source  SEP-5: BIP-39 seed (PBKDF2-HMAC-SHA512, 2,048 rounds) and SLIP-10 path m/44'/148'/index'.
 */
import { createHmac, pbkdf2Sync } from "node:crypto";
import { uint32Bytes } from "../lib/bytes.ts";

const ROUNDS = 2_048;
const SEED_BYTES = 64;
const PURPOSE = 44;
const STELLAR_COIN = 148;
const HARDENED = 2 ** 31;
const KEY_BYTES = 32;

/** The 32-byte seed of account `index` under `phrase`. */
export function seedFromPhrase(phrase: string, index: number): Uint8Array {
  const words = phrase.normalize("NFKD").trim().split(/\s+/).join(" ");
  const root = hmac("ed25519 seed", pbkdf2Sync(words, "mnemonic", ROUNDS, SEED_BYTES, "sha512"));
  const leaf = [PURPOSE, STELLAR_COIN, index].reduce(childOf, root);
  return Uint8Array.from(leaf.subarray(0, KEY_BYTES));
}

/** A hardened child: key in the first half, chain code in the second. */
function childOf(parent: Buffer, index: number): Buffer {
  const key = parent.subarray(0, KEY_BYTES);
  const chainCode = parent.subarray(KEY_BYTES);
  const data = Buffer.concat([new Uint8Array(1), key, uint32Bytes(HARDENED + index)]);
  return hmac(chainCode, data);
}

function hmac(key: string | Uint8Array, data: Uint8Array): Buffer {
  return createHmac("sha512", key).update(data).digest();
}
