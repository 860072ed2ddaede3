/**
 * The nodes of the state tree in flat arrays: 41 bytes a node, whatever the engine's objects cost.
 *
 * A branch has two children. A bucket has a count of entries and, while its entries are in memory,
 * the first of their blocks. Nodes that touch a changed one are hashed level by level, many at once.
 *
 * Source  `docs/spec/receipts.md`.
 */
import { hashInto } from "@chainsafe/as-sha256";
import { DEPTH_MAX, HASH_BYTES } from "./state-format.ts";

/** No block, or no node. */
export const NONE = -1;

const HASH_WORDS = HASH_BYTES / 4;
const PAIR_WORDS = 2 * HASH_WORDS;
const BATCH_PAIRS = 1_024;
const CAPACITY_MIN = 1_024;
const GROWTH = 1.25;

export class TreeNodes {
  /** A child when not negative; a bucket of n entries holds -1 - n. */
  #left = new Int32Array(0);
  /** The other child; of a bucket the first block. */
  #right = new Int32Array(0);
  #flags = new Uint8Array(0);
  #words = new Int32Array(0);
  #bytes = Buffer.alloc(0);
  #end = 0;
  readonly #free: number[] = [];
  /** By depth: branches whose hash is not made yet. */
  readonly #stale: number[][] = Array.from({ length: DEPTH_MAX }, () => []);
  readonly #pairs = new Int32Array(BATCH_PAIRS * PAIR_WORDS);
  readonly #outs = new Int32Array(BATCH_PAIRS * HASH_WORDS);
  readonly #pairBytes = new Uint8Array(this.#pairs.buffer);
  readonly #outBytes = new Uint8Array(this.#outs.buffer);

  /** Nodes have numbers below this one. */
  get end(): number {
    return this.#end;
  }

  get memoryBytes(): number {
    return this.#bytes.length + this.#left.byteLength * 2 + this.#flags.length;
  }

  /** A new empty bucket. */
  add(): number {
    const node = this.#free.pop() ?? this.#next();
    this.#left[node] = NONE;
    this.#right[node] = NONE;
    this.#flags[node] = 0;
    this.#words.fill(0, node * HASH_WORDS, (node + 1) * HASH_WORDS);
    return node;
  }

  remove(node: number): void {
    this.makeBucket(node, 0, NONE);
    this.#flags[node] = 0;
    this.#free.push(node);
  }

  isBranch(node: number): boolean {
    return this.left(node) >= 0;
  }

  left(node: number): number {
    return this.#left[node] ?? NONE;
  }

  right(node: number): number {
    return this.#right[node] ?? NONE;
  }

  /** Entries of a bucket. */
  count(bucket: number): number {
    return -1 - this.left(bucket);
  }

  /** First block of a bucket's entries, or `NONE` when they are not in memory. */
  block(bucket: number): number {
    return this.right(bucket);
  }

  makeBucket(node: number, count: number, block: number): void {
    this.#left[node] = -1 - count;
    this.#right[node] = block;
  }

  /** Its hash is made by `hashStale`. */
  makeBranch(node: number, depth: number, left: number, right: number): void {
    this.#left[node] = left;
    this.#right[node] = right;
    this.#flags[node] = 0;
    this.markStale(node, depth);
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
      for (let from = 0; from < level.length; from += BATCH_PAIRS) {
        this.#hashBatch(level, from, Math.min(level.length, from + BATCH_PAIRS));
      }
      level.length = 0;
    }
  }

  #hashBatch(level: readonly number[], from: number, end: number): void {
    for (let index = from; index < end; index += 1) {
      const at = (index - from) * PAIR_WORDS;
      const branch = level[index] ?? 0;
      this.#copyHash(this.left(branch), at);
      this.#copyHash(this.right(branch), at + HASH_WORDS);
    }
    const count = end - from;
    hashInto(
      this.#pairBytes.subarray(0, count * 2 * HASH_BYTES),
      this.#outBytes.subarray(0, count * HASH_BYTES),
    );
    for (let index = from; index < end; index += 1) {
      const to = (level[index] ?? 0) * HASH_WORDS;
      const at = (index - from) * HASH_WORDS;
      for (let word = 0; word < HASH_WORDS; word += 1) {
        this.#words[to + word] = this.#outs[at + word] ?? 0;
      }
    }
  }

  #copyHash(node: number, at: number): void {
    const from = node * HASH_WORDS;
    for (let word = 0; word < HASH_WORDS; word += 1) {
      this.#pairs[at + word] = this.#words[from + word] ?? 0;
    }
  }

  #next(): number {
    const capacity = this.#left.length;
    if (this.#end === capacity) this.#grow(Math.max(CAPACITY_MIN, Math.ceil(capacity * GROWTH)));
    this.#end += 1;
    return this.#end - 1;
  }

  #grow(capacity: number): void {
    const { buffer } = grown(this.#words, new Int32Array(capacity * HASH_WORDS));
    this.#words = new Int32Array(buffer);
    this.#bytes = Buffer.from(buffer);
    this.#left = grown(this.#left, new Int32Array(capacity));
    this.#right = grown(this.#right, new Int32Array(capacity));
    const flags = new Uint8Array(capacity);
    flags.set(this.#flags);
    this.#flags = flags;
  }
}

function grown(from: Int32Array, to: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  to.set(from);
  return to;
}
