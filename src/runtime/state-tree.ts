/**
 * The state root: one hash over all entries of the state, kept up to date write by write.
 *
 * The tree holds hashes, never values, and lives in memory. `clone` costs nothing: apply a ledger to
 * a clone, and keep the clone once the ledger is committed or drop it when that fails.
 *
 * Units   Roots are lower-case hexadecimal text; the empty state has 64 zeros.
 * Source  `docs/spec/receipts.md`; the shape is told in `state-trie.ts`.
 */
import { compareBytes, concatBytes, toHex } from "../lib/bytes.ts";
import { sha256 } from "../lib/hash.ts";
import { invariant } from "../lib/invariant.ts";
import type { StateEntry, Write } from "./applied.ts";
import { provePath } from "./state-proof.ts";
import { buildTrie, emptyTrie, HASH_BYTES, type Trie, updateTrie } from "./state-trie.ts";

export class StateTree {
  #trie: Trie;

  private constructor(trie: Trie) {
    this.#trie = trie;
  }

  /** The tree of these entries, in any order, each key once. */
  static from(entries: Iterable<StateEntry>): StateTree {
    const records = Array.from(entries, ({ key, value }) =>
      concatBytes(sha256(key), sha256(value)),
    ).sort(Buffer.compare);
    const paths = records.map((record) => record.subarray(0, HASH_BYTES));
    invariant(isAscending(paths), "the state has each key once");
    return new StateTree(records.length === 0 ? emptyTrie : buildTrie(records, 0));
  }

  /** Writes in any order, each key once. Only the paths they touch are hashed again. */
  apply(writes: readonly Write[]): void {
    const changes = writes
      .map(({ key, value }) => ({
        path: sha256(key),
        valueHash: value === undefined ? undefined : sha256(value),
      }))
      .sort((left, right) => compareBytes(left.path, right.path));
    invariant(isAscending(changes.map(({ path }) => path)), "a ledger writes each key once");
    this.#trie = updateTrie(this.#trie, changes, 0);
  }

  get root(): string {
    return toHex(this.#trie.hash);
  }

  /** How many entries there are. */
  get size(): number {
    return this.#trie.size;
  }

  /** A tree of its own, which later writes to this one do not change. */
  clone(): StateTree {
    return new StateTree(this.#trie);
  }

  /** Proves the key's value, or that it is absent, to whoever knows the root. */
  prove(key: Uint8Array): Uint8Array {
    return provePath(this.#trie, sha256(key));
  }
}

function isAscending(paths: readonly Uint8Array[]): boolean {
  return paths.every((path, index) => {
    const before = paths[index - 1];
    return before === undefined || compareBytes(before, path) < 0;
  });
}
