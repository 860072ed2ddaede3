/**
 * The versions of the state tree since its last committed one, over one set of flat arrays.
 *
 * Each version knows the records that lead to it from the one before, and the value hashes that they
 * replaced. So the arrays move to any version, also along branches of ledgers that were dropped. Two
 * versions with one root hold the same entries, whatever way led there: they count as one.
 */
import { invariant } from "../lib/invariant.ts";
import type { Write } from "./applied.ts";
import type { FlatTree } from "./state-flat.ts";
import { ENTRY_BYTES, HASH_BYTES, isZeroHash } from "./state-format.ts";
import { recordsOf, undoRecords } from "./state-records.ts";

export interface Version {
  readonly root: string;
  readonly size: number;
  readonly records: Uint8Array;
  /** Value hashes before, zeros where there was none. */
  readonly before: Uint8Array;
  /** What led here, and for each write how many entries it added: 1, 0 or -1. */
  readonly writes: readonly Write[];
  readonly growth: Int8Array;
  /** Undefined for the oldest version that is known. */
  parent: Version | undefined;
}

interface Options {
  /** Older versions than these are forgotten; without it, what is not committed is kept. */
  readonly versionsMax?: number;
}

/** More than are ever applied before the first of them is committed. */
const MADE_MAX = 64;
const NOTHING = new Uint8Array(0);

export class TreeHistory {
  #flat: FlatTree;
  #base: Version;
  /** The version that the arrays hold; undefined when a change of them was broken off. */
  #here: Version | undefined;
  /** Versions that may be committed yet, also those of ledgers that came to nothing. */
  #made: readonly Version[] = [];
  readonly #versionsMax: number;

  constructor(flat: FlatTree, { versionsMax = Number.POSITIVE_INFINITY }: Options = {}) {
    this.#flat = flat;
    this.#base = firstVersion(flat);
    this.#here = this.#base;
    this.#versionsMax = versionsMax;
  }

  /** The committed version. */
  get base(): Version {
    return this.#base;
  }

  /** Whether the arrays hold this version now. */
  isHere(version: Version): boolean {
    return this.#here?.root === version.root;
  }

  /** The arrays as they are in this version. */
  at(version: Version): FlatTree {
    if (!this.isHere(version)) this.#move(version);
    return this.#flat;
  }

  /** A version after `parent`. */
  extend(parent: Version, writes: readonly Write[]): Version {
    const { bytes, order } = recordsOf(writes);
    const flat = this.at(parent);
    this.#here = undefined;
    const before = flat.apply(bytes);
    const version = {
      root: flat.root,
      size: flat.size,
      records: bytes,
      before,
      writes,
      growth: growthOf(bytes, before, order),
      parent,
    };
    this.#here = version;
    this.#made = [...this.#made.slice(1 - MADE_MAX), version];
    this.#forget(version);
    return version;
  }

  /** The versions from `last`, which is left out, to one with this root; none when none is known. */
  leadingTo(root: string, last: Version): readonly Version[] {
    for (const version of this.#made) {
      if (version.root !== root) continue;
      const way = ancestry(version);
      const length = placeOf(last.root, way);
      if (length > 0) return way.slice(0, length).toReversed();
    }
    return [];
  }

  /** This version is committed: what came before it is forgotten. */
  commit(version: Version): void {
    const here = this.#here;
    if (here === undefined || placeOf(version.root, ancestry(here)) < 0) this.at(version);
    this.#base = version;
    const kept = [...this.#made, ...(here === undefined ? [] : [here])].map(ancestry);
    this.#made = this.#made.filter((_one, index) => placeOf(version.root, kept[index] ?? []) > 0);
    // Another version with this root is as good, and must not hold on to what came before it either.
    for (const one of kept.flat()) if (one.root === version.root) one.parent = undefined;
    version.parent = undefined;
  }

  /** Begins anew with arrays read from the disk: they hold this version, and it is committed. */
  restart(flat: FlatTree, version: Version): void {
    this.#flat = flat;
    this.#here = version;
    this.commit(version);
  }

  #move(version: Version): void {
    const here = this.#here;
    invariant(here !== undefined, "the state tree is whole");
    const way = ancestry(version);
    const from = ancestry(here);
    const back = from.findIndex(({ root }) => placeOf(root, way) >= 0);
    const shared = from[back];
    invariant(shared !== undefined, "the state tree still knows the version it is asked for");
    this.#here = undefined;
    for (const one of from.slice(0, back)) {
      this.#flat.apply(undoRecords(one.records, one.before));
    }
    for (const one of way.slice(0, placeOf(shared.root, way)).toReversed()) {
      this.#flat.apply(one.records);
    }
    this.#here = version;
    invariant(this.#flat.root === version.root, "a version of the state tree has one root");
  }

  #forget(newest: Version): void {
    if (this.#versionsMax === Number.POSITIVE_INFINITY) return;
    const oldest = ancestry(newest)[this.#versionsMax];
    if (oldest !== undefined) this.commit(oldest);
  }
}

function firstVersion(flat: FlatTree): Version {
  const { root, size } = flat;
  const growth = new Int8Array(0);
  return { root, size, records: NOTHING, before: NOTHING, writes: [], growth, parent: undefined };
}

function placeOf(root: string, versions: readonly Version[]): number {
  return versions.findIndex((version) => version.root === root);
}

/** The version and all before it, as far as they are known. */
function ancestry(version: Version): readonly Version[] {
  const found: Version[] = [];
  for (let next: Version | undefined = version; next !== undefined; next = next.parent) {
    found.push(next);
  }
  return found;
}

function growthOf(records: Uint8Array, before: Uint8Array, order: Uint32Array): Int8Array {
  const growth = new Int8Array(order.length);
  for (const [index, place] of order.entries()) {
    const isGone = isZeroHash(records, index * ENTRY_BYTES + HASH_BYTES);
    const wasAbsent = isZeroHash(before, index * HASH_BYTES);
    growth[place] = Number(wasAbsent) - Number(isGone);
  }
  return growth;
}
