/**
 * What each contract holds of state, in bytes: counted with every write, kept in one entry a contract.
 *
 * Storage costs no rent, so it is bounded instead: a contract may hold what its code declared when it
 * was deployed, and no write may take it beyond that. Writes that free bytes always pass.
 *
 * Units   Bytes of keys and values, as state holds them; an absent value holds none, nor does its key.
 * Source  `docs/spec/storage.md`.
 */
import { invariant } from "../lib/invariant.ts";
import { integerItem, readInteger } from "./realm/cbor.ts";
import { charCodeAt } from "./realm/primordials.ts";
import { heldKey, NUMBER_BYTES } from "./system-keys.ts";

/** Of one contract, in the ledger that is being applied. */
export interface Holding {
  /** The contract's part of a key. */
  readonly prefix: string;
  readonly key: string;
  /** Before the ledger. */
  readonly before: number;
  bytes: number;
}

export class Holdings {
  readonly #read: (key: string) => string;
  /** By the contract's part of a key; only those that the ledger writes. */
  readonly #known = new Map<string, Holding>();
  /** The one that was asked for last: most writes that follow each other are of one contract. */
  #last: Holding | undefined;

  constructor(read: (key: string) => string) {
    this.#read = read;
  }

  /** Of the contract whose key this is. */
  of(key: string): Holding {
    if (this.#last !== undefined && isOwner(this.#last.prefix, key)) return this.#last;
    const prefix = key.slice(0, NUMBER_BYTES);
    this.#last = this.#known.get(prefix) ?? this.#learn(prefix);
    return this.#last;
  }

  /** Entries that the ledger changed, and what they hold now; empty when nothing is left. */
  *changed(): Generator<readonly [key: string, value: string]> {
    for (const { key, before, bytes } of this.#known.values()) {
      if (bytes !== before) yield [key, bytes === 0 ? "" : integerItem(BigInt(bytes))];
    }
  }

  clear(): void {
    this.#known.clear();
    this.#last = undefined;
  }

  #learn(prefix: string): Holding {
    const key = heldKey(prefix);
    const before = readHeld(this.#read(key));
    const holding = { prefix, key, before, bytes: before };
    this.#known.set(prefix, holding);
    return holding;
  }
}

function isOwner(prefix: string, key: string): boolean {
  for (let index = NUMBER_BYTES - 1; index >= 0; index -= 1) {
    if (charCodeAt(prefix, index) !== charCodeAt(key, index)) return false;
  }
  return true;
}

/** What an entry of state counts; empty is an absent value. */
export function entryBytes(key: string, value: string): number {
  return value === "" ? 0 : key.length + value.length;
}

/** The number that an entry of `heldKey` holds. */
export function readHeld(stored: string): number {
  if (stored === "") return 0;
  const bytes = readInteger(stored);
  invariant(bytes !== undefined && bytes > 0n, "what a contract holds is counted in bytes");
  return Number(bytes);
}
