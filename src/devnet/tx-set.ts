/**
 * The transaction set: what goes into a ledger, the hash it is known by, and the order of applying.
 *
 * The set is sorted by envelope hash. The order of applying mixes that hash with the set's own, so
 * that nobody can choose a place in it.
 *
 * Source  CAP-42 and CAP-63 (generalized sets); stellar-core, TxSetFrame.cpp
 *         (sortedForApplySequential).
 */
import { xdr } from "@stellar/stellar-sdk/base";
import { compareBytes } from "../lib/bytes.ts";
import { sha256 } from "../lib/hash.ts";
import { feeAt, type Submission } from "./envelope.ts";

export interface TransactionSet {
  readonly value: xdr.GeneralizedTransactionSet;
  readonly hash: Uint8Array;
  /** What one operation costs in this ledger: the lowest bid when not all had room. */
  readonly baseFee: bigint;
}

/** The best bids that fit into one ledger; the rest waits. */
export function chooseTransactions(
  waiting: readonly Submission[],
  operationsMax: number,
): readonly Submission[] {
  const byBid = waiting.toSorted(
    (left, right) => compareBids(right, left) || compareBytes(left.hash, right.hash),
  );
  let room = BigInt(operationsMax);
  return byBid.filter(({ feeOperations }) => {
    const fits = feeOperations <= room;
    if (fits) room -= feeOperations;
    return fits;
  });
}

export function buildTransactionSet(
  previousHash: Uint8Array,
  chosen: readonly Submission[],
  minimumFee: bigint,
  isFull: boolean,
): TransactionSet {
  const baseFee = isFull ? lowestBid(chosen, minimumFee) : minimumFee;
  const txs = chosen
    .toSorted((left, right) => compareBytes(left.envelopeHash, right.envelopeHash))
    .map(({ envelope }) => envelope);
  const component = new xdr.TxSetComponentTxsMaybeDiscountedFee({ baseFee, txs });
  const components =
    txs.length === 0 ? [] : [xdr.TxSetComponent.txsetCompTxsMaybeDiscountedFee(component)];
  const noSoroban = new xdr.ParallelTxsComponent({ baseFee: null, executionStages: [] });
  const value = xdr.GeneralizedTransactionSet.v1TxSet(
    new xdr.TransactionSetV1({
      previousLedgerHash: previousHash,
      phases: [
        xdr.TransactionPhase.v0Components(components),
        xdr.TransactionPhase.parallelTxsComponent(noSoroban),
      ],
    }),
  );
  return { value, hash: sha256(value.toXdr()), baseFee };
}

/** Rounds of one transaction an account, each in the order of its hash mixed with the set's. */
export function applyOrder(
  chosen: readonly Submission[],
  setHash: Uint8Array,
): readonly Submission[] {
  const queues = [...Map.groupBy(chosen, ({ sourceKey }) => sourceKey).values()].map((queue) =>
    queue.toSorted((left, right) => compareBigints(left.tx.seqNum, right.tx.seqNum)),
  );
  const rounds = Math.max(0, ...queues.map(({ length }) => length));
  return Array.from({ length: rounds }, (_, round) =>
    queues
      .flatMap((queue) => queue.slice(round, round + 1))
      .map((submission) => ({ submission, place: mix(submission.envelopeHash, setHash) }))
      .sort((left, right) => compareBytes(left.place, right.place))
      .map(({ submission }) => submission),
  ).flat();
}

function mix(hash: Uint8Array, setHash: Uint8Array): Uint8Array {
  return hash.map((byte, index) => byte ^ (setHash[index] ?? 0));
}

function lowestBid(chosen: readonly Submission[], minimumFee: bigint): bigint {
  const bids = chosen.map((submission) => submission.feeBid / feeAt(submission, 1n));
  return bids.reduce((lowest, bid) => (bid < lowest ? bid : lowest), bids[0] ?? minimumFee);
}

/** By fee for each operation, without division: it would make unequal bids equal. */
function compareBids(left: Submission, right: Submission): number {
  return compareBigints(left.feeBid * right.feeOperations, right.feeBid * left.feeOperations);
}

function compareBigints(left: bigint, right: bigint): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
