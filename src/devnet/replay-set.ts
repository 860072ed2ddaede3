/**
 * The transactions of an archived ledger, read and put into the order they were applied in.
 *
 * Classic transactions come first, then contracts; each phase has an order of its own. What one
 * operation costs is said by the component of the set that a transaction stands in.
 *
 * Source  Stellar-ledger.x (TransactionHistoryEntry); CAP-42, CAP-46, CAP-63.
 */
import type { xdr } from "@stellar/stellar-sdk/base";
import { type Submission, submissionOf } from "./envelope.ts";
import { applyOrder } from "./tx-set.ts";

export interface ReplayedBid {
  readonly submission: Submission;
  /** Stroops an operation; undefined when everybody pays what he bid. */
  readonly baseFee: bigint | undefined;
  /** The devnet runs no contracts: what this transaction did is not known. */
  readonly isContract: boolean;
}

/** @param setHash What the header says; the order depends on it. */
export function readBids(
  { ext, txSet }: xdr.TransactionHistoryEntry,
  setHash: Uint8Array,
  networkId: Uint8Array,
): readonly ReplayedBid[] {
  const phases =
    ext.type === "generalizedTxSet"
      ? ext.generalizedTxSet.v1TxSet.phases.map(pricedOf)
      : [txSet.txs.map((envelope) => ({ envelope, baseFee: undefined }))];
  return phases.flatMap((priced) => inOrder(priced, setHash, networkId));
}

interface Priced {
  readonly envelope: xdr.TransactionEnvelope;
  readonly baseFee: bigint | undefined;
}

function pricedOf(phase: xdr.TransactionPhase): readonly Priced[] {
  if (phase.type === "v0Components") {
    return phase.v0Components.flatMap(({ txsMaybeDiscountedFee: { baseFee, txs } }) =>
      txs.map((envelope) => ({ envelope, baseFee: baseFee ?? undefined })),
    );
  }
  const { baseFee, executionStages } = phase.parallelTxsComponent;
  return executionStages.flat(2).map((envelope) => ({ envelope, baseFee: baseFee ?? undefined }));
}

function inOrder(
  priced: readonly Priced[],
  setHash: Uint8Array,
  networkId: Uint8Array,
): readonly ReplayedBid[] {
  const bids = new Map(
    priced.map(({ envelope, baseFee }) => {
      const submission = submissionOf(envelope, networkId);
      return [submission, { submission, baseFee, isContract: isContract(submission.tx) }];
    }),
  );
  return applyOrder([...bids.keys()], setHash).flatMap((submission) => bids.get(submission) ?? []);
}

function isContract({ operations }: xdr.Transaction): boolean {
  return operations.some(
    ({ body: { type } }) =>
      type === "invokeHostFunction" || type === "extendFootprintTtl" || type === "restoreFootprint",
  );
}
