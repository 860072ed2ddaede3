/**
 * The ledger header: what chains one ledger to the next.
 *
 * `bucketListHash` does NOT conform to stellar-core, which hashes its bucket list there: the devnet
 * has none and chains a hash over the changed entries instead. Nothing may be concluded from it but
 * that two devnets went the same way.
 *
 * Source  Stellar-ledger.x (LedgerHeader); stellar-core, BucketManager.cpp (calculateSkipValues) and
 *         HerderImpl.cpp (the signature of a value).
 */
import { createHash, createPrivateKey, sign } from "node:crypto";
import { Keypair, xdr } from "@stellar/stellar-sdk/base";
import { concatBytes, uint32Bytes, uint64Bytes } from "../lib/bytes.ts";
import { sha256 } from "../lib/hash.ts";

export interface Validator {
  readonly id: xdr.PublicKey;
  sign(message: Uint8Array): Uint8Array;
}

export interface HeaderFields {
  readonly networkId: Uint8Array;
  readonly validator: Validator;
  readonly closeTime: bigint;
  readonly setHash: Uint8Array;
  readonly resultHash: Uint8Array;
  readonly stateHash: Uint8Array;
  /** Fees taken in this ledger. */
  readonly fees: bigint;
}

/** Every coin of the network. Fees leave the accounts and gather in the header's fee pool. */
export const TOTAL_COINS = 10n ** 18n;
const BASE_FEE = 100;
/** From the first ledger on; the public networks began with 100,000,000 and lowered it. */
const BASE_RESERVE = 5_000_000;
export const SET_OPERATIONS_MAX = 1_000;

const ENVELOPE_TYPE_SCP_VALUE = 4;
const HASH_BYTES = 32;
const SKIPS = [50, 5_000, 50_000, 500_000] as const;
/** DER of an Ed25519 private key, up to the seed itself (RFC 8410). */
const ED25519_PKCS8 = Uint8Array.fromHex("302e020100300506032b657004220420");

function emptyHash(): Uint8Array {
  return new Uint8Array(HASH_BYTES);
}

export function createValidator(seed: Uint8Array): Validator {
  const key = createPrivateKey({
    key: Buffer.from(concatBytes(ED25519_PKCS8, seed)),
    format: "der",
    type: "pkcs8",
  });
  return {
    id: Keypair.fromRawEd25519Seed(seed).xdrPublicKey(),
    sign: (message) => Uint8Array.from(sign(null, message, key)),
  };
}

export function genesisHeader(fields: HeaderFields, protocol: number): xdr.LedgerHeader {
  return new xdr.LedgerHeader({
    ledgerVersion: protocol,
    previousLedgerHash: emptyHash(),
    scpValue: signedValue(fields),
    txSetResultHash: fields.resultHash,
    bucketListHash: fields.stateHash,
    ledgerSeq: 1,
    totalCoins: TOTAL_COINS,
    feePool: 0n,
    inflationSeq: 0,
    idPool: 0n,
    baseFee: BASE_FEE,
    baseReserve: BASE_RESERVE,
    maxTxSetSize: SET_OPERATIONS_MAX,
    skipList: SKIPS.map(emptyHash),
    ext: xdr.LedgerHeaderExt.v0(),
  });
}

export function nextHeader(previous: xdr.LedgerHeader, fields: HeaderFields): xdr.LedgerHeader {
  const ledgerSeq = previous.ledgerSeq + 1;
  return new xdr.LedgerHeader({
    ...previous,
    previousLedgerHash: headerHash(previous),
    scpValue: signedValue(fields),
    txSetResultHash: fields.resultHash,
    bucketListHash: fields.stateHash,
    ledgerSeq,
    feePool: previous.feePool + fields.fees,
    skipList: skipList(previous.skipList, ledgerSeq, fields.stateHash),
  });
}

export function headerHash(header: xdr.LedgerHeader): Uint8Array {
  return sha256(header.toXdr());
}

export function historyEntry(header: xdr.LedgerHeader): xdr.LedgerHeaderHistoryEntry {
  return new xdr.LedgerHeaderHistoryEntry({
    hash: headerHash(header),
    header,
    ext: xdr.LedgerHeaderHistoryEntryExt.v0(),
  });
}

/** The state hash after `changes`, as a chain: each ledger's changes over the hash before. */
export function chainStateHash(
  previous: Uint8Array,
  changes: readonly xdr.LedgerEntryChange[],
): Uint8Array {
  const hasher = createHash("sha256").update(previous);
  for (const change of changes) {
    if (change.type !== "ledgerEntryState") hasher.update(change.toXdr());
  }
  return Uint8Array.from(hasher.digest());
}

function signedValue(fields: HeaderFields): xdr.StellarValue {
  const { closeTime, setHash, validator } = fields;
  const message = concatBytes(
    fields.networkId,
    uint32Bytes(ENVELOPE_TYPE_SCP_VALUE),
    setHash,
    uint64Bytes(closeTime),
  );
  const lcValueSignature = new xdr.LedgerCloseValueSignature({
    nodeId: validator.id,
    signature: new xdr.Signature(validator.sign(message)),
  });
  return new xdr.StellarValue({
    txSetHash: setHash,
    closeTime,
    upgrades: [],
    ext: xdr.StellarValueExt.stellarValueSigned(lcValueSignature),
  });
}

/** Each slot moves on when a ledger's number, less the steps before it, is a multiple of its own. */
function skipList(list: xdr.Hash[], sequence: number, stateHash: Uint8Array): xdr.Hash[] {
  const skips = [...list];
  let passed = 0;
  let moved = 0;
  for (const skip of SKIPS) {
    const rest = sequence - passed;
    if (rest <= 0 || rest % skip !== 0) break;
    passed += skip;
    moved += 1;
  }
  if (moved === 0) return skips;
  return [new xdr.Hash(stateHash), ...skips.slice(0, moved - 1), ...skips.slice(moved)];
}
