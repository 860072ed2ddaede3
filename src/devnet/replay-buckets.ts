/**
 * The state of a real network at a checkpoint, as its bucket files hold it: to put right what
 * contracts changed, and to compare what the rules made of everything else.
 *
 * A bucket is a list of entries, live or dead. Of all buckets of a checkpoint, newest first, the
 * first that names a key decides. In an entry's XDR its key is a prefix, so that looking one up
 * decodes nothing.
 *
 * Range   The kinds of entries that the devnet keeps; contract data and code are passed over.
 * Errors  `LEDGER_MALFORMED` for a bucket that ends too soon or holds an unknown kind.
 * Source  Stellar-ledger.x (BucketEntry); CAP-20.
 */
import { readRecords } from "../ledger/record-stream.ts";
import { AceError } from "../lib/errors.ts";
import type { EntryKey } from "./entries.ts";

/** By key: the entry's XDR, or undefined when the bucket says that it is gone. */
export type Bucket = ReadonlyMap<EntryKey, Uint8Array | undefined>;

const LIVE_ENTRY = 0;
const DEAD_ENTRY = 1;
const INIT_ENTRY = 2;
const META_ENTRY = 0xff_ff_ff_ff;

const UINT32_BYTES = 4;
/** A LedgerEntry begins with the ledger of its last modification. */
const KEY_OFFSET = UINT32_BYTES;
const ACCOUNT_ID_BYTES = 36;
const ID_BYTES = 8;
const HASH_BYTES = 32;

const ACCOUNT = 0;
const TRUSTLINE = 1;
const OFFER = 2;
const DATA = 3;
const CLAIMABLE_BALANCE = 4;
const LIQUIDITY_POOL = 5;
const KINDS_MAX = 9;

/** Bytes of an asset after its type, by type: code and issuer, or the pool's id. */
const ASSET_BYTES: readonly number[] = [0, 4 + ACCOUNT_ID_BYTES, 12 + ACCOUNT_ID_BYTES, HASH_BYTES];

export function readBucket(file: Uint8Array): Bucket {
  const bucket = new Map<EntryKey, Uint8Array | undefined>();
  for (const record of readRecords(file)) {
    const kind = uint32At(record, 0);
    const body = record.subarray(UINT32_BYTES);
    if (kind === META_ENTRY) continue;
    const isDead = isDeadEntry(kind);
    const key = keyAt(body, isDead ? 0 : KEY_OFFSET);
    if (key !== undefined) bucket.set(key, isDead ? undefined : body);
  }
  return bucket;
}

function isDeadEntry(kind: number): boolean {
  if (kind === LIVE_ENTRY || kind === INIT_ENTRY) return false;
  if (kind === DEAD_ENTRY) return true;
  throw malformed(`an entry of kind ${kind}`);
}

/** Every entry that the buckets, newest first, hold. */
export function allEntries(buckets: readonly Bucket[]): ReadonlyMap<EntryKey, Uint8Array> {
  const entries = new Map<EntryKey, Uint8Array | undefined>();
  for (const bucket of buckets.toReversed()) {
    for (const [key, entry] of bucket) entries.set(key, entry);
  }
  return new Map(
    [...entries].flatMap(([key, entry]) => (entry === undefined ? [] : [[key, entry] as const])),
  );
}

function keyAt(bytes: Uint8Array, start: number): EntryKey | undefined {
  const length = keyLength(bytes, start);
  if (length === undefined) return undefined;
  if (start + length > bytes.length) throw malformed("an entry that is cut off");
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, length).toString("latin1");
}

function keyLength(bytes: Uint8Array, start: number): number | undefined {
  const kind = uint32At(bytes, start);
  const owned = UINT32_BYTES + ACCOUNT_ID_BYTES;
  switch (kind) {
    case ACCOUNT:
      return owned;
    case TRUSTLINE: {
      const rest = ASSET_BYTES[uint32At(bytes, start + owned)];
      if (rest === undefined) throw malformed("an asset of an unknown kind");
      return owned + UINT32_BYTES + rest;
    }
    case OFFER:
      return owned + ID_BYTES;
    case DATA: {
      const length = uint32At(bytes, start + owned);
      return owned + UINT32_BYTES + Math.ceil(length / UINT32_BYTES) * UINT32_BYTES;
    }
    case CLAIMABLE_BALANCE:
      return UINT32_BYTES + UINT32_BYTES + HASH_BYTES;
    case LIQUIDITY_POOL:
      return UINT32_BYTES + HASH_BYTES;
    default:
      if (kind > KINDS_MAX) throw malformed(`a ledger entry of kind ${kind}`);
      return undefined;
  }
}

function uint32At(bytes: Uint8Array, offset: number): number {
  if (offset + UINT32_BYTES > bytes.length) throw malformed("an entry that is cut off");
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(offset);
}

function malformed(what: string): AceError {
  return new AceError("LEDGER_MALFORMED", `a bucket holds ${what}`);
}
