/**
 * The state root: one hash over all entries of the state, kept up to date write by write.
 *
 * A tree is a version of one set of flat arrays. `clone` costs nothing: apply a ledger to a clone, and
 * keep the clone once the ledger is committed or drop it when that fails. The arrays go where they
 * are asked to by the records that lead from version to version, back and forth; so work on the
 * newest, and ask others seldom.
 *
 * Units   Roots are lower-case hexadecimal text; the empty state has 64 zeros.
 * Source  `docs/spec/receipts.md`; the shape is told in `state-format.ts`.
 */
import { sha256 } from "../lib/hash.ts";
import { invariant } from "../lib/invariant.ts";
import type { StateEntry, Write } from "./applied.ts";
import { writeStateProof } from "./proof-format.ts";
import { FlatTree } from "./state-flat.ts";
import { TreeHistory, type Version } from "./state-history.ts";
import { recordsOf } from "./state-records.ts";

export class StateTree {
  readonly #history: TreeHistory;
  #version: Version;

  constructor(history: TreeHistory, version: Version) {
    this.#history = history;
    this.#version = version;
  }

  /** The tree of these entries, in any order, each key once; in memory alone. */
  static from(entries: Iterable<StateEntry>): StateTree {
    const flat = new FlatTree({ page: () => undefined }, Number.POSITIVE_INFINITY);
    growFrom(flat, entries);
    const history = new TreeHistory(flat, { versionsMax: MEMORY_VERSIONS_MAX });
    return new StateTree(history, history.base);
  }

  /** Writes in any order, each key once. Only the paths they touch are hashed again. */
  apply(writes: readonly Write[]): void {
    this.#version = this.#history.extend(this.#version, writes);
  }

  get root(): string {
    return this.#version.root;
  }

  /** How many entries there are. */
  get size(): number {
    return this.#version.size;
  }

  /** A tree of its own, which later writes to this one do not change. */
  clone(): StateTree {
    return new StateTree(this.#history, this.#version);
  }

  /** Proves the key's value, or that it is absent, to whoever knows the root. */
  prove(key: Uint8Array): Uint8Array {
    return writeStateProof(this.#history.at(this.#version).prove(sha256(key)));
  }

  /** The hash of the key's value, or undefined when it is absent. */
  valueHash(key: Uint8Array): Uint8Array | undefined {
    return this.#history.at(this.#version).valueHash(sha256(key));
  }
}

/** Versions that a tree without a disk keeps, for clones of ledgers that came to nothing. */
const MEMORY_VERSIONS_MAX = 64;

/**
 * Adds entries, in any order, each key once, in portions that bound the memory it takes; `afterEach`
 * portion something may be done.
 */
export function growFrom(
  flat: FlatTree,
  entries: Iterable<StateEntry>,
  afterEach: () => void = () => {},
): void {
  let portion: StateEntry[] = [];
  const add = (): void => {
    const known = flat.size;
    flat.apply(recordsOf(portion).bytes);
    invariant(flat.size === known + portion.length, "the state has each key once");
    portion = [];
    afterEach();
  };
  for (const entry of entries) {
    portion.push(entry);
    if (portion.length === PORTION) add();
  }
  if (portion.length > 0) add();
}

const PORTION = 250_000;
