/**
 * Closing one ledger: set, order, fees, transactions, header, and all of it as LedgerCloseMeta.
 *
 * Source  Stellar-ledger.x (LedgerCloseMetaV2, TransactionMetaV4); stellar-core,
 *         LedgerManagerImpl.cpp. Of the meta, SCP messages and classic CAP-67 events are left out.
 */
import { xdr } from "@stellar/stellar-sdk/base";
import { toHex } from "../lib/bytes.ts";
import { sha256 } from "../lib/hash.ts";
import { applyTransaction, type FeeTaken, type TransactionApplied, takeFee } from "./apply.ts";
import { feeAt, type Submission } from "./envelope.ts";
import {
  chainStateHash,
  genesisHeader,
  type HeaderFields,
  headerHash,
  historyEntry,
  nextHeader,
  type Validator,
} from "./header.ts";
import type { LedgerRules } from "./operation.ts";
import { isOk, resultOf } from "./result.ts";
import type { LedgerState } from "./state.ts";
import { applyOrder, buildTransactionSet, type TransactionSet } from "./tx-set.ts";

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
  /** XDR of the LedgerCloseMeta. */
  readonly meta: Uint8Array;
  readonly transactions: readonly DevnetTransaction[];
  /** What each transaction paid for one operation, in stroops. */
  readonly feeRates: readonly bigint[];
}

export interface Chain {
  readonly networkId: Uint8Array;
  readonly validator: Validator;
  readonly state: LedgerState;
}

export interface Closing {
  readonly previous: DevnetLedger;
  readonly closeTime: bigint;
  readonly chosen: readonly Submission[];
  /** True when some had to wait: then the lowest bid is everybody's price. */
  readonly isFull: boolean;
}

interface Processed extends FeeTaken, TransactionApplied {
  readonly submission: Submission;
  readonly pair: xdr.TransactionResultPair;
}

/** Ledger 1: `work` writes what is there from the beginning. */
export function openChain(
  chain: Chain,
  protocol: number,
  closeTime: bigint,
  work: () => void,
): DevnetLedger {
  const set = buildTransactionSet(new Uint8Array(32), [], 0n, false);
  const { changes } = chain.state.scope(work);
  const stateHash = chainStateHash(new Uint8Array(32), changes);
  const fields = headerFields(chain, closeTime, set, [], stateHash);
  return encode(genesisHeader(fields, protocol), set, []);
}

export function closeLedger(chain: Chain, closing: Closing): DevnetLedger {
  const { header: previous } = closing.previous;
  const set = buildTransactionSet(
    headerHash(previous),
    closing.chosen,
    BigInt(previous.baseFee),
    closing.isFull,
  );
  const rules = rulesAfter(previous, closing.closeTime);
  chain.state.sequence = rules.sequence;
  const { result: processed, changes } = chain.state.scope(() =>
    applySet(chain.state, rules, set, closing.chosen),
  );
  const stateHash = chainStateHash(previous.bucketListHash.toBytes(), changes);
  const fields = headerFields(chain, closing.closeTime, set, processed, stateHash);
  return encode(nextHeader(previous, fields), set, processed);
}

/** What rules the ledger after `previous` goes by, if it closes at `closeTime`. */
export function rulesAfter(previous: xdr.LedgerHeader, closeTime: bigint): LedgerRules {
  return {
    sequence: previous.ledgerSeq + 1,
    closeTime,
    protocol: previous.ledgerVersion,
    baseFee: BigInt(previous.baseFee),
    baseReserve: BigInt(previous.baseReserve),
  };
}

function applySet(
  state: LedgerState,
  rules: LedgerRules,
  set: TransactionSet,
  chosen: readonly Submission[],
): readonly Processed[] {
  const ordered = applyOrder(chosen, set.hash).map((submission) => ({
    submission,
    ...takeFee(state, submission, set.baseFee, rules.protocol),
  }));
  return ordered.map(({ submission, charge, changes }) => {
    const applied = applyTransaction(state, rules, submission);
    const pair = new xdr.TransactionResultPair({
      transactionHash: submission.hash,
      result: resultOf(submission, applied.verdict, charge),
    });
    return { submission, charge, changes, pair, ...applied };
  });
}

function headerFields(
  { networkId, validator }: Chain,
  closeTime: bigint,
  set: TransactionSet,
  processed: readonly Processed[],
  stateHash: Uint8Array,
): HeaderFields {
  const results = new xdr.TransactionResultSet({ results: processed.map(({ pair }) => pair) });
  return {
    networkId,
    validator,
    closeTime,
    setHash: set.hash,
    resultHash: sha256(results.toXdr()),
    stateHash,
    fees: processed.reduce((sum, { charge }) => sum + charge.fee, 0n),
  };
}

function encode(
  header: xdr.LedgerHeader,
  set: TransactionSet,
  processed: readonly Processed[],
): DevnetLedger {
  const { closeTime } = header.scpValue;
  const meta = new xdr.LedgerCloseMetaV2({
    ext: xdr.LedgerCloseMetaExt.v0(),
    ledgerHeader: historyEntry(header),
    txSet: set.value,
    txProcessing: processed.map(processingOf),
    upgradesProcessing: [],
    scpInfo: [],
    totalByteSizeOfLiveSorobanState: 0n,
    evictedKeys: [],
  });
  return {
    sequence: header.ledgerSeq,
    hash: toHex(headerHash(header)),
    closeTime,
    protocol: header.ledgerVersion,
    header,
    meta: xdr.LedgerCloseMeta.v2(meta).toXdr(),
    transactions: processed.map((each, index) => transactionOf(each, header, index + 1)),
    feeRates: processed.map(({ submission, charge }) => charge.fee / feeAt(submission, 1n)),
  };
}

function processingOf({ pair, changes, meta }: Processed): xdr.TransactionResultMetaV1 {
  return new xdr.TransactionResultMetaV1({
    ext: xdr.ExtensionPoint.v0(),
    result: pair,
    feeProcessing: changes,
    txApplyProcessing: meta,
    postTxApplyFeeProcessing: [],
  });
}

function transactionOf(
  { submission, pair, verdict, meta }: Processed,
  header: xdr.LedgerHeader,
  order: number,
): DevnetTransaction {
  return {
    hash: submission.hashHex,
    ledger: header.ledgerSeq,
    closeTime: header.scpValue.closeTime,
    order,
    isFeeBump: submission.bumpSignatures !== undefined,
    ok: isOk(verdict),
    envelope: submission.envelope.toXdr(),
    result: pair.result.toXdr(),
    meta: meta.toXdr(),
  };
}
