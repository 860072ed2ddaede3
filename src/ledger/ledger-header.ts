/**
 * Ledger headers, read in place: the fields that verification needs, nothing decoded.
 *
 * Units   Hashes are slices of 32 bytes; `closeTime` is Unix seconds; the fee pool is stroops.
 * Range   The bytes have been walked over by the skip reader before.
 * Source  Stellar-ledger.x: LedgerHeader, StellarValue; CAP-83 for values of the kind `empty`.
 */
import { invariant } from "../lib/invariant.ts";
import { skipStellarValue } from "./skip-reader.gen.ts";
import { viewOf } from "./spans.ts";

export interface LedgerHeader {
  /** XDR of the LedgerHeader: what the header hash covers. */
  readonly bytes: Uint8Array;
  readonly sequence: number;
  readonly protocolVersion: number;
  readonly previousHash: Uint8Array;
  readonly value: LedgerValue;
  readonly resultHash: Uint8Array;
  readonly bucketListHash: Uint8Array;
  readonly feePool: bigint;
}

/** What validators agreed on: header's scpValue. */
export interface LedgerValue {
  /** XDR of the StellarValue. */
  readonly bytes: Uint8Array;
  readonly kind: "basic" | "signed" | "empty";
  readonly setHash: Uint8Array;
  readonly closeTime: bigint;
  readonly hasUpgrades: boolean;
  /** Who nominated the value; only one of the kind `signed` says so. */
  readonly signature: ValueSignature | undefined;
}

export interface ValueSignature {
  /** Ed25519 key of a validator. */
  readonly signer: Uint8Array;
  readonly signature: Uint8Array;
}

const WORD_BYTES = 4;
const LONG_BYTES = 8;
const HASH_BYTES = 32;
const KINDS = ["basic", "signed", "empty"] as const;

/** @param bytes XDR of one LedgerHeader, nothing after it. */
export function readHeader(bytes: Uint8Array): LedgerHeader {
  const view = viewOf(bytes);
  const valueStart = WORD_BYTES + HASH_BYTES;
  const valueEnd = skipStellarValue(view, valueStart);
  const hashAt = (offset: number): Uint8Array => bytes.subarray(offset, offset + HASH_BYTES);
  const afterHashes = valueEnd + 2 * HASH_BYTES;
  return {
    bytes,
    protocolVersion: view.getUint32(0),
    previousHash: hashAt(WORD_BYTES),
    value: readValue(bytes.subarray(valueStart, valueEnd)),
    resultHash: hashAt(valueEnd),
    bucketListHash: hashAt(valueEnd + HASH_BYTES),
    sequence: view.getUint32(afterHashes),
    // The total of all coins stands between.
    feePool: view.getBigInt64(afterHashes + WORD_BYTES + LONG_BYTES),
  };
}

function readValue(bytes: Uint8Array): LedgerValue {
  const view = viewOf(bytes);
  const upgradeCount = view.getUint32(HASH_BYTES + LONG_BYTES);
  let offset = HASH_BYTES + LONG_BYTES + WORD_BYTES;
  for (let index = 0; index < upgradeCount; index += 1) offset = afterBytes(view, offset);
  const kind = KINDS[view.getInt32(offset)];
  invariant(kind !== undefined, "the skip reader knows no other kind of value");
  return {
    bytes,
    kind,
    setHash: bytes.subarray(0, HASH_BYTES),
    closeTime: view.getBigUint64(HASH_BYTES),
    hasUpgrades: upgradeCount > 0,
    signature: kind === "signed" ? signatureAt(bytes, offset + WORD_BYTES) : undefined,
  };
}

/** A node's id, which is a key of one known type, and its signature. */
function signatureAt(bytes: Uint8Array, offset: number): ValueSignature {
  const key = offset + WORD_BYTES;
  const start = key + HASH_BYTES + WORD_BYTES;
  const length = viewOf(bytes).getUint32(start - WORD_BYTES);
  return {
    signer: bytes.subarray(key, key + HASH_BYTES),
    signature: bytes.subarray(start, start + length),
  };
}

function afterBytes(view: DataView, offset: number): number {
  const length = view.getUint32(offset);
  return offset + WORD_BYTES + Math.ceil(length / WORD_BYTES) * WORD_BYTES;
}
