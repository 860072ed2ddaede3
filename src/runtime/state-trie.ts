/**
 * The shape of the state root: a binary Merkle trie over 32-byte paths, bits from the top, whose
 * subtrees of at most `BUCKET_ENTRIES_MAX` entries are one bucket.
 *
 *   empty   32 zero bytes
 *   bucket  sha256(0x00 ‖ path ‖ valueHash ‖ …), paths ascending: 1 + 64 n bytes
 *   node    sha256(left ‖ right): always 64 bytes, so never a bucket
 *
 * A subtree is a bucket exactly when it holds at most 16 entries or lies at depth 48. So the shape
 * depends on the set of entries alone, never on history. Nodes are never changed: an update makes
 * new ones along the paths it touches and shares the rest, so the trie before it stays whole.
 *
 * Source  `docs/spec/receipts.md`.
 */
import { compareBytes, concatBytes } from "../lib/bytes.ts";
import { sha256 } from "../lib/hash.ts";
import { invariant } from "../lib/invariant.ts";

/** Both belong to the protocol: they decide the root. */
export const BUCKET_ENTRIES_MAX = 16;
export const DEPTH_MAX = 48;
export const HASH_BYTES = 32;
/** path ‖ sha256(value) */
export const ENTRY_BYTES = 64;

export type Trie = Bucket | Branch;

interface Bucket {
  readonly kind: "bucket";
  readonly hash: Uint8Array;
  readonly size: number;
  /** 0x00 and the entries: the bytes that are hashed. */
  readonly body: Uint8Array;
}

interface Branch {
  readonly kind: "branch";
  readonly hash: Uint8Array;
  readonly size: number;
  readonly left: Trie;
  readonly right: Trie;
}

/** Path and value hash in one piece of 64 bytes. */
export type TrieEntry = Uint8Array;

export interface Change {
  readonly path: Uint8Array;
  /** Undefined takes the entry out. */
  readonly valueHash: Uint8Array | undefined;
}

const BUCKET_PREFIX = Uint8Array.of(0);
const TOO_MANY = 0xffff + 1;

export const emptyTrie: Trie = {
  kind: "bucket",
  hash: new Uint8Array(HASH_BYTES),
  size: 0,
  body: BUCKET_PREFIX,
};

/** Bit `depth` of a path, from the top. */
export function isRight(path: Uint8Array, depth: number): boolean {
  return (((path[depth >> 3] ?? 0) >> (7 - (depth & 7))) & 1) === 1;
}

export function hashPair(left: Uint8Array, right: Uint8Array): Uint8Array {
  return sha256(concatBytes(left, right));
}

/** The hash of a bucket with these entries in one piece. */
export function hashBucket(entries: Uint8Array): Uint8Array {
  return entries.length === 0 ? emptyTrie.hash : sha256(concatBytes(BUCKET_PREFIX, entries));
}

/** The trie of `entries` below `depth`; they ascend by path, each path once. */
export function buildTrie(entries: readonly TrieEntry[], depth: number): Trie {
  if (entries.length === 0) return emptyTrie;
  if (entries.length <= BUCKET_ENTRIES_MAX || depth === DEPTH_MAX) return makeBucket(entries);
  const middle = firstRight(entries, depth, (entry) => entry);
  return makeBranch(
    buildTrie(entries.slice(0, middle), depth + 1),
    buildTrie(entries.slice(middle), depth + 1),
  );
}

/** The trie after `changes`, which ascend by path, each path once. */
export function updateTrie(trie: Trie, changes: readonly Change[], depth: number): Trie {
  if (changes.length === 0) return trie;
  if (trie.kind === "bucket") return buildTrie(merge(entriesOf(trie), changes), depth);
  const middle = firstRight(changes, depth, ({ path }) => path);
  const left = updateTrie(trie.left, changes.slice(0, middle), depth + 1);
  const right = updateTrie(trie.right, changes.slice(middle), depth + 1);
  if (left.size + right.size > BUCKET_ENTRIES_MAX) return makeBranch(left, right);
  return buildTrie([...entriesOf(left), ...entriesOf(right)], depth);
}

function makeBucket(entries: readonly TrieEntry[]): Bucket {
  invariant(entries.length < TOO_MANY, "a proof counts a bucket's entries in two bytes");
  const body = concatBytes(BUCKET_PREFIX, ...entries);
  return { kind: "bucket", hash: sha256(body), size: entries.length, body };
}

function makeBranch(left: Trie, right: Trie): Branch {
  const hash = hashPair(left.hash, right.hash);
  return { kind: "branch", hash, size: left.size + right.size, left, right };
}

/** Only small tries are taken apart, and those are buckets. */
function entriesOf(trie: Trie): TrieEntry[] {
  invariant(trie.kind === "bucket", "a subtree of few entries is a bucket");
  const entries: TrieEntry[] = [];
  for (let at = 1; at < trie.body.length; at += ENTRY_BYTES) {
    entries.push(trie.body.subarray(at, at + ENTRY_BYTES));
  }
  return entries;
}

function merge(entries: readonly TrieEntry[], changes: readonly Change[]): TrieEntry[] {
  const merged: TrieEntry[] = [];
  let next = 0;
  for (const { path, valueHash } of changes) {
    const before = entries.slice(next).findIndex((entry) => comparePaths(entry, path) >= 0);
    const end = before < 0 ? entries.length : next + before;
    merged.push(...entries.slice(next, end));
    if (valueHash !== undefined) merged.push(concatBytes(path, valueHash));
    const replaced = entries[end];
    const isReplaced = replaced !== undefined && comparePaths(replaced, path) === 0;
    next = isReplaced ? end + 1 : end;
  }
  return [...merged, ...entries.slice(next)];
}

function comparePaths(entry: TrieEntry, path: Uint8Array): number {
  return compareBytes(entry.subarray(0, HASH_BYTES), path);
}

/** Where the right half begins among items in path order. */
function firstRight<Item>(
  items: readonly Item[],
  depth: number,
  pathOf: (item: Item) => Uint8Array,
): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const item = items[middle];
    if (item !== undefined && isRight(pathOf(item), depth)) high = middle;
    else low = middle + 1;
  }
  return low;
}
