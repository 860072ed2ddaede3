/**
 * Proofs against a ledger hash, with WebCrypto and nothing else: `verify.ts` is their door.
 *
 * Source  docs/spec/receipts.md.
 */
import {
  readReceiptProof,
  readStateProof,
  type Sibling,
  valueHashIn,
} from "../runtime/proof-format.ts";
import { HASH_BYTES, isRight } from "../runtime/state-format.ts";
import { bytesOfHex, hexOf } from "./text-bytes.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const SEQUENCE_BYTES = 8;
const BUCKET_PREFIX = Uint8Array.of(0);
const LEAF_PREFIX = Uint8Array.of(0);
const NODE_PREFIX = Uint8Array.of(1);
const NOTHING = new Uint8Array(0);
const EMPTY = new Uint8Array(HASH_BYTES);

export interface LedgerFields {
  readonly previous: string;
  readonly sequence: number;
  readonly receiptsRoot: string;
  readonly stateRoot: string;
  readonly protocolHash: string;
}

/** Whether the ledger hash is made of these. */
export async function hasFields(ledgerHash: string, fields: LedgerFields): Promise<boolean> {
  const { previous, sequence, receiptsRoot, stateRoot, protocolHash } = fields;
  const hashes = [previous, receiptsRoot, stateRoot, protocolHash].map(hashOfHex);
  const [before, receipts, state, protocol] = hashes;
  const isNumber = Number.isSafeInteger(sequence) && sequence >= 0;
  if (!isNumber || before === undefined || receipts === undefined) return false;
  if (state === undefined || protocol === undefined) return false;
  const number = new Uint8Array(SEQUENCE_BYTES);
  new DataView(number.buffer).setBigUint64(0, BigInt(sequence));
  const hash = await sha256(before, number, receipts, state, protocol);
  return hexOf(hash) === ledgerHash;
}

/** The root that the proof leads to, when it shows that the key has this value, or none. */
export async function rootOfState(
  key: Uint8Array,
  value: Uint8Array | undefined,
  proof: Uint8Array,
): Promise<string | undefined> {
  const wanted = value === undefined ? undefined : await sha256(value);
  return await rootOfPath(await sha256(key), wanted, proof);
}

/** The same for the hashes of key and value. */
export async function rootOfPath(
  path: Uint8Array,
  valueHash: Uint8Array | undefined,
  proof: Uint8Array,
): Promise<string | undefined> {
  const parts = readStateProof(proof, path);
  if (parts === undefined) return undefined;
  const { entries, siblings } = parts;
  if (textOf(valueHashIn(entries, path)) !== textOf(valueHash)) return undefined;
  const bucket = entries.length === 0 ? EMPTY : await sha256(BUCKET_PREFIX, entries);
  const way = siblings.map((hash, depth) => ({ hash, isLeft: isRight(path, depth) })).reverse();
  return hexOf(await fold(bucket, way, NOTHING));
}

/** The root that the proof leads to from this receipt. */
export async function rootOfReceipts(
  receipt: Uint8Array,
  proof: Uint8Array,
): Promise<string | undefined> {
  const way = readReceiptProof(proof);
  if (way === undefined) return undefined;
  const leaf = await sha256(LEAF_PREFIX, await sha256(receipt));
  return hexOf(await fold(leaf, way, NODE_PREFIX));
}

async function fold(from: Bytes, way: readonly Sibling[], prefix: Uint8Array): Promise<Bytes> {
  let hash = from;
  for (const sibling of way) {
    const pair = sibling.isLeft ? [sibling.hash, hash] : [hash, sibling.hash];
    hash = await sha256(prefix, ...pair);
  }
  return hash;
}

function hashOfHex(text: string): Bytes | undefined {
  const bytes = bytesOfHex(text);
  return bytes?.length === HASH_BYTES ? bytes : undefined;
}

function textOf(hash: Uint8Array | undefined): string {
  return hash === undefined ? "" : hexOf(hash);
}

async function sha256(...parts: readonly Uint8Array[]): Promise<Bytes> {
  const joined = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return new Uint8Array(await crypto.subtle.digest("SHA-256", joined));
}
