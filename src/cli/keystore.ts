/**
 * The keystore port: named keys, each an Ed25519 seed that leaves it only to sign.
 *
 * Errors  `KEY_MISSING`, `KEY_EXISTS`, `KEY_FILE_MODE`, `KEY_FILE_INVALID`, `KEY_LOCKED`.
 */
import type { AceError } from "../lib/errors.ts";

/**
 * How a key is kept: behind a passphrase, in the open for throw-away use on development networks,
 * or in stellar-cli's own store, where it is read in place.
 */
type KeyKind = "encrypted" | "plaintext" | "stellar-cli";

export interface KeyEntry {
  readonly kind: KeyKind;
  readonly name: string;
  /** G… account. */
  readonly address: string;
}

/** A key that is there but cannot be read: listed, so that one broken file hides no other. */
export interface BrokenKey {
  readonly kind: "broken";
  readonly name: string;
  readonly fault: AceError;
}

export interface Keystore {
  /** Sorted by name. */
  list(): Promise<readonly (KeyEntry | BrokenKey)[]>;
  find(name: string): Promise<KeyEntry>;
  /** The 32 bytes of the seed; asks for the passphrase where there is one. */
  unlock(name: string): Promise<Uint8Array>;
  /** Keeps a seed under a new name. Never overwrites. */
  add(name: string, seed: Uint8Array, kind: "encrypted" | "plaintext"): Promise<KeyEntry>;
  /** Makes an identity of stellar-cli usable under its own name. */
  link(name: string): Promise<KeyEntry>;
  /** Takes a broken key away too. */
  remove(name: string): Promise<void>;
}
