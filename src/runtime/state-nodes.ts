/**
 * The nodes of the state tree in flat arrays: 41 bytes a node, whatever the engine's objects cost.
 *
 * A branch has two children, which stand side by side: their hashes are in one piece, as they are hashed.
 * A bucket has a count of entries and, while its entries are in memory, the first of their blocks. Nodes
 * that touch a changed one are hashed level by level, many at once.
 *
 * Source  `docs/spec/receipts.md`.
 */
import { copyWords } from "./copy-words.ts";
import { hashLanes, LANE_BLOCKS_MAX } from "./hash-lanes.ts";
import { DEPTH_MAX, HASH_BYTES } from "./state-format.ts";

/** No block, or no node. */
export const NONE = -1;

const HASH_WORDS = HASH_BYTES / 4;
const PAIR_WORDS = 2 * HASH_WORDS;
const ROOT_PAIR = 2;
const CAPACITY_MIN = 1_024;
const GROWTH = 1.25;

export class TreeNodes {
  /** The left child when not negative; a bucket of n entries holds -1 - n. */
  #left = new Int32Array(0);
  /** Of a bucket the first block. */
  #block = new Int32Array(0);
  #flags = new Uint8Array(0);
  #words = new Int32Array(0);
  #bytes = Buffer.alloc(0);
  #end = 0;
  /** Pairs that are no nodes any more, by the left one. */
  readonly #free: number[] = [];
  /** By depth: branches whose hash is not made yet. */
  readonly #stale: number[][] = Array.from({ length: DEPTH_MAX }, () => []);

  /** Node 0 is the root, an empty bucket; what would stand beside it is not used. */
  constructor() {
    this.#grow(CAPACITY_MIN);
    this.#end = ROOT_PAIR;
    for (let node = 0; node < ROOT_PAIR; node += 1) this.makeBucket(node, 0, NONE);
  }

  /** Nodes have numbers below this one. */
  get end(): number {
    return this.#end;
  }

  get memoryBytes(): number {
    return this.#bytes.length + this.#left.byteLength * 2 + this.#flags.length;
  }

  isBranch(node: number): boolean {
    return this.left(node) >= 0;
  }

  left(node: number): number {
    return this.#left[node] ?? NONE;
  }

  right(branch: number): number {
    return this.left(branch) + 1;
  }

  /** Entries of a bucket. */
  count(bucket: number): number {
    return -1 - this.left(bucket);
  }

  /** First block of a bucket's entries, or `NONE` when they are not in memory. */
  block(bucket: number): number {
    return this.#block[bucket] ?? NONE;
  }

  makeBucket(node: number, count: number, block: number): void {
    this.#left[node] = -1 - count;
    this.#block[node] = block;
  }

  /** The node has two new empty buckets for children. Its hash is made by `hashStale`. */
  makeBranch(node: number, depth: number): void {
    const left = this.#newPair();
    for (const child of [left, left + 1]) {
      this.makeBucket(child, 0, NONE);
      this.#flags[child] = 0;
      this.clearHash(child);
    }
    this.#left[node] = left;
    this.#block[node] = NONE;
    this.#flags[node] = 0;
    this.markStale(node, depth);
  }

  /** The branch is an empty bucket from now on, and its children are gone. */
  removeChildren(branch: number): void {
    const left = this.left(branch);
    for (const child of [left, left + 1]) {
      this.makeBucket(child, 0, NONE);
      this.#flags[child] = 0;
    }
    this.#free.push(left);
    this.makeBucket(branch, 0, NONE);
  }

  markStale(branch: number, depth: number): void {
    this.#stale[depth]?.push(branch);
  }

  flags(node: number): number {
    return this.#flags[node] ?? 0;
  }

  setFlags(node: number, flags: number): void {
    this.#flags[node] = flags;
  }

  /** Takes this flag from all nodes. */
  clearFlag(flag: number): void {
    for (let node = 0; node < this.#end; node += 1) {
      this.#flags[node] = (this.#flags[node] ?? 0) & ~flag;
    }
  }

  hash(node: number): Uint8Array {
    return new Uint8Array(this.#bytes.subarray(node * HASH_BYTES, (node + 1) * HASH_BYTES));
  }

  hasHash(node: number, hash: Uint8Array): boolean {
    const at = node * HASH_BYTES;
    return this.#bytes.compare(hash, 0, HASH_BYTES, at, at + HASH_BYTES) === 0;
  }

  /** @param hash Text of one byte a character. */
  setHash(node: number, hash: string): void {
    this.#bytes.write(hash, node * HASH_BYTES, HASH_BYTES, "latin1");
  }

  clearHash(node: number): void {
    this.#words.fill(0, node * HASH_WORDS, (node + 1) * HASH_WORDS);
  }

  /** Hashes the branches that were marked, from the deepest level up to the root. */
  hashStale(): void {
    for (const level of this.#stale.toReversed()) {
      for (let from = 0; from < level.length; from += LANE_BLOCKS_MAX) {
        this.#hashBatch(level, from, Math.min(level.length, from + LANE_BLOCKS_MAX));
      }
      level.length = 0;
    }
  }

  #hashBatch(level: readonly number[], from: number, end: number): void {
    const lanes = hashLanes();
    for (let index = from; index < end; index += 1) {
      const pair = this.left(level[index] ?? 0) * HASH_WORDS;
      copyWords(this.#words, pair, lanes.words, (index - from) * PAIR_WORDS, PAIR_WORDS);
    }
    lanes.hashPairs(end - from);
    for (let index = from; index < end; index += 1) {
      const to = (level[index] ?? 0) * HASH_WORDS;
      copyWords(lanes.hashes, (index - from) * HASH_WORDS, this.#words, to, HASH_WORDS);
    }
  }

  #newPair(): number {
    const free = this.#free.pop();
    if (free !== undefined) return free;
    const first = this.#end;
    const capacity = this.#left.length;
    if (first + 2 > capacity) this.#grow(2 * Math.ceil((capacity * GROWTH) / 2));
    this.#end = first + 2;
    return first;
  }

  #grow(capacity: number): void {
    const { buffer } = grown(this.#words, new Int32Array(capacity * HASH_WORDS));
    this.#words = new Int32Array(buffer);
    this.#bytes = Buffer.from(buffer);
    this.#left = grown(this.#left, new Int32Array(capacity));
    this.#block = grown(this.#block, new Int32Array(capacity));
    const flags = new Uint8Array(capacity);
    flags.set(this.#flags);
    this.#flags = flags;
  }
}

function grown(from: Int32Array, to: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  to.set(from);
  return to;
}
