/**
 * The buckets' entries: in memory as far as the bound allows, else in pages on disk.
 *
 * What was changed since the last flush stays in memory; of the rest, what was not used for longest
 * makes room. A page is held against its bucket's hash whenever it is read.
 *
 * Units   A bucket's id is the first 48 bits of its range of paths, a whole number. A page's body is
 *         what is hashed: a zero byte and the entries.
 * Errors  `STATE_ROOT_MISMATCH` for a page that is not as it was written.
 */
import { hash } from "node:crypto";
import { AceError } from "../lib/errors.ts";
import { invariant } from "../lib/invariant.ts";
import { copyWords } from "./copy-words.ts";
import { BLOCK_BYTES, blocksFor, ENTRY_WORDS, EntryBlocks } from "./state-blocks.ts";
import { BUCKET_ENTRIES_LIMIT, ENTRY_BYTES } from "./state-format.ts";
import { NONE, type TreeNodes } from "./state-nodes.ts";

/** Where pages are read again that had to make room. */
export interface TreePages {
  page(id: number): Uint8Array | undefined;
}

const CHANGED = 1;
const USED = 2;
/** Of the memory for entries, what changed ones may take before they are to be flushed. */
const CHANGED_SHARE = 0.75;
const LEAD_BYTES = 4;
const ENTRIES_MIN = 64;

/** Entries as words and as bytes, and what is hashed for a bucket of the first of them. */
export class EntryBuffer {
  words = new Int32Array(0);
  bytes = new Uint8Array(0);
  /** The same bytes behind the zero that ends where the first word begins. */
  #led = new Uint8Array(0);

  /** Makes room for so many entries. What it holds is lost when it grows. */
  reserve(entries: number): void {
    if (entries * ENTRY_BYTES <= this.bytes.length) return;
    const { buffer } = new Uint8Array(LEAD_BYTES + Math.max(entries, ENTRIES_MIN) * ENTRY_BYTES);
    this.words = new Int32Array(buffer, LEAD_BYTES);
    this.bytes = new Uint8Array(buffer, LEAD_BYTES);
    this.#led = new Uint8Array(buffer, LEAD_BYTES - 1);
  }

  hashed(entries: number): Uint8Array {
    return this.#led.subarray(0, 1 + entries * ENTRY_BYTES);
  }
}

export class TreeBuckets {
  readonly #nodes: TreeNodes;
  readonly #pages: TreePages;
  readonly #blocksMax: number;
  readonly #blocks = new EntryBlocks();
  readonly #body = new EntryBuffer();
  /** Ids of pages that may be on disk and hold no bucket any more. */
  readonly #gone = new Set<number>();
  #changedBlocks = 0;
  #hand = 0;

  constructor(nodes: TreeNodes, pages: TreePages, memoryBytesMax: number) {
    this.#nodes = nodes;
    this.#pages = pages;
    this.#blocksMax = Math.ceil(memoryBytesMax / BLOCK_BYTES);
  }

  get memoryBytes(): number {
    return this.#blocks.memoryBytes;
  }

  /** Changed entries take so much of the memory that they should be flushed. */
  get isCrowded(): boolean {
    return this.#changedBlocks > this.#blocksMax * CHANGED_SHARE;
  }

  get gone(): ReadonlySet<number> {
    return this.#gone;
  }

  isChanged(bucket: number): boolean {
    return (this.#nodes.flags(bucket) & CHANGED) !== 0;
  }

  /** Copies the entries into `target`, which has room for them, behind `skip` others. */
  read(bucket: number, id: number, target: EntryBuffer, skip = 0): void {
    const nodes = this.#nodes;
    const count = nodes.count(bucket);
    if (count === 0) return;
    const block = nodes.block(bucket);
    if (block === NONE) {
      target.bytes.set(this.#readPage(bucket, id).subarray(1), skip * ENTRY_BYTES);
      return;
    }
    nodes.setFlags(bucket, nodes.flags(bucket) | USED);
    this.#blocks.read(block, count, target.words, skip * ENTRY_WORDS);
  }

  /** The bucket holds these entries from now on: hashed, and changed since the last flush. */
  write(bucket: number, id: number, source: EntryBuffer, from: number, count: number): void {
    this.drop(bucket);
    if (count === 0) {
      this.#gone.add(id);
      return;
    }
    invariant(count <= BUCKET_ENTRIES_LIMIT, "a proof counts a bucket's entries in two bytes");
    this.#nodes.setHash(bucket, hash("sha256", this.#hashed(source, from, count), "binary"));
    this.#makeRoom(blocksFor(count));
    const block = this.#blocks.write(source.words, from * ENTRY_WORDS, count);
    this.#nodes.makeBucket(bucket, count, block);
    this.#change(bucket);
  }

  /**
   * The same where only value hashes differ, those of the entries at `places`. False when the entries
   * are not in memory: then they are to be written.
   */
  patch(bucket: number, source: EntryBuffer, places: readonly number[]): boolean {
    const nodes = this.#nodes;
    const block = nodes.block(bucket);
    if (block === NONE) return false;
    nodes.setHash(bucket, hash("sha256", source.hashed(nodes.count(bucket)), "binary"));
    for (const place of places) this.#blocks.patch(block, place, source.words);
    if (!this.isChanged(bucket)) this.#change(bucket);
    return true;
  }

  /** The same for a page from the disk: kept in memory while there is room. */
  adopt(bucket: number, body: Uint8Array): void {
    const count = (body.length - 1) / ENTRY_BYTES;
    this.#body.reserve(count);
    this.#body.bytes.set(body.subarray(1), 0);
    this.#nodes.setHash(bucket, hash("sha256", body, "binary"));
    const hasRoom = this.#blocks.used + blocksFor(count) <= this.#blocksMax;
    const block = hasRoom ? this.#blocks.write(this.#body.words, 0, count) : NONE;
    this.#nodes.makeBucket(bucket, count, block);
  }

  /** The bucket is empty from now on. */
  drop(bucket: number): void {
    const nodes = this.#nodes;
    if (this.isChanged(bucket)) this.#changedBlocks -= blocksFor(nodes.count(bucket));
    if (nodes.block(bucket) !== NONE) this.#blocks.free(nodes.block(bucket));
    nodes.makeBucket(bucket, 0, NONE);
    nodes.setFlags(bucket, 0);
    nodes.clearHash(bucket);
  }

  /** No bucket has this id any more. */
  forget(id: number): void {
    this.#gone.add(id);
  }

  /** The hashed bytes of a bucket that is not empty. */
  bodyOf(bucket: number, id: number): Uint8Array {
    if (this.#nodes.block(bucket) === NONE) return this.#readPage(bucket, id);
    const count = this.#nodes.count(bucket);
    this.#body.reserve(count);
    this.#blocks.read(this.#nodes.block(bucket), count, this.#body.words, 0);
    return new Uint8Array(this.#body.hashed(count));
  }

  /** Everything is on disk: nothing is changed any more. */
  settle(): void {
    this.#nodes.clearFlag(CHANGED);
    this.#changedBlocks = 0;
    this.#gone.clear();
  }

  #change(bucket: number): void {
    this.#nodes.setFlags(bucket, CHANGED);
    this.#changedBlocks += blocksFor(this.#nodes.count(bucket));
  }

  /** What is hashed for some of the entries. */
  #hashed(source: EntryBuffer, from: number, count: number): Uint8Array {
    if (from === 0) return source.hashed(count);
    this.#body.reserve(count);
    copyWords(source.words, from * ENTRY_WORDS, this.#body.words, 0, count * ENTRY_WORDS);
    return this.#body.hashed(count);
  }

  #readPage(bucket: number, id: number): Uint8Array {
    const body = this.#pages.page(id);
    const isWhole = body?.length === 1 + this.#nodes.count(bucket) * ENTRY_BYTES;
    if (isWhole && this.#nodes.hasHash(bucket, hash("sha256", body, "buffer"))) return body;
    throw new AceError("STATE_ROOT_MISMATCH", `page ${id} of the state tree is damaged`);
  }

  /** Unchanged buckets give up their blocks, those in use since the last look later than others. */
  #makeRoom(wanted: number): void {
    const nodes = this.#nodes;
    const clean = (): number => this.#blocks.used - this.#changedBlocks;
    while (this.#blocks.used + wanted > this.#blocksMax && clean() > 0) {
      this.#hand = (this.#hand + 1) % nodes.end;
      const node = this.#hand;
      if (nodes.isBranch(node) || nodes.block(node) === NONE || this.isChanged(node)) continue;
      if ((nodes.flags(node) & USED) !== 0) {
        nodes.setFlags(node, 0);
        continue;
      }
      this.#blocks.free(nodes.block(node));
      nodes.makeBucket(node, nodes.count(node), NONE);
    }
  }
}
