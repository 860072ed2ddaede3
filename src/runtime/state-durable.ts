/**
 * The state tree on disk, in the transaction of each ledger: pages of the buckets as they were at
 * the last flush, and a log of the records since.
 *
 * Flow    Within a transaction `write` each ledger, in order, then `finish`. After it `settle`, or
 *         `discard` when it failed: the tree is then read again from what is committed.
 * Errors  `STATE_ROOT_MISMATCH` when pages and log do not give the root that the last ledger left, or
 *         when a ledger is written under a root that its writes do not give.
 */
import { AceError } from "../lib/errors.ts";
import { invariant } from "../lib/invariant.ts";
import type { StateEntry, Write } from "./applied.ts";
import type { TreePages } from "./state-buckets.ts";
import { FlatTree, type PageSink, type TreePage } from "./state-flat.ts";
import { ENTRY_BYTES, HASH_BYTES } from "./state-format.ts";
import { TreeHistory, type Version } from "./state-history.ts";
import { netRecords, RECORDS_MAX } from "./state-records.ts";
import { growFrom, StateTree } from "./state-tree.ts";

/** The tables of the tree. All that is done to them is part of the transaction of a ledger. */
export interface TreeDisk extends TreePages, PageSink {
  /** By id. */
  pages(): Iterable<TreePage>;
  /** Records of each ledger since the last flush, in order. */
  log(): Iterable<Uint8Array>;
  append(sequence: number, records: Uint8Array): void;
  clearLog(): void;
}

/** The last committed ledger, as far as its root goes. */
export interface CommittedRoot {
  readonly sequence: number;
  readonly stateRoot: string;
}

export interface LedgerWrites extends CommittedRoot {
  /** Each key once. */
  readonly writes: readonly Write[];
}

/** Neither belongs to the protocol. */
export interface TreeLimits {
  /** The log is flushed into pages when it is longer. */
  readonly logBytesMax?: number;
  /** Memory for entries that are on disk as well. */
  readonly entriesBytesMax?: number;
}

interface Options extends TreeLimits {
  readonly disk: TreeDisk;
  /** Undefined before the genesis ledger. */
  readonly tip: () => CommittedRoot | undefined;
}

const BEFORE_GENESIS: CommittedRoot = { sequence: 0, stateRoot: "00".repeat(HASH_BYTES) };
const LOG_BYTES_MAX = 32 * 1024 * 1024;
const UNKNOWN_GROWTH = new Int8Array(0);
/** A flush waits while later ledgers are applied already, but not for ever. */
const OVERDUE = 2;

export class DurableTree {
  readonly #options: Options;
  readonly #logBytesMax: number;
  #history: TreeHistory | undefined;
  /** After a failed transaction the arrays are not to be trusted. */
  #isStale = false;
  #logBytes = 0;
  /** By the transaction under way, in order. */
  #written: Version[] = [];
  #isFlushed = false;

  constructor(options: Options) {
    this.#options = options;
    this.#logBytesMax = options.logBytesMax ?? LOG_BYTES_MAX;
  }

  /** The tree of the last committed ledger. The first use reads it from the disk. */
  get committed(): StateTree {
    const history = this.#open();
    return new StateTree(history, history.base);
  }

  /** Whether the arrays are those of the last committed ledger, so that asking it costs nothing more. */
  get isAtCommitted(): boolean {
    const history = this.#open();
    return history.isHere(history.base);
  }

  /**
   * Gives for each write how many entries it adds: 1, 0 or -1. Nothing where another way led to the same
   * root before: the writes of that way are not these.
   */
  write({ sequence, stateRoot, writes }: LedgerWrites): Int8Array {
    const history = this.#open();
    const last = this.#written.at(-1) ?? history.base;
    // The arrays may be ahead already, and stay there.
    if (writes.length === 0 && stateRoot === last.root) return UNKNOWN_GROWTH;
    const known = history.leadingTo(stateRoot, last);
    const versions = known.length > 0 ? known : [history.extend(last, writes)];
    const version = versions.at(-1);
    if (version?.root !== stateRoot) {
      const what = `ledger ${sequence} says ${stateRoot}, its writes give ${version?.root}`;
      throw new AceError("STATE_ROOT_MISMATCH", what);
    }
    const [first] = versions;
    const records =
      versions.length === 1 && first !== undefined
        ? first.records
        : netRecords(versions.map((one) => one.records));
    if (records.length > 0) this.#options.disk.append(sequence, records);
    this.#logBytes += records.length;
    this.#written.push(version);
    return version.writes === writes ? version.growth : UNKNOWN_GROWTH;
  }

  /** The last act of a transaction: what the log has too much of goes into the pages. */
  finish(): void {
    const history = this.#open();
    const last = this.#written.at(-1);
    if (last === undefined || !this.#isDue(history, last)) return;
    const { disk } = this.#options;
    history.at(last).flush(disk);
    disk.clearLog();
    this.#isFlushed = true;
  }

  settle(): void {
    const history = this.#open();
    const last = this.#written.at(-1);
    if (last === undefined) return;
    if (this.#isFlushed) {
      history.at(last).settle();
      this.#logBytes = 0;
    }
    history.commit(last);
    this.#isFlushed = false;
    this.#written = [];
  }

  discard(): void {
    this.#isStale = true;
  }

  /** Makes pages from the rows of the state, once: for a file that has none. */
  rebuild(rows: Iterable<StateEntry>): number {
    invariant(this.#history === undefined, "the tree is rebuilt before it is used");
    const { disk } = this.#options;
    const flat = this.#newFlat();
    const flush = (): void => {
      flat.flush(disk);
      flat.settle();
    };
    growFrom(flat, rows, () => {
      if (flat.isCrowded) flush();
    });
    flush();
    this.#demandRoot(flat);
    this.#history = new TreeHistory(flat);
    return flat.size;
  }

  #isDue(history: TreeHistory, last: Version): boolean {
    if (this.#logBytes > OVERDUE * this.#logBytesMax) return true;
    if (!history.isHere(last)) return false;
    return this.#logBytes > this.#logBytesMax || history.at(last).isCrowded;
  }

  #open(): TreeHistory {
    if (this.#history !== undefined && !this.#isStale) return this.#history;
    const flat = this.#newFlat();
    flat.load(this.#options.disk.pages());
    this.#logBytes = 0;
    for (const records of portions(this.#options.disk.log())) {
      flat.apply(records);
      this.#logBytes += records.length;
    }
    this.#demandRoot(flat);
    const known = this.#history;
    if (known === undefined) this.#history = new TreeHistory(flat);
    else known.restart(flat, this.#committedOf(known, flat.root));
    this.#isStale = false;
    this.#isFlushed = false;
    this.#written = [];
    return known ?? this.#open();
  }

  /** Which of the versions that may be committed is: the failed transaction may have held after all. */
  #committedOf(history: TreeHistory, root: string): Version {
    const found = [history.base, ...this.#written].find((version) => version.root === root);
    invariant(found !== undefined, "a failed transaction leaves a ledger that is known");
    return found;
  }

  #demandRoot({ root }: FlatTree): void {
    const { sequence, stateRoot } = this.#options.tip() ?? BEFORE_GENESIS;
    if (stateRoot === root) return;
    const what = `the state tree has root ${root}, ledger ${sequence} left ${stateRoot}`;
    throw new AceError("STATE_ROOT_MISMATCH", what);
  }

  #newFlat(): FlatTree {
    return new FlatTree(this.#options.disk, this.#options.entriesBytesMax);
  }
}

/** The records of the log, those of many ledgers at once: each path is then hashed once. */
function* portions(log: Iterable<Uint8Array>): Generator<Uint8Array> {
  let portion: Uint8Array[] = [];
  let bytes = 0;
  for (const records of log) {
    if (bytes + records.length > RECORDS_MAX * ENTRY_BYTES) {
      yield netRecords(portion);
      portion = [];
      bytes = 0;
    }
    portion.push(records);
    bytes += records.length;
  }
  yield netRecords(portion);
}
