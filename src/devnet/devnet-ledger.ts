/**
 * A closed ledger as the devnet keeps it: made when it closes, or read back from its LedgerCloseMeta.
 *
 * Errors  `LEDGER_MALFORMED` for bytes that are no ledger of a devnet.
 * Source  Stellar-ledger.x (LedgerCloseMetaV2). SCP messages and classic CAP-67 events are left out.
 */
import { xdr } from "@stellar/stellar-sdk/base";
import { toHex } from "../lib/bytes.ts";
import { AceError } from "../lib/errors.ts";
import { feeAt, readEnvelope, type Submission } from "./envelope.ts";
import { headerHash } from "./header.ts";
import { upgradeMeta } from "./upgrades.ts";

export interface Applied {
  readonly submission: Submission;
  readonly processing: xdr.TransactionResultMetaV1;
}

export interface DevnetTransaction {
  readonly hash: string;
  readonly ledger: number;
  readonly closeTime: bigint;
  /** Place in the ledger's order of applying, from 1. */
  readonly order: number;
  readonly isFeeBump: boolean;
  readonly ok: boolean;
  /** XDR of TransactionEnvelope, TransactionResult and TransactionMeta. */
  readonly envelope: Uint8Array;
  readonly result: Uint8Array;
  readonly meta: Uint8Array;
}

export interface DevnetLedger {
  readonly sequence: number;
  readonly hash: string;
  readonly closeTime: bigint;
  readonly protocol: number;
  readonly header: xdr.LedgerHeader;
  /** XDR of the LedgerHeaderHistoryEntry. */
  readonly headerEntry: Uint8Array;
  /** XDR of the LedgerCloseMeta. */
  readonly meta: Uint8Array;
  readonly transactions: readonly DevnetTransaction[];
  /** What each transaction paid for one operation, in stroops. */
  readonly feeRates: readonly bigint[];
}

/** The last ledger, as the next one needs it. */
export interface Tip {
  readonly header: xdr.LedgerHeader;
  readonly hash: Uint8Array;
}

export interface Closed {
  readonly ledger: DevnetLedger;
  readonly tip: Tip;
}

export interface LedgerParts {
  readonly header: xdr.LedgerHeader;
  readonly set: xdr.GeneralizedTransactionSet;
  /** In the order of applying. */
  readonly applied: readonly Applied[];
  readonly upgrades: readonly xdr.LedgerUpgrade[];
}

export function assembleLedger({ header, set, applied, upgrades }: LedgerParts): Closed {
  const hash = headerHash(header);
  const ext = xdr.LedgerHeaderHistoryEntryExt.v0();
  const ledgerHeader = new xdr.LedgerHeaderHistoryEntry({ hash, header, ext });
  const meta = new xdr.LedgerCloseMetaV2({
    ext: xdr.LedgerCloseMetaExt.v0(),
    ledgerHeader,
    txSet: set,
    txProcessing: applied.map(({ processing }) => processing),
    upgradesProcessing: upgrades.map(upgradeMeta),
    scpInfo: [],
    totalByteSizeOfLiveSorobanState: 0n,
    evictedKeys: [],
  });
  const ledger = ledgerFrom(ledgerHeader, kept(xdr.LedgerCloseMeta.v2(meta)), applied);
  return { ledger, tip: { header, hash } };
}

/** A LedgerCloseMeta as the devnet writes it. */
export function readMeta(meta: Uint8Array): xdr.LedgerCloseMetaV2 {
  const read = decode(meta);
  if (read.type === "v2") return read.v2;
  throw new AceError("LEDGER_MALFORMED", `the devnet writes no LedgerCloseMeta ${read.type}`);
}

export function readStored(meta: Uint8Array, networkId: Uint8Array): DevnetLedger {
  const { ledgerHeader, txSet, txProcessing } = readMeta(meta);
  const applied = joinApplied(txSet, txProcessing, networkId);
  return ledgerFrom(ledgerHeader, meta, applied);
}

/** Each result with its envelope. */
export function joinApplied(
  set: xdr.GeneralizedTransactionSet,
  processing: readonly xdr.TransactionResultMetaV1[],
  networkId: Uint8Array,
): readonly Applied[] {
  const submissions = new Map(
    envelopesOf(set).map((envelope) => {
      const submission = readEnvelope(envelope.toXdr("base64"), networkId);
      return [submission.hashHex, submission];
    }),
  );
  return processing.map((each) => {
    const hash = toHex(each.result.transactionHash.toBytes());
    const submission = submissions.get(hash);
    if (submission !== undefined) return { submission, processing: each };
    throw new AceError("LEDGER_MALFORMED", `there is no envelope for the result of ${hash}`);
  });
}

export function ledgerFrom(
  entry: xdr.LedgerHeaderHistoryEntry,
  meta: Uint8Array,
  applied: readonly Applied[],
): DevnetLedger {
  const { header } = entry;
  const headerEntry = kept(entry);
  return {
    sequence: header.ledgerSeq,
    hash: toHex(entry.hash.toBytes()),
    closeTime: header.scpValue.closeTime,
    protocol: header.ledgerVersion,
    get header() {
      return xdr.LedgerHeaderHistoryEntry.fromXdr(headerEntry).header;
    },
    headerEntry,
    meta,
    transactions: applied.map((each, index) => transactionOf(each, header, index + 1)),
    feeRates: applied.map(
      ({ submission, processing }) => processing.result.result.feeCharged / feeAt(submission, 1n),
    ),
  };
}

function decode(meta: Uint8Array): xdr.LedgerCloseMeta {
  try {
    return xdr.LedgerCloseMeta.fromXdr(meta);
  } catch (cause) {
    throw new AceError("LEDGER_MALFORMED", "these bytes are no LedgerCloseMeta", { cause });
  }
}

function envelopesOf(set: xdr.GeneralizedTransactionSet): readonly xdr.TransactionEnvelope[] {
  return set.v1TxSet.phases
    .flatMap((phase) => (phase.type === "v0Components" ? phase.v0Components : []))
    .flatMap(({ txsMaybeDiscountedFee }) => txsMaybeDiscountedFee.txs);
}

function transactionOf(
  { submission, processing }: Applied,
  header: xdr.LedgerHeader,
  order: number,
): DevnetTransaction {
  const { result } = processing.result;
  const { type } = result.result;
  return {
    hash: submission.hashHex,
    ledger: header.ledgerSeq,
    closeTime: header.scpValue.closeTime,
    order,
    isFeeBump: submission.bumpSignatures !== undefined,
    ok: type === "txSuccess" || type === "txFeeBumpInnerSuccess",
    envelope: kept(submission.envelope),
    result: kept(result),
    meta: kept(processing.txApplyProcessing),
  };
}

/** The SDK encodes into a buffer of several kilobytes; what is kept for long gets one of its size. */
function kept(value: { toXdr(): Uint8Array }): Uint8Array {
  return Uint8Array.from(value.toXdr());
}
