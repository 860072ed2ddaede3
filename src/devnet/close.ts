/**
 * Closing one ledger: set, order, fees, transactions, header, and all of it as LedgerCloseMeta.
 *
 * Source  Stellar-ledger.x (LedgerCloseMetaV2, TransactionMetaV4); stellar-core,
 *         LedgerManagerImpl.cpp. Of the meta, SCP messages and classic CAP-67 events are left out.
 */
import { xdr } from "@stellar/stellar-sdk/base";
import { sha256 } from "../lib/hash.ts";
import {
  applyTransaction,
  type FeeTaken,
  type TransactionApplied,
  takeFee,
  withLastSequences,
} from "./apply.ts";
import { type Consensus, signValue } from "./consensus.ts";
import { assembleLedger, type Closed, type Tip } from "./devnet-ledger.ts";
import type { Submission } from "./envelope.ts";
import {
  chainStateHash,
  emptyValue,
  genesisHeader,
  nextHeader,
  signedValue,
  type ValueFields,
} from "./header.ts";
import type { LedgerRules } from "./operation.ts";
import { resultOf } from "./result.ts";
import type { LedgerState } from "./state.ts";
import { applyOrder, buildTransactionSet, type TransactionSet } from "./tx-set.ts";

export interface Chain {
  readonly networkId: Uint8Array;
  readonly consensus: Consensus;
  readonly state: LedgerState;
}

export interface Closing {
  readonly previous: Tip;
  readonly closeTime: bigint;
  readonly chosen: readonly Submission[];
  /** True when some had to wait: then the lowest bid is everybody's price. */
  readonly isFull: boolean;
  readonly upgrades: readonly xdr.LedgerUpgrade[];
  /** The validators could not get the set and agree on the empty value of CAP-83. */
  readonly isValueEmpty: boolean;
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
): Closed {
  const set = buildTransactionSet(new Uint8Array(32), [], 0n, false);
  const { changes } = chain.state.scope(work);
  const value = signedValue(valueFields(chain, closeTime, set, []));
  const stateHash = chainStateHash(new Uint8Array(32), changes);
  const header = genesisHeader(
    { value, resultHash: resultHash([]), stateHash, fees: 0n, lastId: 0n },
    protocol,
  );
  return encode(header, set, [], []);
}

export function closeLedger(chain: Chain, closing: Closing): Closed {
  const { previous, closeTime, chosen, isFull, upgrades, isValueEmpty } = closing;
  const baseFee = BigInt(previous.header.baseFee);
  const proposed = buildTransactionSet(previous.hash, chosen, baseFee, isFull);
  const set = isValueEmpty ? buildTransactionSet(previous.hash, [], baseFee, false) : proposed;
  const rules = rulesAfter(previous.header, closeTime);
  chain.state.sequence = rules.sequence;
  const { result: processed, changes } = chain.state.scope(() =>
    applySet(chain.state, rules, set, isValueEmpty ? [] : chosen),
  );
  const fields = valueFields(chain, closeTime, proposed, upgrades);
  const header = nextHeader(previous, {
    value: isValueEmpty ? emptyValue(fields, previous) : signedValue(fields),
    resultHash: resultHash(processed),
    stateHash: chainStateHash(previous.header.bucketListHash.toBytes(), changes),
    fees: processed.reduce((sum, { charge }) => sum + charge.fee, 0n),
    lastId: chain.state.lastId,
  });
  return encode(header, set, processed, isValueEmpty ? [] : upgrades);
}

/** What rules the ledger after `previous` goes by, if it closes at `closeTime`. */
export function rulesAfter(previous: xdr.LedgerHeader, closeTime: bigint): LedgerRules {
  return {
    sequence: previous.ledgerSeq + 1,
    closeTime,
    protocol: previous.ledgerVersion,
    baseFee: BigInt(previous.baseFee),
    baseReserve: BigInt(previous.baseReserve),
    flags: previous.ext.type === "v1" ? previous.ext.v1.flags : 0,
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
  const applying = withLastSequences(rules, chosen);
  return ordered.map(({ submission, charge, changes }) => {
    const applied = applyTransaction(state, applying, submission);
    const pair = new xdr.TransactionResultPair({
      transactionHash: submission.hash,
      result: resultOf(submission, applied.verdict, charge),
    });
    return { submission, charge, changes, pair, ...applied };
  });
}

function valueFields(
  { networkId, consensus }: Chain,
  closeTime: bigint,
  { hash: setHash }: TransactionSet,
  upgrades: readonly xdr.LedgerUpgrade[],
): ValueFields {
  const [validator] = consensus.validators;
  const signature = signValue(networkId, validator, { setHash, closeTime });
  return { closeTime, setHash, signature, upgrades };
}

function resultHash(processed: readonly Processed[]): Uint8Array {
  const results = processed.map(({ pair }) => pair);
  return sha256(new xdr.TransactionResultSet({ results }).toXdr());
}

function encode(
  header: xdr.LedgerHeader,
  { value: set }: TransactionSet,
  processed: readonly Processed[],
  upgrades: readonly xdr.LedgerUpgrade[],
): Closed {
  const applied = processed.map((each) => ({
    submission: each.submission,
    processing: processingOf(each),
  }));
  return assembleLedger({ header, set, applied, upgrades });
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
