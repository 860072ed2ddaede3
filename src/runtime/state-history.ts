/**
 * The versions of the state tree since its last committed one, over one set of flat arrays.
 *
 * Each version knows the records that lead to it from the one before, and the value hashes that they
 * replaced. So the arrays move to any version, also along branches of ledgers that were dropped.
 */
import { invariant } from "../lib/invariant.ts";
import type { FlatTree } from "./state-flat.ts";
import { ENTRY_BYTES, HASH_BYTES, isZeroHash } from "./state-format.ts";
import { type Records, undoRecords } from "./state-records.ts";

export interface Version {
  readonly root: string;
  readonly size: number;
  readonly records: Uint8Array;
  /** Value hashes before, zeros where there was none. */
  readonly before: Uint8Array;
  /** For each write, in the order of the writes, how many entries it adds: 1, 0 or -1. */
  readonly growth: Int8Array;
  /** Undefined for the oldest version that is known. */
  parent: Version | undefined;
}

interface Options {
  /** Older versions than these are forgotten; without it, what is not committed is kept. */
  readonly versionsMax?: number;
}

const NOTHING = new Uint8Array(0);

export class TreeHistory {
  #flat: FlatTree;
  #base: Version;
  /** The version that the arrays hold; undefined when a change of them was broken off. */
  #here: Version | undefined;
  #newest: Version;
  readonly #versionsMax: number;

  constructor(flat: FlatTree, { versionsMax = Number.POSITIVE_INFINITY }: Options = {}) {
    this.#flat = flat;
    this.#base = firstVersion(flat);
    this.#here = this.#base;
    this.#newest = this.#base;
    this.#versionsMax = versionsMax;
  }

  /** The committed version. */
  get base(): Version {
    return this.#base;
  }

  /** Whether the arrays hold this version now. */
  isHere(version: Version): boolean {
    return this.#here === version;
  }

  /** The arrays as they are in this version. */
  at(version: Version): FlatTree {
    if (this.#here !== version) this.#move(version);
    return this.#flat;
  }

  /** A version after `parent`. */
  extend(parent: Version, { bytes, order }: Records): Version {
    const flat = this.at(parent);
    this.#here = undefined;
    const before = flat.apply(bytes);
    const version = {
      root: flat.root,
      size: flat.size,
      records: bytes,
      before,
      growth: growthOf(bytes, before, order),
      parent,
    };
    this.#here = version;
    this.#newest = version;
    this.#forget(version);
    return version;
  }

  /** Versions from the committed one, which is left out, to `version`. */
  since(version: Version): readonly Version[] {
    const found: Version[] = [];
    for (let next: Version | undefined = version; next !== this.#base; next = next.parent) {
      if (next === undefined) return [];
      found.push(next);
    }
    return found.toReversed();
  }

  /** The version made last, which those before it that are to be committed lead to. */
  get newest(): Version {
    return this.#newest;
  }

  /** This version is committed: what came before it is forgotten. */
  commit(version: Version): void {
    const here = this.#here;
    if (here === undefined || !ancestry(here).includes(version)) this.at(version);
    this.#base = version;
    version.parent = undefined;
  }

  /** Begins anew with arrays read from the disk: they hold this version, and it is committed. */
  restart(flat: FlatTree, version: Version): void {
    this.#flat = flat;
    this.#here = version;
    this.#newest = version;
    this.commit(version);
  }

  #move(version: Version): void {
    const here = this.#here;
    invariant(here !== undefined, "the state tree is whole");
    const way = ancestry(version);
    const from = ancestry(here);
    const shared = from.find((one) => way.includes(one));
    invariant(shared !== undefined, "the state tree still knows the version it is asked for");
    this.#here = undefined;
    for (const one of from.slice(0, from.indexOf(shared))) {
      this.#flat.apply(undoRecords(one.records, one.before));
    }
    for (const one of way.slice(0, way.indexOf(shared)).toReversed()) {
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
  return { root, size, records: NOTHING, before: NOTHING, growth, parent: undefined };
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
