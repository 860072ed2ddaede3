/**
 * The state tree as it is now: a binary Merkle trie over the paths, whose subtrees of few entries are
 * one bucket, in flat arrays. `state-tree.ts` gives it a history.
 *
 * Flow    `apply` records → `root`. `flush` hands every changed bucket to the disk; `settle` once
 *         that is committed. A tree whose flush was not committed is to be thrown away.
 * Errors  `STATE_ROOT_MISMATCH` for pages that cannot be those of a tree.
 * Source  `docs/spec/receipts.md`.
 */
import { toHex } from "../lib/bytes.ts";
import { AceError } from "../lib/errors.ts";
import { type StateProofParts, valueHashIn } from "./proof-format.ts";
import { TreeBuckets, type TreePages } from "./state-buckets.ts";
import { EntryChange } from "./state-change.ts";
import { BUCKET_ENTRIES_MAX, DEPTH_MAX, ENTRY_BYTES, isRight } from "./state-format.ts";
import { TreeNodes } from "./state-nodes.ts";

export interface TreePage {
  readonly id: number;
  readonly depth: number;
  /** The hashed bytes of the bucket. */
  readonly body: Uint8Array;
}

/** Takes the pages of a flush: first those that are gone, then those that changed, by id. */
export interface PageSink {
  removePage(id: number): void;
  putPage(page: TreePage): void;
}

/** What is told of a bucket on the way to a path. */
interface Place {
  readonly bucket: number;
  readonly id: number;
  /** The nodes beside the way, root first. */
  readonly siblings: readonly number[];
}

const ROOT = 0;
const NO_CHANGE = new EntryChange(new Uint8Array(0));
const ENTRIES_BYTES_MAX = 96 * 1024 * 1024;

/** By depth: how far the range of the right child begins behind that of the left one. */
const STEPS = Float64Array.from({ length: DEPTH_MAX }, (_, depth) => 2 ** (DEPTH_MAX - 1 - depth));
const stepAt = (depth: number): number => STEPS[depth] ?? 0;

export class FlatTree {
  readonly #nodes = new TreeNodes();
  readonly #buckets: TreeBuckets;
  /** What `apply` is at. */
  #change = NO_CHANGE;
  #size = 0;

  /** @param entriesBytesMax Memory for entries that are on disk as well. */
  constructor(pages: TreePages, entriesBytesMax = ENTRIES_BYTES_MAX) {
    this.#buckets = new TreeBuckets(this.#nodes, pages, entriesBytesMax);
  }

  get root(): string {
    return toHex(this.#nodes.hash(ROOT));
  }

  /** How many entries there are. */
  get size(): number {
    return this.#size;
  }

  get memoryBytes(): number {
    return this.#nodes.memoryBytes + this.#buckets.memoryBytes;
  }

  get isCrowded(): boolean {
    return this.#buckets.isCrowded;
  }

  /** Gives for each record the value hash before it, zeros where there was none. */
  apply(records: Uint8Array): Uint8Array {
    const count = records.length / ENTRY_BYTES;
    this.#change = new EntryChange(records);
    if (count > 0) this.#update({ node: ROOT, depth: 0, id: 0 }, 0, count);
    this.#nodes.hashStale();
    const { before } = this.#change;
    this.#change = NO_CHANGE;
    return before;
  }

  valueHash(path: Uint8Array): Uint8Array | undefined {
    const { bucket, id } = this.#find(path);
    return valueHashIn(this.#entriesOf(bucket, id), path);
  }

  prove(path: Uint8Array): StateProofParts {
    const { bucket, id, siblings } = this.#find(path);
    return {
      entries: this.#entriesOf(bucket, id),
      siblings: siblings.map((node) => this.#nodes.hash(node)),
    };
  }

  /** Reads and hashes every page, in the order of their ids, into an empty tree. */
  load(pages: Iterable<TreePage>): void {
    for (const { id, depth, body } of pages) {
      const bucket = this.#emptyPlace(id, depth);
      const count = (body.length - 1) / ENTRY_BYTES;
      const isBucket = count === 1 || (count > 1 && Number.isInteger(count));
      if (bucket === undefined || !isBucket || body[0] !== 0) {
        throw new AceError("STATE_ROOT_MISMATCH", `page ${id} of the state tree is damaged`);
      }
      this.#buckets.adopt(bucket, body);
      this.#size += count;
    }
    this.#nodes.hashStale();
  }

  flush(sink: PageSink): void {
    for (const id of this.#buckets.gone) sink.removePage(id);
    this.#flushBelow({ node: ROOT, depth: 0, id: 0 }, sink);
  }

  /** What was flushed is committed. */
  settle(): void {
    this.#buckets.settle();
  }

  /** Applies records `low` to `high` to the subtree of a node. */
  #update({ node, depth, id }: Position, low: number, high: number): void {
    const nodes = this.#nodes;
    if (!nodes.isBranch(node)) {
      const known = nodes.count(node);
      this.#change.old.reserve(known);
      this.#buckets.read(node, id, this.#change.old);
      if (this.#overwrites(node, id, low, high)) return;
      const count = this.#change.merge(known, low, high);
      this.#size += count - known;
      this.#build({ node, depth, id }, 0, count);
      return;
    }
    const middle = firstRight(this.#change.records, low, high, depth);
    const [left, right] = [nodes.left(node), nodes.right(node)];
    const rightId = id + stepAt(depth);
    if (middle > low) this.#update({ node: left, depth: depth + 1, id }, low, middle);
    if (high > middle) this.#update({ node: right, depth: depth + 1, id: rightId }, middle, high);
    if (!this.#joins(left, right)) nodes.markStale(node, depth);
    else this.#join({ node, depth, id }, left, right);
  }

  #joins(left: number, right: number): boolean {
    const nodes = this.#nodes;
    if (nodes.isBranch(left) || nodes.isBranch(right)) return false;
    return nodes.count(left) + nodes.count(right) <= BUCKET_ENTRIES_MAX;
  }

  /** Two buckets of few entries become one in their parent's place. */
  #join({ node, depth, id }: Position, left: number, right: number): void {
    const nodes = this.#nodes;
    const count = nodes.count(left);
    const sum = count + nodes.count(right);
    const rightId = id + stepAt(depth);
    this.#change.merged.reserve(sum);
    this.#buckets.read(left, id, this.#change.merged);
    this.#buckets.read(right, rightId, this.#change.merged, count);
    this.#buckets.forget(rightId);
    for (const child of [left, right]) this.#buckets.drop(child);
    nodes.removeChildren(node);
    this.#buckets.write(node, id, this.#change.merged, 0, sum);
  }

  /** The common case: only value hashes change. */
  #overwrites(bucket: number, id: number, low: number, high: number): boolean {
    const count = this.#nodes.count(bucket);
    const places = this.#change.overwrite(count, low, high);
    if (places === undefined) return false;
    if (this.#buckets.patch(bucket, this.#change.old, places)) return true;
    this.#buckets.write(bucket, id, this.#change.old, 0, count);
    return true;
  }

  /** Makes the subtree of the merged entries `low` to `high` out of a bucket. */
  #build({ node, depth, id }: Position, low: number, high: number): void {
    if (high - low <= BUCKET_ENTRIES_MAX || depth === DEPTH_MAX) {
      this.#buckets.write(node, id, this.#change.merged, low, high - low);
      return;
    }
    this.#buckets.drop(node);
    const middle = firstRight(this.#change.merged.bytes, low, high, depth);
    this.#nodes.makeBranch(node, depth);
    const [left, right] = [this.#nodes.left(node), this.#nodes.right(node)];
    this.#build({ node: left, depth: depth + 1, id }, low, middle);
    this.#build({ node: right, depth: depth + 1, id: id + stepAt(depth) }, middle, high);
  }

  #find(path: Uint8Array): Place {
    const siblings: number[] = [];
    let bucket = ROOT;
    let id = 0;
    while (this.#nodes.isBranch(bucket)) {
      const depth = siblings.length;
      const [left, right] = [this.#nodes.left(bucket), this.#nodes.right(bucket)];
      const goesRight = isRight(path, depth);
      siblings.push(goesRight ? left : right);
      bucket = goesRight ? right : left;
      if (goesRight) id += stepAt(depth);
    }
    return { bucket, id, siblings };
  }

  #entriesOf(bucket: number, id: number): Uint8Array {
    if (this.#nodes.count(bucket) === 0) return new Uint8Array(0);
    return this.#buckets.bodyOf(bucket, id).subarray(1);
  }

  /** The empty bucket of this range, with the branches above it; undefined where none can be. */
  #emptyPlace(id: number, depth: number): number | undefined {
    if (!Number.isInteger(depth) || depth < 0 || depth > DEPTH_MAX) return undefined;
    let node = ROOT;
    let rest = id;
    for (let level = 0; level < depth; level += 1) {
      if (!this.#opensBranch(node, level)) return undefined;
      const goesRight = rest >= stepAt(level);
      if (goesRight) rest -= stepAt(level);
      node = goesRight ? this.#nodes.right(node) : this.#nodes.left(node);
    }
    // Of a branch the count is negative.
    return rest === 0 && this.#nodes.count(node) === 0 ? node : undefined;
  }

  /** Whether the node is a branch, or becomes one because it is empty. */
  #opensBranch(node: number, depth: number): boolean {
    const nodes = this.#nodes;
    if (nodes.isBranch(node)) return true;
    if (nodes.count(node) > 0) return false;
    nodes.makeBranch(node, depth);
    return true;
  }

  #flushBelow({ node, depth, id }: Position, sink: PageSink): void {
    if (this.#nodes.isBranch(node)) {
      const [left, right] = [this.#nodes.left(node), this.#nodes.right(node)];
      this.#flushBelow({ node: left, depth: depth + 1, id }, sink);
      this.#flushBelow({ node: right, depth: depth + 1, id: id + stepAt(depth) }, sink);
    } else if (this.#buckets.isChanged(node)) {
      sink.putPage({ id, depth, body: this.#buckets.bodyOf(node, id) });
    }
  }
}

/** A node, and the range of paths below it. */
interface Position {
  readonly node: number;
  readonly depth: number;
  readonly id: number;
}

/** Where the right half begins among the entries `low` to `high`, which ascend by path. */
function firstRight(entries: Uint8Array, low: number, high: number, depth: number): number {
  let [from, end] = [low, high];
  while (from < end) {
    const middle = (from + end) >> 1;
    if (isRight(entries, depth, middle * ENTRY_BYTES)) end = middle;
    else from = middle + 1;
  }
  return from;
}
