/**
 * Entries of buckets in memory: blocks of two entries, chained, in pieces of a megabyte that never
 * move. A bucket takes as many as it needs, so little is wasted and nothing is left to the engine's
 * collector.
 *
 * Units   Entries are 16 words of 4 bytes.
 */
import { invariant } from "../lib/invariant.ts";
import { copyWords } from "./copy-words.ts";
import { ENTRY_BYTES } from "./state-format.ts";
import { NONE } from "./state-nodes.ts";

export const ENTRY_WORDS = ENTRY_BYTES / 4;
const BLOCK_ENTRIES = 2;
const BLOCK_WORDS = BLOCK_ENTRIES * ENTRY_WORDS;
/** What one block takes: its entries and the number of the next. */
export const BLOCK_BYTES = BLOCK_WORDS * 4 + 4;
const PIECE_BITS = 13;
const PIECE_BLOCKS = 1 << PIECE_BITS;
const PIECE_MASK = PIECE_BLOCKS - 1;

interface Piece {
  readonly words: Int32Array;
  readonly next: Int32Array;
}

export function blocksFor(entries: number): number {
  return Math.ceil(entries / BLOCK_ENTRIES);
}

export class EntryBlocks {
  readonly #pieces: Piece[] = [];
  #free = NONE;
  #used = 0;

  /** Blocks that hold entries. */
  get used(): number {
    return this.#used;
  }

  get memoryBytes(): number {
    return this.#pieces.length * PIECE_BLOCKS * BLOCK_BYTES;
  }

  /** Copies entries from the words at `at` into new blocks and gives the first. */
  write(source: Int32Array, at: number, entries: number): number {
    let first = NONE;
    // From the last to the first, so that each is made knowing the one after it.
    for (let from = (blocksFor(entries) - 1) * BLOCK_WORDS; from >= 0; from -= BLOCK_WORDS) {
      first = this.#take(first);
      const words = Math.min(BLOCK_WORDS, entries * ENTRY_WORDS - from);
      const { words: target } = this.#pieceOf(first);
      copyWords(source, at + from, target, (first & PIECE_MASK) * BLOCK_WORDS, words);
    }
    return first;
  }

  /** Copies the entries that begin at block `first` to the words at `at`. */
  read(first: number, entries: number, target: Int32Array, at: number): void {
    this.#readHeads(first, entries, target, at);
    let to = at;
    const end = at + entries * ENTRY_WORDS;
    for (let block = first; to < end; block = this.#nextOf(block)) {
      const { words } = this.#pieceOf(block);
      const from = (block & PIECE_MASK) * BLOCK_WORDS;
      copyWords(words, from, target, to, Math.min(BLOCK_WORDS, end - to));
      to += BLOCK_WORDS;
    }
  }

  /** The first word of each entry: memory is slow, but answers for many blocks at once. */
  #readHeads(first: number, entries: number, target: Int32Array, at: number): void {
    let block = first;
    for (let entry = 0; entry < entries; entry += BLOCK_ENTRIES) {
      const { words, next } = this.#pieceOf(block);
      const from = (block & PIECE_MASK) * BLOCK_WORDS;
      const to = at + entry * ENTRY_WORDS;
      target[to] = words[from] ?? 0;
      if (entry + 1 < entries) target[to + ENTRY_WORDS] = words[from + ENTRY_WORDS] ?? 0;
      block = next[block & PIECE_MASK] ?? NONE;
    }
  }

  /** Overwrites the value hash of the entry at `place` with that of the source's. */
  patch(first: number, place: number, source: Int32Array): void {
    let block = first;
    for (let skip = BLOCK_ENTRIES; skip <= place; skip += BLOCK_ENTRIES)
      block = this.#nextOf(block);
    const { words } = this.#pieceOf(block);
    const to = (block & PIECE_MASK) * BLOCK_WORDS + (place % BLOCK_ENTRIES) * ENTRY_WORDS;
    const half = ENTRY_WORDS / 2;
    copyWords(source, place * ENTRY_WORDS + half, words, to + half, half);
  }

  free(first: number): void {
    let block = first;
    while (block !== NONE) {
      const next = this.#nextOf(block);
      this.#link(block, this.#free);
      this.#free = block;
      this.#used -= 1;
      block = next;
    }
  }

  /** A block that is followed by `next`. */
  #take(next: number): number {
    if (this.#free === NONE) this.#addPiece();
    const block = this.#free;
    this.#free = this.#nextOf(block);
    this.#link(block, next);
    this.#used += 1;
    return block;
  }

  #addPiece(): void {
    const first = this.#pieces.length * PIECE_BLOCKS;
    this.#pieces.push({
      words: new Int32Array(PIECE_BLOCKS * BLOCK_WORDS),
      next: new Int32Array(PIECE_BLOCKS),
    });
    for (let block = first + PIECE_BLOCKS - 1; block >= first; block -= 1) {
      this.#link(block, this.#free);
      this.#free = block;
    }
  }

  #nextOf(block: number): number {
    return this.#pieceOf(block).next[block & PIECE_MASK] ?? NONE;
  }

  #link(block: number, next: number): void {
    this.#pieceOf(block).next[block & PIECE_MASK] = next;
  }

  #pieceOf(block: number): Piece {
    const piece = this.#pieces[block >> PIECE_BITS];
    invariant(piece !== undefined, "a block lies in a piece");
    return piece;
  }
}
