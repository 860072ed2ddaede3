/**
 * Envelopes: what was sent, read once, in the words the rules ask for.
 *
 * Errors  `DEVNET_BAD_ENVELOPE` for text that is not a TransactionEnvelope.
 * Source  CAP-15 (fee bumps), CAP-21 (preconditions), Stellar-transaction.x.
 */
import { xdr } from "@stellar/stellar-sdk/base";
import { concatBytes, toHex, uint32Bytes } from "../lib/bytes.ts";
import { AceError } from "../lib/errors.ts";
import { sha256 } from "../lib/hash.ts";
import { accountKey, accountOf, type EntryKey } from "./entries.ts";

const TAG_TRANSACTION = 2;
const TAG_FEE_BUMP = 5;

export interface Submission {
  /** As the ledger holds it: an old v0 envelope is rewritten as v1, which keeps its hash. */
  readonly envelope: xdr.TransactionEnvelope;
  /** SHA-256 of the whole envelope: what sets are sorted by. */
  readonly envelopeHash: Uint8Array;
  /** The transaction's hash; of the outer one for a fee bump. */
  readonly hash: Uint8Array;
  readonly hashHex: string;
  /** The transaction itself; the inner one of a fee bump. */
  readonly tx: xdr.Transaction;
  readonly txHash: Uint8Array;
  readonly source: xdr.PublicKey;
  readonly sourceKey: EntryKey;
  readonly conditions: Conditions;
  readonly signatures: readonly xdr.DecoratedSignature[];
  /** Signatures of the fee's source; undefined when this is no fee bump. */
  readonly bumpSignatures: readonly xdr.DecoratedSignature[] | undefined;
  readonly feeSource: xdr.PublicKey;
  readonly feeSourceKey: EntryKey;
  readonly feeBid: bigint;
  /** Operations that are paid for: a fee bump counts as one more. */
  readonly feeOperations: bigint;
}

interface Conditions {
  readonly minTime: bigint;
  /** 0 is no limit. */
  readonly maxTime: bigint;
  readonly minLedger: number;
  /** 0 is no limit. */
  readonly maxLedger: number;
  readonly minSequence: bigint | undefined;
  readonly minSequenceAge: bigint;
  readonly minSequenceLedgerGap: number;
  readonly extraSigners: readonly xdr.SignerKey[];
}

export function readEnvelope(base64: string, networkId: Uint8Array): Submission {
  return submissionOf(decode(base64), networkId);
}

export function submissionOf(given: xdr.TransactionEnvelope, networkId: Uint8Array): Submission {
  const envelope = given.type === "envelopeTypeTxV0" ? modernized(given.v0) : given;
  const { tx, signatures } = innerOf(envelope);
  const txHash = hashOf(networkId, TAG_TRANSACTION, tx);
  const bump = envelope.type === "envelopeTypeTxFeeBump" ? envelope.feeBump : undefined;
  const hash = bump === undefined ? txHash : hashOf(networkId, TAG_FEE_BUMP, bump.tx);
  const source = accountOf(tx.sourceAccount);
  const feeSource = bump === undefined ? source : accountOf(bump.tx.feeSource);
  return {
    envelope,
    envelopeHash: sha256(envelope.toXdr()),
    hash,
    hashHex: toHex(hash),
    tx,
    txHash,
    source,
    sourceKey: accountKey(source),
    conditions: conditionsOf(tx.cond),
    signatures,
    bumpSignatures: bump?.signatures,
    feeSource,
    feeSourceKey: accountKey(feeSource),
    feeBid: bump === undefined ? BigInt(tx.fee) : bump.tx.fee,
    feeOperations: BigInt(tx.operations.length + (bump === undefined ? 0 : 1)),
  };
}

/** The fee when each operation costs `baseFee`. No transaction is free, not even an empty one. */
export function feeAt(submission: Submission, baseFee: bigint): bigint {
  const operations = submission.feeOperations > 1n ? submission.feeOperations : 1n;
  return baseFee * operations;
}

function decode(base64: string): xdr.TransactionEnvelope {
  try {
    return xdr.TransactionEnvelope.fromXdr(base64, "base64");
  } catch (cause) {
    throw new AceError("DEVNET_BAD_ENVELOPE", "this is not the XDR of a transaction", { cause });
  }
}

function modernized({ tx, signatures }: xdr.TransactionV0Envelope): xdr.TransactionEnvelope {
  const { fee, seqNum, memo, operations, timeBounds } = tx;
  const v1 = new xdr.Transaction({
    sourceAccount: xdr.MuxedAccount.keyTypeEd25519(tx.sourceAccountEd25519),
    fee,
    seqNum,
    cond:
      timeBounds === null
        ? xdr.Preconditions.precondNone()
        : xdr.Preconditions.precondTime(timeBounds),
    memo,
    operations,
    ext: xdr.TransactionExt.v0(),
  });
  return xdr.TransactionEnvelope.envelopeTypeTx(
    new xdr.TransactionV1Envelope({ tx: v1, signatures }),
  );
}

function innerOf(envelope: xdr.TransactionEnvelope): xdr.TransactionV1Envelope {
  switch (envelope.type) {
    case "envelopeTypeTx":
      return envelope.v1;
    case "envelopeTypeTxFeeBump":
      return envelope.feeBump.tx.innerTx.v1;
    case "envelopeTypeTxV0":
      return innerOf(modernized(envelope.v0));
  }
}

function hashOf(
  networkId: Uint8Array,
  tag: number,
  tx: xdr.Transaction | xdr.FeeBumpTransaction,
): Uint8Array {
  return sha256(concatBytes(networkId, uint32Bytes(tag), tx.toXdr()));
}

function conditionsOf(cond: xdr.Preconditions): Conditions {
  const v2 = cond.type === "precondV2" ? cond.v2 : undefined;
  const time = cond.type === "precondTime" ? cond.timeBounds : v2?.timeBounds;
  return {
    minTime: time?.minTime ?? 0n,
    maxTime: time?.maxTime ?? 0n,
    minLedger: v2?.ledgerBounds?.minLedger ?? 0,
    maxLedger: v2?.ledgerBounds?.maxLedger ?? 0,
    minSequence: v2?.minSeqNum ?? undefined,
    minSequenceAge: v2?.minSeqAge ?? 0n,
    minSequenceLedgerGap: v2?.minSeqLedgerGap ?? 0,
    extraSigners: v2?.extraSigners ?? [],
  };
}
