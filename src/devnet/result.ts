/**
 * Results: the verdict on one transaction, and the XDR that says it.
 *
 * Source  Stellar-transaction.x (TransactionResult); CAP-15 for fee bumps, whose result wraps that
 *         of the inner transaction. Since protocol 25 the inner one charges nothing.
 */
import { xdr } from "@stellar/stellar-sdk/base";
import type { Submission } from "./envelope.ts";

/** Refusals of the whole transaction, before any operation. */
export type RefusalCode =
  | "txTooEarly"
  | "txTooLate"
  | "txMissingOperation"
  | "txBadSeq"
  | "txBadAuth"
  | "txInsufficientBalance"
  | "txNoAccount"
  | "txInsufficientFee"
  | "txBadAuthExtra"
  | "txBadMinSeqAgeOrGap"
  | "txBadSponsorship"
  | "txMalformed";

export type Verdict =
  /** The outer envelope of a fee bump is at fault. */
  | { readonly kind: "outerRefused"; readonly code: RefusalCode }
  | { readonly kind: "refused"; readonly code: RefusalCode }
  | {
      readonly kind: "ran";
      readonly ok: boolean;
      readonly results: readonly xdr.OperationResult[];
    };

export interface Charge {
  readonly fee: bigint;
  /** What the inner transaction of a fee bump is said to have paid. */
  readonly innerFee: bigint;
}

function isOk(verdict: Verdict): boolean {
  return verdict.kind === "ran" && verdict.ok;
}

export function resultOf(
  submission: Submission,
  verdict: Verdict,
  charge: Charge,
): xdr.TransactionResult {
  return new xdr.TransactionResult({
    feeCharged: charge.fee,
    result:
      submission.bumpSignatures === undefined || verdict.kind === "outerRefused"
        ? plainResult(verdict)
        : bumpResult(submission, verdict, charge.innerFee),
    ext: xdr.TransactionResultExt.v0(),
  });
}

function plainResult(verdict: Verdict): xdr.TransactionResultResult {
  if (verdict.kind !== "ran") return xdr.TransactionResultResult[verdict.code]();
  const results = [...verdict.results];
  return verdict.ok
    ? xdr.TransactionResultResult.txSuccess(results)
    : xdr.TransactionResultResult.txFailed(results);
}

function bumpResult(
  { txHash }: Submission,
  verdict: Exclude<Verdict, { readonly kind: "outerRefused" }>,
  feeCharged: bigint,
): xdr.TransactionResultResult {
  const result = new xdr.InnerTransactionResult({
    feeCharged,
    result: innerResult(verdict),
    ext: xdr.InnerTransactionResultExt.v0(),
  });
  const pair = new xdr.InnerTransactionResultPair({ transactionHash: txHash, result });
  return isOk(verdict)
    ? xdr.TransactionResultResult.txFeeBumpInnerSuccess(pair)
    : xdr.TransactionResultResult.txFeeBumpInnerFailed(pair);
}

function innerResult(
  verdict: Exclude<Verdict, { readonly kind: "outerRefused" }>,
): xdr.InnerTransactionResultResult {
  if (verdict.kind === "refused") return xdr.InnerTransactionResultResult[verdict.code]();
  const results = [...verdict.results];
  return verdict.ok
    ? xdr.InnerTransactionResultResult.txSuccess(results)
    : xdr.InnerTransactionResultResult.txFailed(results);
}
