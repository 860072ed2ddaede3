/**
 * The queue: what was sent and waits for the next ledger.
 *
 * Source  stellar-core, TransactionQueue.cpp: one transaction an account, and a fee's source must
 *         be able to pay for all it has waiting. Replacing a waiting transaction by a higher bid is
 *         not modelled: the second one is told to try again later.
 */
import { xdr } from "@stellar/stellar-sdk/base";
import { readAccount } from "./entries.ts";
import { feeAt, type Submission } from "./envelope.ts";
import { SET_OPERATIONS_MAX } from "./header.ts";
import { ruleOf } from "./operations.ts";
import { availableBalance } from "./reserve.ts";
import { resultOf, type Verdict } from "./result.ts";
import { judge, unsupportedOf, type View } from "./validity.ts";

/** As many operations may wait as two ledgers take. */
const QUEUE_OPERATIONS_MAX = 2 * SET_OPERATIONS_MAX;

export type SubmitAnswer =
  | { readonly status: "PENDING" | "DUPLICATE" | "TRY_AGAIN_LATER"; readonly hash: string }
  | {
      readonly status: "ERROR";
      readonly hash: string;
      /** Base64 XDR of a TransactionResult. */
      readonly errorResultXdr: string;
      /** Operations in it that the devnet does not model. */
      readonly unsupported: readonly string[];
    };

/** Judges `submission` beside those that wait; the caller adds it when the answer is `PENDING`. */
export function answerSubmission(
  view: View,
  waiting: ReadonlyMap<string, Submission>,
  submission: Submission,
): SubmitAnswer {
  const { hashHex: hash } = submission;
  const unsupported = unsupportedOf(submission);
  if (unsupported.length > 0) {
    return error(view, submission, notSupported(submission), unsupported);
  }
  if (waiting.has(hash)) return { status: "DUPLICATE", hash };
  if (mustWait(waiting, submission)) return { status: "TRY_AGAIN_LATER", hash };
  const verdict = judge(view, submission) ?? judgeTotalFees(view, waiting, submission);
  if (verdict !== undefined) return error(view, submission, verdict, []);
  return { status: "PENDING", hash };
}

function mustWait(waiting: ReadonlyMap<string, Submission>, submission: Submission): boolean {
  let operations = submission.feeOperations;
  for (const { sourceKey, feeOperations } of waiting.values()) {
    if (sourceKey === submission.sourceKey) return true;
    operations += feeOperations;
  }
  return operations > BigInt(QUEUE_OPERATIONS_MAX);
}

function judgeTotalFees(
  { state, ledger }: View,
  waiting: ReadonlyMap<string, Submission>,
  submission: Submission,
): Verdict | undefined {
  const account = readAccount(state, submission.feeSource);
  if (account === undefined) return { kind: "refused", code: "txNoAccount" };
  let bids = submission.feeBid;
  for (const { feeSourceKey, feeBid } of waiting.values()) {
    if (feeSourceKey === submission.feeSourceKey) bids += feeBid;
  }
  if (bids <= availableBalance(account, ledger.baseReserve)) return undefined;
  const isBump = submission.bumpSignatures !== undefined;
  return { kind: isBump ? "outerRefused" : "refused", code: "txInsufficientBalance" };
}

function notSupported({ tx }: Submission): Verdict {
  const results = tx.operations.map(
    ({ body }) => ruleOf(body)?.untried ?? xdr.OperationResult.opNotSupported(),
  );
  return { kind: "ran", ok: false, results };
}

function error(
  { ledger }: View,
  submission: Submission,
  verdict: Verdict,
  unsupported: readonly string[],
): SubmitAnswer {
  // Nothing was charged: as in stellar-core this is what it would have cost at the base fee.
  const charge = { fee: feeAt(submission, ledger.baseFee), innerFee: 0n };
  const errorResultXdr = resultOf(submission, verdict, charge).toXdr("base64");
  return { status: "ERROR", hash: submission.hashHex, errorResultXdr, unsupported };
}
