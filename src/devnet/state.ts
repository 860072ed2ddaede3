/**
 * State: every entry of the devnet's ledger, with a journal that can take changes back.
 *
 * Scopes nest as Stellar's do: the ledger, the transaction, the operation. The same journal that
 * rolls a failed transaction back tells TransactionMeta what a successful one changed.
 */
import { xdr } from "@stellar/stellar-sdk/base";
import { type EntryKey, keyOfData, ledgerKey } from "./entries.ts";
import { EntryIndex } from "./entry-index.ts";

interface Frame {
  /** By key: the entry as it was when the scope first touched it. */
  readonly before: Map<EntryKey, xdr.LedgerEntry | undefined>;
  readonly lastId: bigint;
}

export interface Scope<Result> {
  readonly result: Result;
  /** What the scope changed, in the order of first touch; empty when it was rolled back. */
  readonly changes: xdr.LedgerEntryChange[];
}

/** All of a state at one moment. Nothing that is written later shows in it. */
export interface StateCopy {
  readonly sequence: number;
  readonly lastId: bigint;
  readonly entries: ReadonlyMap<EntryKey, xdr.LedgerEntry>;
}

const PLAIN = xdr.LedgerEntryExt.v0();

export class LedgerState {
  /** The ledger being closed: entries written now carry it as their last modification. */
  sequence = 1;

  readonly index = new EntryIndex();
  readonly #entries = new Map<EntryKey, xdr.LedgerEntry>();
  readonly #frames: Frame[] = [];
  #lastId = 0n;

  get size(): number {
    return this.#entries.size;
  }

  /** The last offer id given away: the header's `idPool`. */
  get lastId(): bigint {
    return this.#lastId;
  }

  /** A new offer id. It is taken back with the scope, as all that the scope wrote. */
  nextId(): bigint {
    this.#lastId += 1n;
    return this.#lastId;
  }

  get(key: EntryKey): xdr.LedgerEntry | undefined {
    return this.#entries.get(key);
  }

  keys(): Iterable<EntryKey> {
    return this.#entries.keys();
  }

  values(): Iterable<xdr.LedgerEntry> {
    return this.#entries.values();
  }

  /** Creates or replaces. An entry keeps its sponsor unless another extension is given. */
  write(data: xdr.LedgerEntryData, ext?: xdr.LedgerEntryExt): void {
    const key = keyOfData(data);
    const known = this.#touch(key);
    this.#set(
      key,
      new xdr.LedgerEntry({
        lastModifiedLedgerSeq: this.sequence,
        data,
        ext: ext ?? known?.ext ?? PLAIN,
      }),
    );
  }

  remove(key: EntryKey): void {
    this.#touch(key);
    this.#set(key, undefined);
  }

  /** Puts an entry as another ledger has it, or takes it away. It belongs to no scope. */
  place(key: EntryKey, entry: xdr.LedgerEntry | undefined): void {
    this.#set(key, entry);
  }

  /** Runs `work`; keeps its changes when `keeps` says so, otherwise leaves no trace of it. */
  scope<Result>(
    work: () => Result,
    keeps: (result: Result) => boolean = () => true,
  ): Scope<Result> {
    const frame: Frame = { before: new Map(), lastId: this.#lastId };
    this.#frames.push(frame);
    let kept = false;
    try {
      const result = work();
      kept = keeps(result);
      return { result, changes: kept ? this.#changes(frame) : [] };
    } finally {
      this.#frames.pop();
      if (kept) this.#merge(frame);
      else this.#restore(frame);
    }
  }

  copy(): StateCopy {
    return { sequence: this.sequence, lastId: this.#lastId, entries: new Map(this.#entries) };
  }

  /** Becomes what `copy` was. */
  restore({ sequence, lastId, entries }: StateCopy): void {
    for (const key of [...this.#entries.keys()]) {
      if (!entries.has(key)) this.#set(key, undefined);
    }
    for (const [key, entry] of entries) {
      if (this.#entries.get(key) !== entry) this.#set(key, entry);
    }
    this.sequence = sequence;
    this.#lastId = lastId;
  }

  #touch(key: EntryKey): xdr.LedgerEntry | undefined {
    const known = this.#entries.get(key);
    const frame = this.#frames.at(-1);
    if (frame !== undefined && !frame.before.has(key)) frame.before.set(key, known);
    return known;
  }

  #set(key: EntryKey, entry: xdr.LedgerEntry | undefined): void {
    this.index.replace(key, this.#entries.get(key), entry);
    if (entry === undefined) this.#entries.delete(key);
    else this.#entries.set(key, entry);
  }

  #merge(frame: Frame): void {
    const outer = this.#frames.at(-1)?.before;
    for (const [key, before] of frame.before) {
      if (outer !== undefined && !outer.has(key)) outer.set(key, before);
    }
  }

  #restore(frame: Frame): void {
    for (const [key, before] of frame.before) this.#set(key, before);
    this.#lastId = frame.lastId;
  }

  #changes({ before }: Frame): xdr.LedgerEntryChange[] {
    return [...before].flatMap(([key, was]) => changeOf(key, was, this.#entries.get(key)));
  }
}

export function changeOf(
  key: EntryKey,
  before: xdr.LedgerEntry | undefined,
  after: xdr.LedgerEntry | undefined,
): xdr.LedgerEntryChange[] {
  if (before === undefined) {
    return after === undefined ? [] : [xdr.LedgerEntryChange.ledgerEntryCreated(after)];
  }
  return [
    xdr.LedgerEntryChange.ledgerEntryState(before),
    after === undefined
      ? xdr.LedgerEntryChange.ledgerEntryRemoved(ledgerKey(key))
      : xdr.LedgerEntryChange.ledgerEntryUpdated(after),
  ];
}
