/**
 * One change of the state tree: its records, and what they make of the entries of one bucket after the
 * other.
 *
 * Flow    The bucket's entries come into `old`. `overwrite` changes them there when it can; else `merge`
 *         makes `merged` of them.
 */
import { copyWords } from "./copy-words.ts";
import { ENTRY_WORDS } from "./state-blocks.ts";
import { EntryBuffer } from "./state-buckets.ts";
import { comparePaths, ENTRY_BYTES, HASH_BYTES, isZeroHash } from "./state-format.ts";

const HASH_WORDS = ENTRY_WORDS / 2;

export class EntryChange {
  /** Ascending by path, each path once. */
  readonly records: Uint8Array;
  /** For each record the value hash before it, zeros where there was none. */
  readonly before: Uint8Array;
  readonly old = new EntryBuffer();
  readonly merged = new EntryBuffer();
  readonly #words: Int32Array;

  constructor(records: Uint8Array) {
    // A copy begins where a word begins.
    const { buffer } = new Uint8Array(records);
    this.records = new Uint8Array(buffer);
    this.#words = new Int32Array(buffer);
    this.before = new Uint8Array(records.length / 2);
  }

  /**
   * Gives the entries of `old` new value hashes, and their places, when each of these records has an
   * entry there and none takes it out.
   */
  overwrite(count: number, low: number, high: number): readonly number[] | undefined {
    const places = this.#placesOf(count, low, high);
    for (const [index, place] of places?.entries() ?? []) {
      const record = low + index;
      this.#remember(record, place);
      const from = record * ENTRY_WORDS + HASH_WORDS;
      copyWords(this.#words, from, this.old.words, place * ENTRY_WORDS + HASH_WORDS, HASH_WORDS);
    }
    return places;
  }

  /** Makes `merged` of the entries of `old` and these records; gives how many there are then. */
  merge(count: number, low: number, high: number): number {
    this.merged.reserve(count + high - low);
    let from = 0;
    let to = 0;
    const keepUntil = (end: number): void => {
      const words = (end - from) * ENTRY_WORDS;
      copyWords(this.old.words, from * ENTRY_WORDS, this.merged.words, to * ENTRY_WORDS, words);
      to += end - from;
      from = end;
    };
    for (let record = low; record < high; record += 1) {
      keepUntil(this.#firstFrom(from, count, record));
      if (from < count && this.#compare(from, record) === 0) {
        this.#remember(record, from);
        from += 1;
      }
      if (this.#isRemoval(record)) continue;
      const at = record * ENTRY_WORDS;
      copyWords(this.#words, at, this.merged.words, to * ENTRY_WORDS, ENTRY_WORDS);
      to += 1;
    }
    keepUntil(count);
    return to;
  }

  #placesOf(count: number, low: number, high: number): readonly number[] | undefined {
    const places: number[] = [];
    let place = 0;
    for (let record = low; record < high; record += 1) {
      place = this.#firstFrom(place, count, record);
      const isThere = place < count && this.#compare(place, record) === 0;
      if (!isThere || this.#isRemoval(record)) return undefined;
      places.push(place);
      place += 1;
    }
    return places;
  }

  /** The first entry from `place` on that does not sort before the record. */
  #firstFrom(place: number, count: number, record: number): number {
    let first = place;
    while (first < count && this.#compare(first, record) < 0) first += 1;
    return first;
  }

  #compare(entry: number, record: number): number {
    return comparePaths(this.old.bytes, entry * ENTRY_BYTES, this.records, record * ENTRY_BYTES);
  }

  #isRemoval(record: number): boolean {
    return isZeroHash(this.records, record * ENTRY_BYTES + HASH_BYTES);
  }

  #remember(record: number, entry: number): void {
    const at = entry * ENTRY_BYTES + HASH_BYTES;
    this.before.set(this.old.bytes.subarray(at, at + HASH_BYTES), record * HASH_BYTES);
  }
}
