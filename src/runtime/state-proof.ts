/**
 * Proofs that a key has a value in the state, or is absent from it; checked with a hash and nothing
 * else.
 *
 * `depth (1 byte) ‖ n (2, big-endian) ‖ n entries of path ‖ sha256(value) ‖ depth siblings of 32
 * bytes, root first`: the one bucket in which the key is or would be.
 *
 * Units   Roots and value hashes are lower-case hexadecimal text.
 * Source  `docs/spec/receipts.md`.
 */
import { compareBytes, concatBytes, fromHex } from "../lib/bytes.ts";
import { sha256 } from "../lib/hash.ts";
import {
  BUCKET_ENTRIES_MAX,
  DEPTH_MAX,
  ENTRY_BYTES,
  HASH_BYTES,
  hashBucket,
  hashPair,
  isRight,
  type Trie,
} from "./state-trie.ts";

const HEAD_BYTES = 3;

/**
 * Whether `proof` shows that under `root` the key's value has this hash, or, with undefined, that
 * the key is absent.
 */
export function verifyProof(
  root: string,
  key: Uint8Array,
  valueHash: string | undefined,
  proof: Uint8Array,
): boolean {
  const rootBytes = fromHex(root);
  const wanted = valueHash === undefined ? undefined : fromHex(valueHash);
  if (rootBytes?.length !== HASH_BYTES) return false;
  if (valueHash !== undefined && wanted?.length !== HASH_BYTES) return false;
  return verifyPathProof({ root: rootBytes, path: sha256(key), valueHash: wanted, proof });
}

export interface PathClaim {
  readonly root: Uint8Array;
  readonly path: Uint8Array;
  readonly valueHash: Uint8Array | undefined;
  readonly proof: Uint8Array;
}

export function verifyPathProof({ root, path, valueHash, proof }: PathClaim): boolean {
  const parts = readProof(proof);
  if (parts === undefined || !isBucketOf(parts, path)) return false;
  if (compareBytes(foldToRoot(parts, path), root) !== 0) return false;
  const found = parts.entries.find((entry) => compareBytes(pathOf(entry), path) === 0);
  if (valueHash === undefined) return found === undefined;
  return found !== undefined && compareBytes(found.subarray(HASH_BYTES), valueHash) === 0;
}

/** The proof for `path`, whether its entry is there or not. */
export function provePath(root: Trie, path: Uint8Array): Uint8Array {
  const siblings: Uint8Array[] = [];
  let node = root;
  while (node.kind === "branch") {
    const goesRight = isRight(path, siblings.length);
    siblings.push(goesRight ? node.left.hash : node.right.hash);
    node = goesRight ? node.right : node.left;
  }
  const head = Uint8Array.of(siblings.length, node.size >> 8, node.size & 0xff);
  return concatBytes(head, node.body.subarray(1), ...siblings);
}

interface ProofParts {
  readonly entries: readonly Uint8Array[];
  readonly bucketHash: Uint8Array;
  /** Root first. */
  readonly siblings: readonly Uint8Array[];
}

/** Undefined when the bytes have another length than they say, or no bucket could be so. */
function readProof(proof: Uint8Array): ProofParts | undefined {
  const [depth, high, low] = proof;
  if (depth === undefined || high === undefined || low === undefined) return undefined;
  const count = high * 256 + low;
  const end = HEAD_BYTES + count * ENTRY_BYTES;
  if (depth > DEPTH_MAX || proof.length !== end + depth * HASH_BYTES) return undefined;
  if (count > BUCKET_ENTRIES_MAX && depth < DEPTH_MAX) return undefined;
  const body = proof.subarray(HEAD_BYTES, end);
  return {
    entries: cut(body, ENTRY_BYTES),
    bucketHash: hashBucket(body),
    siblings: cut(proof.subarray(end), HASH_BYTES),
  };
}

/** Entries ascend and all belong where the proof for `path` leads. */
function isBucketOf({ entries, siblings }: ProofParts, path: Uint8Array): boolean {
  return entries.every((entry, index) => {
    const before = entries[index - 1];
    if (before !== undefined && compareBytes(pathOf(before), pathOf(entry)) >= 0) return false;
    return siblings.every((_, depth) => isRight(entry, depth) === isRight(path, depth));
  });
}

function foldToRoot({ bucketHash, siblings }: ProofParts, path: Uint8Array): Uint8Array {
  return siblings.reduceRight((hash, sibling, depth) => {
    return isRight(path, depth) ? hashPair(sibling, hash) : hashPair(hash, sibling);
  }, bucketHash);
}

function pathOf(entry: Uint8Array): Uint8Array {
  return entry.subarray(0, HASH_BYTES);
}

function cut(bytes: Uint8Array, length: number): readonly Uint8Array[] {
  const count = bytes.length / length;
  return Array.from({ length: count }, (_, index) =>
    bytes.subarray(index * length, (index + 1) * length),
  );
}
