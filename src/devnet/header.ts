/**
 * The ledger header: what chains one ledger to the next.
 *
 * `bucketListHash` does NOT conform to stellar-core, which hashes its bucket list there: the devnet
 * has none and chains a hash over the changed entries instead. Nothing may be concluded from it but
 * that two devnets went the same way.
 *
 * Source  Stellar-ledger.x (LedgerHeader); stellar-core, BucketManager.cpp (calculateSkipValues);
 *         CAP-83 for the empty value.
 */
import { createHash } from "node:crypto";
import { xdr } from "@stellar/stellar-sdk/base";
import { compareBytes } from "../lib/bytes.ts";
import { sha256 } from "../lib/hash.ts";
import { upgraded } from "./upgrades.ts";

export interface HeaderFields {
  /** What the validators agreed on. */
  readonly value: xdr.StellarValue;
  readonly resultHash: Uint8Array;
  readonly stateHash: Uint8Array;
  /** Fees taken in this ledger. */
  readonly fees: bigint;
  /** The last offer id given away. */
  readonly lastId: bigint;
}

/** What a value is made of. */
export interface ValueFields {
  readonly closeTime: bigint;
  readonly setHash: Uint8Array;
  readonly signature: xdr.LedgerCloseValueSignature;
  readonly upgrades: readonly xdr.LedgerUpgrade[];
}

/** Every coin of the network. Fees leave the accounts and gather in the header's fee pool. */
export const TOTAL_COINS = 10n ** 18n;
const BASE_FEE = 100;
/** From the first ledger on; the public networks began with 100,000,000 and lowered it. */
const BASE_RESERVE = 5_000_000;
const SET_OPERATIONS_MAX = 1_000;

const HASH_BYTES = 32;
const SKIPS = [50, 5_000, 50_000, 500_000] as const;

function emptyHash(): Uint8Array {
  return new Uint8Array(HASH_BYTES);
}

export function genesisHeader(fields: HeaderFields, protocol: number): xdr.LedgerHeader {
  return new xdr.LedgerHeader({
    ledgerVersion: protocol,
    previousLedgerHash: emptyHash(),
    scpValue: fields.value,
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

/** Upgrades come last: the transactions of this ledger still went by the rules of the one before. */
export function nextHeader(
  previous: { readonly header: xdr.LedgerHeader; readonly hash: Uint8Array },
  fields: HeaderFields,
): xdr.LedgerHeader {
  const ledgerSeq = previous.header.ledgerSeq + 1;
  const header = new xdr.LedgerHeader({
    ...previous.header,
    previousLedgerHash: previous.hash,
    scpValue: fields.value,
    txSetResultHash: fields.resultHash,
    bucketListHash: fields.stateHash,
    ledgerSeq,
    feePool: previous.header.feePool + fields.fees,
    idPool: fields.lastId,
    skipList: skipList(previous.header.skipList, ledgerSeq, fields.stateHash),
  });
  return fields.value.upgrades
    .map((upgrade) => xdr.LedgerUpgrade.fromXdr(upgrade.toBytes()))
    .reduce(upgraded, header);
}

export function headerHash(header: xdr.LedgerHeader): Uint8Array {
  return sha256(header.toXdr());
}

/**
 * The state hash after `changes`, as a chain: each ledger's changes over the hash before. They are
 * sorted, so that it does not depend on who is asked first which entry a ledger touched.
 */
export function chainStateHash(
  previous: Uint8Array,
  changes: readonly xdr.LedgerEntryChange[],
): Uint8Array {
  const hasher = createHash("sha256").update(previous);
  const texts = changes.flatMap((change) =>
    change.type === "ledgerEntryState" ? [] : [change.toXdr()],
  );
  for (const text of texts.sort(compareBytes)) hasher.update(text);
  return Uint8Array.from(hasher.digest());
}

export function signedValue({ closeTime, setHash, ...fields }: ValueFields): xdr.StellarValue {
  return new xdr.StellarValue({
    txSetHash: setHash,
    closeTime,
    upgrades: fields.upgrades.map((upgrade) => new xdr.UpgradeType(upgrade.toXdr())),
    ext: xdr.StellarValueExt.stellarValueSigned(fields.signature),
  });
}

/** What validators fall back on when they cannot get the set that won: no set, and who proposed it. */
export function emptyValue(
  fields: ValueFields,
  previous: { readonly header: xdr.LedgerHeader; readonly hash: Uint8Array },
): xdr.StellarValue {
  const proposed = new xdr.StellarValueProposedValue({
    txSetHash: fields.setHash,
    previousLedgerHash: previous.hash,
    previousLedgerVersion: previous.header.ledgerVersion,
    lcValueSignature: fields.signature,
  });
  return new xdr.StellarValue({
    txSetHash: emptyHash(),
    closeTime: fields.closeTime,
    upgrades: [],
    ext: xdr.StellarValueExt.stellarValueEmptyTxSet(proposed),
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
