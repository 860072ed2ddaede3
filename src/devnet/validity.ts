/**
 * Validity: the checks of a transaction before its operations run. Their order decides which result
 * code a transaction with several faults gets, and wallets react to codes: never reorder them.
 *
 * Source  stellar-core, TransactionFrame.cpp (commonValidPreSeqNum, commonValid, isBadSeq) and
 *         FeeBumpTransactionFrame.cpp; CAP-21 for preconditions.
 */
import { xdr } from "@stellar/stellar-sdk/base";
import { extensionOf, startingSequence } from "./account.ts";
import { accountOf, type EntryReader, readAccount } from "./entries.ts";
import { feeAt, type Submission } from "./envelope.ts";
import type { LedgerRules, OperationRule, Threshold } from "./operation.ts";
import { ruleOf } from "./operations.ts";
import { availableBalance } from "./reserve.ts";
import type { RefusalCode, Verdict } from "./result.ts";
import { checkSignatures, masterKey, type SignatureCheck, signersOf } from "./signatures.ts";

export interface View {
  readonly state: EntryReader;
  readonly ledger: LedgerRules;
}

/** How far a transaction got: from `sequenced` on, its sequence number is consumed all the same. */
export type Stage =
  | { readonly kind: "invalid" | "sequenced"; readonly code: RefusalCode }
  | { readonly kind: "valid" };

interface Terms {
  /** False for the inner transaction of a fee bump: somebody else pays. */
  readonly chargesFee: boolean;
  /** The fee was taken already. */
  readonly isApplying: boolean;
}

const FULL_SEQUENCE = 2n ** 63n - 1n;
/** Where each stands among an account's four threshold bytes; the first is the master weight. */
const thresholdIndex: Readonly<Record<Threshold, number>> = { low: 1, medium: 2, high: 3 };

/** Judges a submission against a closed ledger. Undefined when it may wait for the next one. */
export function judge(view: View, submission: Submission): Verdict | undefined {
  const isBump = submission.bumpSignatures !== undefined;
  const outer = isBump ? judgeBump(view, submission) : undefined;
  if (outer !== undefined) return { kind: "outerRefused", code: outer };

  const check = checkSignatures(submission.txHash, submission.signatures);
  const stage = judgeTransaction(view, submission, check, {
    chargesFee: !isBump,
    isApplying: false,
  });
  if (stage.kind !== "valid") return { kind: "refused", code: stage.code };
  const failed = judgeOperations(view, submission, check);
  if (failed !== undefined) return failed;
  return check.areAllUsed ? undefined : { kind: "refused", code: "txBadAuthExtra" };
}

export function judgeTransaction(
  view: View,
  submission: Submission,
  check: SignatureCheck,
  terms: Terms,
): Stage {
  const early = judgeForm(submission) ?? judgeBounds(view.ledger, submission);
  if (early !== undefined) return { kind: "invalid", code: early };
  if (terms.chargesFee && submission.feeBid < feeAt(submission, view.ledger.baseFee)) {
    return { kind: "invalid", code: "txInsufficientFee" };
  }
  const account = readAccount(view.state, submission.source);
  if (account === undefined) return { kind: "invalid", code: "txNoAccount" };
  if (isBadSequence(view.ledger, submission, account.seqNum)) {
    return { kind: "invalid", code: "txBadSeq" };
  }
  const late = judgeAccount(view.ledger, submission, account, check, terms);
  return late === undefined ? { kind: "valid" } : { kind: "sequenced", code: late };
}

/** Whether the signatures cover one operation; a result when they do not. */
export function judgeSigners(
  view: View,
  submission: Submission,
  { sourceAccount }: xdr.Operation,
  rule: OperationRule,
  check: SignatureCheck,
): xdr.OperationResult | undefined {
  const source = sourceAccount === null ? submission.source : accountOf(sourceAccount);
  const account = readAccount(view.state, source);
  if (account !== undefined) {
    const isAuthorized = check.reaches(signersOf(account), thresholdOf(account, rule.threshold));
    return isAuthorized ? undefined : xdr.OperationResult.opBadAuth();
  }
  // An earlier operation may create the account; until then its own key alone can sign for it.
  if (sourceAccount === null) return xdr.OperationResult.opNoAccount();
  const isAuthorized = check.reaches([{ key: masterKey(source), weight: 1 }], 0);
  return isAuthorized ? undefined : xdr.OperationResult.opBadAuth();
}

/** Names of the submission's operations that the devnet does not model. */
export function unsupportedOf({ tx }: Submission): readonly string[] {
  const names = tx.operations
    .filter(({ body }) => ruleOf(body) === undefined)
    .map(({ body }) => body.type);
  return [...new Set(names)];
}

function judgeBump(view: View, submission: Submission): RefusalCode | undefined {
  const { tx, feeBid, feeSource, feeOperations, hash, bumpSignatures } = submission;
  const { baseFee, baseReserve } = view.ledger;
  if (feeBid < 0n) return "txMalformed";
  const innerFee = BigInt(tx.fee);
  const isRaised = feeBid * BigInt(tx.operations.length) >= innerFee * feeOperations;
  if (feeBid < feeAt(submission, baseFee) || !isRaised) return "txInsufficientFee";
  const account = readAccount(view.state, feeSource);
  if (account === undefined) return "txNoAccount";
  const check = checkSignatures(hash, bumpSignatures ?? []);
  if (!check.reaches(signersOf(account), thresholdOf(account, "low"))) return "txBadAuth";
  if (availableBalance(account, baseReserve) < feeBid) return "txInsufficientBalance";
  return check.areAllUsed ? undefined : "txBadAuthExtra";
}

function judgeAccount(
  ledger: LedgerRules,
  submission: Submission,
  account: xdr.AccountEntry,
  check: SignatureCheck,
  terms: Terms,
): RefusalCode | undefined {
  if (isTooEarlyForAccount(ledger, submission, account)) return "txBadMinSeqAgeOrGap";
  const extra = submission.conditions.extraSigners.map((key) => ({ key, weight: 1 }));
  const isAuthorized =
    check.reaches(signersOf(account), thresholdOf(account, "low")) &&
    (extra.length === 0 || check.reaches(extra, extra.length));
  if (!isAuthorized) return "txBadAuth";
  const feeToPay = terms.isApplying ? 0n : submission.feeBid;
  const isShort = availableBalance(account, ledger.baseReserve) < feeToPay;
  return terms.chargesFee && isShort ? "txInsufficientBalance" : undefined;
}

function judgeForm({ tx, conditions }: Submission): RefusalCode | undefined {
  const [first, second] = conditions.extraSigners;
  if (first !== undefined && second !== undefined && first.equals(second)) return "txMalformed";
  const hasEmptyPayload = conditions.extraSigners.some(
    (key) =>
      key.type === "signerKeyTypeEd25519SignedPayload" &&
      key.ed25519SignedPayload.payload.length === 0,
  );
  if (hasEmptyPayload) return "txMalformed";
  if (tx.operations.length === 0) return "txMissingOperation";
  return tx.ext.type === "v0" ? undefined : "txMalformed";
}

function judgeBounds(
  { closeTime, sequence }: LedgerRules,
  { conditions }: Submission,
): RefusalCode | undefined {
  const { minTime, maxTime, minLedger, maxLedger } = conditions;
  if (minTime > closeTime || minLedger > sequence) return "txTooEarly";
  const isTimeOver = maxTime !== 0n && maxTime < closeTime;
  const isLedgerOver = maxLedger !== 0 && maxLedger <= sequence;
  return isTimeOver || isLedgerOver ? "txTooLate" : undefined;
}

function isBadSequence(
  { sequence }: LedgerRules,
  { tx, conditions }: Submission,
  current: bigint,
): boolean {
  if (tx.seqNum === startingSequence(sequence)) return true;
  const { minSequence } = conditions;
  if (minSequence !== undefined) return current < minSequence || current >= tx.seqNum;
  return current === FULL_SEQUENCE || current + 1n !== tx.seqNum;
}

function isTooEarlyForAccount(
  { closeTime, sequence }: LedgerRules,
  { conditions }: Submission,
  account: xdr.AccountEntry,
): boolean {
  const { minSequenceAge, minSequenceLedgerGap } = conditions;
  const { time = 0n, ledger = 0 } = extensionOf(account).sequenceChange ?? {};
  // Nothing of the past is before time 0 or ledger 0, where an account without history stands.
  const latestTime = closeTime - minSequenceAge;
  const latestLedger = sequence - minSequenceLedgerGap;
  return latestTime < 0n || latestTime < time || latestLedger < 0 || latestLedger < ledger;
}

function thresholdOf(account: xdr.AccountEntry, level: Threshold): number {
  return account.thresholds.toBytes()[thresholdIndex[level]] ?? 0;
}

/** At submission the first bad operation decides; the others keep the result they start with. */
function judgeOperations(
  view: View,
  submission: Submission,
  check: SignatureCheck,
): Verdict | undefined {
  const rules = submission.tx.operations.map(({ body }) => ruleOf(body));
  for (const [index, operation] of submission.tx.operations.entries()) {
    const rule = rules[index];
    const source =
      operation.sourceAccount === null ? submission.source : accountOf(operation.sourceAccount);
    const fault =
      rule === undefined || rule.isForbidden?.(view.ledger)
        ? xdr.OperationResult.opNotSupported()
        : (judgeSigners(view, submission, operation, rule, check) ?? rule.check(source));
    if (fault === undefined) continue;
    const untried = rules.map((each) => each?.untried ?? xdr.OperationResult.opNotSupported());
    return { kind: "ran", ok: false, results: untried.with(index, fault) };
  }
  return undefined;
}
