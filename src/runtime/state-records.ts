/**
 * Changes of the state as bytes: records of path ‖ sha256(value), ascending by path, each path once.
 * A value hash of zeros takes the entry out. They are what the tree is changed by and what its log
 * keeps.
 */
import { invariant } from "../lib/invariant.ts";
import type { Write } from "./applied.ts";
import { copyWords } from "./copy-words.ts";
import { MessageHashes } from "./hash-messages.ts";
import { ENTRY_WORDS } from "./state-blocks.ts";
import { comparePaths, ENTRY_BYTES, HASH_BYTES } from "./state-format.ts";

export interface Records {
  readonly bytes: Uint8Array;
  /** For each record the place of its write. */
  readonly order: Uint32Array;
}

/** A record's place in the sort key: 2^21 places and 32 bits of path are a whole number of 53 bits. */
const PLACES = 2 ** 21;
export const RECORDS_MAX = PLACES;

/** The records of writes in any order, each key once. */
export function recordsOf(writes: readonly Write[]): Records {
  const found = new Uint8Array(writes.length * ENTRY_BYTES);
  const hashes = new MessageHashes(found);
  for (const [place, { key, value }] of writes.entries()) {
    hashes.add(key, place * ENTRY_WORDS);
    if (value !== undefined) hashes.add(value, place * ENTRY_WORDS + ENTRY_WORDS / 2);
  }
  hashes.finish();
  const order = sortedPlaces(found);
  const bytes = new Uint8Array(found.length);
  const [from, to] = [wordsOf(found), wordsOf(bytes)];
  for (const [index, place] of order.entries()) copyRecord(from, place, to, index);
  for (let at = ENTRY_BYTES; at < bytes.length; at += ENTRY_BYTES) {
    const isAscending = comparePaths(bytes, at - ENTRY_BYTES, bytes, at) < 0;
    invariant(isAscending, "each key is written once");
  }
  return { bytes, order };
}

/** The records of several ledgers as one: of two with the same path the later holds. */
export function netRecords(ledgers: readonly Uint8Array[]): Uint8Array {
  const all = Buffer.concat(ledgers);
  const order = sortedPlaces(all);
  const net = new Uint8Array(all.length);
  const [from, to] = [wordsOf(all), wordsOf(net)];
  let count = 0;
  for (const [index, place] of order.entries()) {
    const next = order[index + 1];
    const at = place * ENTRY_BYTES;
    if (next !== undefined && comparePaths(all, at, all, next * ENTRY_BYTES) === 0) continue;
    copyRecord(from, place, to, count);
    count += 1;
  }
  return net.subarray(0, count * ENTRY_BYTES);
}

/** The records that undo `records`, given the value hashes before them. */
export function undoRecords(records: Uint8Array, before: Uint8Array): Uint8Array {
  const undo = new Uint8Array(records);
  for (let at = 0; at < undo.length; at += ENTRY_BYTES) {
    undo.set(before.subarray(at / 2, at / 2 + HASH_BYTES), at + HASH_BYTES);
  }
  return undo;
}

/** Places of the records by path; of equal paths the earlier comes first. */
function sortedPlaces(records: Uint8Array): Uint32Array {
  const count = records.length / ENTRY_BYTES;
  invariant(count <= RECORDS_MAX, `at most ${RECORDS_MAX} records are sorted at once`);
  const view = new DataView(records.buffer, records.byteOffset, records.length);
  const keys = new Float64Array(count);
  for (let place = 0; place < count; place += 1) {
    keys[place] = view.getUint32(place * ENTRY_BYTES) * PLACES + place;
  }
  keys.sort();
  const order = new Uint32Array(count);
  for (let index = 0; index < count; index += 1) order[index] = (keys[index] ?? 0) % PLACES;
  const head = (index: number): number => Math.floor((keys[index] ?? 0) / PLACES);
  // Paths that begin with the same 32 bits are rare and are put in order by all of their bytes.
  for (let begin = 0; begin < count; ) {
    let end = begin + 1;
    while (end < count && head(end) === head(begin)) end += 1;
    if (end > begin + 1) {
      order
        .subarray(begin, end)
        .sort(
          (left, right) =>
            comparePaths(records, left * ENTRY_BYTES, records, right * ENTRY_BYTES) || left - right,
        );
    }
    begin = end;
  }
  return order;
}

function copyRecord(from: Int32Array, place: number, to: Int32Array, index: number): void {
  copyWords(from, place * ENTRY_WORDS, to, index * ENTRY_WORDS, ENTRY_WORDS);
}

function wordsOf(bytes: Uint8Array): Int32Array {
  return new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
}
