/**
 * The state that one ledger works on: what is known of committed state, the ledger's writes over it,
 * and a journal that takes writes back. One lookup finds a value, wherever it stands.
 *
 * Flow    `mark` before a call, `rollback` to the mark when it fails; `close` ends the ledger and gives
 *         its net writes. What was read stays known for the next ledger, the least recently used goes.
 *
 * Keys and values are byte text; empty text is an absent value, because no value has no bytes.
 */
import { flat } from "./flat-text.ts";
import { entryBytes, type Holding, Holdings } from "./holdings.ts";
import { type Ground, mergeRows, type Row } from "./overlay.ts";
import { SortedKeys } from "./sorted-keys.ts";
import { writesInOrder } from "./writes-in-order.ts";

/** Learns which entries are read and written; each may be told more than once. */
export interface StateNotes {
  read(key: string): void;
  write(key: string): void;
  scan(prefix: string): void;
}

/** A key and what it holds now. */
interface Entry {
  readonly key: string;
  /** Undefined: not asked for yet. */
  value: string | undefined;
  /** Before the first write of the ledger that wrote it last. */
  before: string | undefined;
  /** That ledger, as it is counted here. */
  epoch: number;
  /** Of the contract whose entry this is, in that ledger; undefined for what is the system's own. */
  holding: Holding | undefined;
  /** Writes of this ledger in the journal. An entry that has one must not be forgotten. */
  live: number;
}

/** Undefined deletes. */
export type NetWrite = readonly [key: string, value: string];

/** What an entry costs beside its bytes. */
const ENTRY_BYTES = 160;
const GENERATIONS = 2;

export class WorkingState {
  readonly #ground: Ground;
  readonly #generationBytesMax: number;
  #young = new Map<string, Entry>();
  #old = new Map<string, Entry>();
  #youngBytes = 0;
  /** The one that was asked for last: what is read is often written next. */
  #recent: Entry | undefined;
  /** Written in this ledger, once or more often; those taken back are still among them. */
  #touched: Entry[] = [];
  #epoch = 1;
  #journal: Entry[] = [];
  #undo: (string | undefined)[] = [];
  #order = new SortedKeys();
  #ordered = 0;
  /** Of the ledger before: its values are newer than what is read ahead for the next one. */
  #last = new Set<string>();
  #notes: StateNotes | undefined;
  readonly #holdings = new Holdings((key) => this.read(key));

  /** `ground` is committed state; at most `bytesMax` of it are kept. */
  constructor(ground: Ground, bytesMax: number) {
    this.#ground = ground;
    this.#generationBytesMax = bytesMax / GENERATIONS;
  }

  /** From now on what is read and written is noted there too. */
  noteIn(notes: StateNotes | undefined): void {
    this.#notes = notes;
  }

  /** Empty when absent. */
  read(key: string): string {
    this.#notes?.read(key);
    return this.#read(key).value ?? "";
  }

  /**
   * Writes what a contract holds; empty deletes. False, and nothing is written, when the contract would
   * grow beyond `bytesMax`.
   */
  hold(key: string, value: string, bytesMax: number): boolean {
    this.#notes?.read(key);
    const entry = this.#read(key);
    if (entry.epoch !== this.#epoch || entry.holding === undefined) {
      entry.holding = this.#holdings.of(key);
    }
    const growth = entryBytes(key, value) - entryBytes(key, entry.value ?? "");
    if (growth > 0 && entry.holding.bytes + growth > bytesMax) return false;
    entry.holding.bytes += growth;
    this.#write(entry, value);
    return true;
  }

  /** Bytes that the contract holds now whose keys begin so. */
  held(prefix: string): number {
    return this.#holdings.of(prefix).bytes;
  }

  get(key: string): string | undefined {
    return this.read(key) || undefined;
  }

  set(key: string, value: string | undefined): void {
    this.#write(this.#known(key) ?? this.#keep(entryOf(key, undefined)), value);
  }

  #write(entry: Entry, value: string | undefined): void {
    this.#notes?.write(entry.key);
    if (entry.epoch !== this.#epoch) {
      entry.epoch = this.#epoch;
      entry.before = entry.value;
      this.#touched[this.#touched.length] = entry;
    }
    // In an isolate with a hardened realm `push` is a call of its own.
    this.#journal[this.#journal.length] = entry;
    if (value !== undefined) flat(value);
    this.#undo[this.#undo.length] = entry.value;
    entry.live += 1;
    entry.value = value ?? "";
  }

  scan(prefix: string, after: string, limit: number): readonly Row[] {
    this.#notes?.scan(prefix);
    for (; this.#ordered < this.#touched.length; this.#ordered += 1) {
      const entry = this.#touched[this.#ordered];
      if (entry !== undefined) this.#order.add(entry.key);
    }
    const range = { prefix, after, limit };
    return mergeRows(this.#ground, range, this.#order.from(prefix, after), (key) => this.get(key));
  }

  /** A place in the journal to go back to. */
  mark(): number {
    return this.#journal.length;
  }

  rollback(mark: number): void {
    for (let last = this.#journal.length - 1; last >= mark; last -= 1) {
      const entry = this.#journal[last];
      if (entry === undefined) continue;
      const { key, value, holding } = entry;
      entry.value = this.#undo[last];
      if (holding !== undefined) {
        holding.bytes += entryBytes(key, entry.value ?? "") - entryBytes(key, value ?? "");
      }
      entry.live -= 1;
    }
    this.#journal.length = mark;
    this.#undo.length = mark;
  }

  /** What was written since the mark, ascending by key, each key once with the value it has now. */
  writesSince(mark: number): readonly NetWrite[] {
    return writesInOrder(this.#journal, mark);
  }

  /** Tells of every key that the ledger wrote what it held before the ledger, and what it holds now. */
  changes(tell: (key: string, before: string, after: string) => void): void {
    for (let index = 0; index < this.#touched.length; index += 1) {
      const entry = this.#touched[index];
      if (entry !== undefined && entry.live > 0) {
        tell(entry.key, entry.before ?? "", entry.value ?? "");
      }
    }
  }

  /** Ends the ledger: its net writes, ascending by key. */
  close(): readonly NetWrite[] {
    this.enterHoldings();
    // The engine sorts texts by itself several times faster than with a comparison of ours.
    const keys: string[] = [];
    for (const { key, live } of this.#touched) if (live > 0) keys.push(key);
    keys.sort();
    const writes: NetWrite[] = [];
    for (const key of keys) writes.push([key, this.read(key)]);
    this.#last = new Set(keys);
    for (const entry of this.#touched) entry.live = 0;
    this.#clearJournal();
    return writes;
  }

  /** Writes what contracts hold now, where that has changed. The last writes of a ledger. */
  enterHoldings(): void {
    for (const [key, value] of this.#holdings.changed()) this.set(key, value);
  }

  /** Learns what was read ahead. What is known already is newer, and so is what the last ledger wrote. */
  warm(rows: readonly (readonly [key: string, value: string])[]): void {
    for (const [key, value] of rows) {
      if (this.#known(key) !== undefined || this.#last.has(key)) continue;
      this.#keep(entryOf(key, value));
    }
  }

  /** Forgets these: others wrote them since. Between ledgers only. */
  forgetKeys(keys: readonly string[]): void {
    this.#recent = undefined;
    for (const key of keys) {
      this.#young.delete(key);
      this.#old.delete(key);
      this.#last.delete(key);
    }
  }

  /** Forgets everything: state may be another now. */
  forget(): void {
    this.#clearJournal();
    this.#young = new Map();
    this.#old = new Map();
    this.#recent = undefined;
    this.#youngBytes = 0;
    this.#last = new Set();
  }

  #clearJournal(): void {
    this.#holdings.clear();
    this.#epoch += 1;
    this.#touched = [];
    this.#journal = [];
    this.#undo = [];
    this.#order = new SortedKeys();
    this.#ordered = 0;
  }

  /** The entry with its value, asked for where it is not known. */
  #read(key: string): Entry {
    const entry = this.#known(key);
    if (entry?.value !== undefined) return entry;
    const value = this.#ground.get(key) ?? "";
    if (entry === undefined) return this.#keep(entryOf(key, value));
    entry.value = value;
    return entry;
  }

  #known(key: string): Entry | undefined {
    if (this.#recent?.key === key) return this.#recent;
    const young = this.#young.get(key);
    if (young !== undefined) {
      this.#recent = young;
      return young;
    }
    const old = this.#old.get(key);
    if (old !== undefined) this.#keep(old);
    return old;
  }

  #keep(entry: Entry): Entry {
    flat(entry.key);
    this.#young.set(entry.key, entry);
    this.#youngBytes += entry.key.length + (entry.value?.length ?? 0) + ENTRY_BYTES;
    if (this.#youngBytes > this.#generationBytesMax) this.#age();
    this.#recent = entry;
    return entry;
  }

  /** The older half goes, but for what this ledger wrote. */
  #age(): void {
    const leaving = this.#old;
    this.#old = this.#young;
    this.#young = new Map();
    this.#recent = undefined;
    this.#youngBytes = 0;
    for (const entry of leaving.values()) {
      if (entry.live > 0 && !this.#old.has(entry.key)) this.#old.set(entry.key, entry);
    }
  }
}

function entryOf(key: string, value: string | undefined): Entry {
  return { key, value, before: undefined, epoch: 0, holding: undefined, live: 0 };
}
