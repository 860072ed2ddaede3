/**
 * Applying one transaction: fee, then sequence number and signatures, then operations.
 *
 * Flow    All fees of a ledger are taken before its first transaction is applied. A transaction that
 *         fails keeps its fee, its sequence number and the loss of its one-time signers; everything
 *         else it did is taken back, and every operation still reports a code.
 * Source  stellar-core, TransactionFrame.cpp (processFeeSeqNum, commonPreApply, applyOperations).
 */
import { xdr } from "@stellar/stellar-sdk/base";
import { invariant } from "../lib/invariant.ts";
import { changeAccount, sequenceAccount, writeAccount } from "./account.ts";
import { accountOf, type EntryKey, readAccount } from "./entries.ts";
import { feeAt, type Submission } from "./envelope.ts";
import { type LedgerRules, type OperationContext, succeeded } from "./operation.ts";
import { ruleOf } from "./operations.ts";
import type { Charge, Verdict } from "./result.ts";
import { checkSignatures, type SignatureCheck } from "./signatures.ts";
import { removeSigner } from "./signers.ts";
import { createSponsorships, type Sponsorships } from "./sponsorships.ts";
import type { LedgerState } from "./state.ts";
import { judgeSigners, judgeTransaction } from "./validity.ts";

/** The first protocol whose fee bumps charge their inner transaction nothing. */
const INNER_FEE_FREE = 25;

export interface FeeTaken {
  readonly charge: Charge;
  readonly changes: xdr.LedgerEntryChange[];
}

export interface TransactionApplied {
  readonly verdict: Verdict;
  readonly meta: xdr.TransactionMeta;
}

/** Takes the fee: at most the bid, and at most what the account has, even below its reserve. */
export function takeFee(
  state: LedgerState,
  submission: Submission,
  setBaseFee: bigint,
  protocol: number,
): FeeTaken {
  const wanted = atMost(submission.feeBid, feeAt(submission, setBaseFee));
  const innerOperations = BigInt(Math.max(1, submission.tx.operations.length));
  const isInnerFree = submission.bumpSignatures === undefined || protocol >= INNER_FEE_FREE;
  const { result: fee, changes } = state.scope(() => {
    const account = readAccount(state, submission.feeSource);
    invariant(account !== undefined, "a fee's source exists when the fee is taken");
    const paid = atMost(wanted, account.balance);
    writeAccount(state, changeAccount(account, { balance: account.balance - paid }));
    return paid;
  });
  const innerFee = isInnerFree
    ? 0n
    : atMost(BigInt(submission.tx.fee), setBaseFee * innerOperations);
  return { charge: { fee, innerFee }, changes };
}

export function applyTransaction(
  state: LedgerState,
  ledger: LedgerRules,
  submission: Submission,
): TransactionApplied {
  const bump = state.scope(() => {
    if (submission.bumpSignatures !== undefined) {
      dropOneTimeSigner(state, submission.feeSource, submission.hash);
    }
  });
  const prepared = state.scope(() => prepare(state, ledger, submission));
  const before = [...bump.changes, ...prepared.changes];
  if (prepared.result.kind === "refused") {
    return { verdict: prepared.result.verdict, meta: metaOf(before, []) };
  }

  const sponsorships = createSponsorships();
  const ran = state.scope(
    () => runOperations(state, ledger, submission, sponsorships),
    (each) => each.every(({ result }) => succeeded(result)) && sponsorships.size === 0,
  );
  const results = ran.result.map(({ result }) => result);
  const ok = results.every(succeeded);
  if (ok && sponsorships.size > 0) {
    return { verdict: { kind: "refused", code: "txBadSponsorship" }, meta: metaOf(before, []) };
  }
  const changes = ok ? ran.result.map((each) => each.changes) : [];
  return { verdict: { kind: "ran", ok, results }, meta: metaOf(before, changes) };
}

/**
 * What a transaction leaves behind whatever its operations do: for one that got as far as them, but
 * whose operations are not modelled.
 */
export function spendSequence(
  state: LedgerState,
  ledger: LedgerRules,
  submission: Submission,
): void {
  consumeSequence(state, ledger, submission);
  dropOneTimeSigners(state, submission);
}

/** The rules with the sequence numbers of this ledger's transactions, which bind an accountMerge. */
export function withLastSequences(
  ledger: LedgerRules,
  submissions: readonly Submission[],
): LedgerRules {
  const merges = submissions.some(({ tx }) =>
    tx.operations.some(({ body }) => body.type === "accountMerge"),
  );
  if (!merges) return ledger;
  const lastSequences = new Map<EntryKey, bigint>();
  for (const { sourceKey, tx } of submissions) {
    const known = lastSequences.get(sourceKey) ?? 0n;
    if (tx.seqNum >= known) lastSequences.set(sourceKey, tx.seqNum);
  }
  return { ...ledger, lastSequences };
}

type Prepared =
  | { readonly kind: "ready" }
  | { readonly kind: "refused"; readonly verdict: Verdict };

function prepare(state: LedgerState, ledger: LedgerRules, submission: Submission): Prepared {
  const view = { state, ledger };
  const check = checkSignatures(submission.txHash, submission.signatures);
  const stage = judgeTransaction(view, submission, check, {
    chargesFee: submission.bumpSignatures === undefined,
    isApplying: true,
  });
  if (stage.kind !== "invalid") consumeSequence(state, ledger, submission);
  if (stage.kind !== "valid") {
    dropOneTimeSigners(state, submission);
    return { kind: "refused", verdict: { kind: "refused", code: stage.code } };
  }

  const results = signatureResults(state, ledger, submission, check);
  dropOneTimeSigners(state, submission);
  if (!results.every(succeeded)) {
    return { kind: "refused", verdict: { kind: "ran", ok: false, results } };
  }
  if (check.areAllUsed) return { kind: "ready" };
  return { kind: "refused", verdict: { kind: "refused", code: "txBadAuthExtra" } };
}

function consumeSequence(
  state: LedgerState,
  ledger: LedgerRules,
  { source, tx }: Submission,
): void {
  const account = readAccount(state, source);
  invariant(account !== undefined, "a transaction with a good sequence number has a source");
  sequenceAccount(state, account, tx.seqNum, ledger);
}

/** Every operation's signatures are checked, also after one that fails: each reports its own. */
function signatureResults(
  state: LedgerState,
  ledger: LedgerRules,
  submission: Submission,
  check: SignatureCheck,
): readonly xdr.OperationResult[] {
  return submission.tx.operations.map((operation) => {
    const rule = ruleOf(operation.body);
    if (rule === undefined) return xdr.OperationResult.opNotSupported();
    return judgeSigners({ state, ledger }, submission, operation, rule, check) ?? rule.untried;
  });
}

function runOperations(
  state: LedgerState,
  ledger: LedgerRules,
  submission: Submission,
  sponsorships: Sponsorships,
): readonly { result: xdr.OperationResult; changes: xdr.LedgerEntryChange[] }[] {
  const transaction = { source: submission.source, sequence: submission.tx.seqNum };
  return submission.tx.operations.map(({ sourceAccount, body }, index) => {
    const source = sourceAccount === null ? submission.source : accountOf(sourceAccount);
    const at = { state, ledger, source, transaction, index, sponsorships };
    return state.scope(() => runOperation(body, at), succeeded);
  });
}

function runOperation(body: xdr.OperationBody, at: OperationContext): xdr.OperationResult {
  const rule = ruleOf(body);
  const isForbidden = rule?.isForbidden?.(at.ledger) ?? false;
  if (rule === undefined || isForbidden) return xdr.OperationResult.opNotSupported();
  if (readAccount(at.state, at.source) === undefined) return xdr.OperationResult.opNoAccount();
  return rule.check(at.source) ?? rule.apply(at);
}

/** A pre-authorized transaction spends its signer wherever that stands, even when it fails. */
function dropOneTimeSigners(state: LedgerState, { tx, source, txHash }: Submission): void {
  dropOneTimeSigner(state, source, txHash);
  for (const { sourceAccount } of tx.operations) {
    if (sourceAccount !== null) dropOneTimeSigner(state, accountOf(sourceAccount), txHash);
  }
}

function dropOneTimeSigner(state: LedgerState, owner: xdr.PublicKey, hash: Uint8Array): void {
  const signers = readAccount(state, owner)?.signers ?? [];
  if (!signers.some(({ key }) => key.type === "signerKeyTypePreAuthTx")) return;
  removeSigner(state, owner, xdr.SignerKey.signerKeyTypePreAuthTx(hash));
}

function metaOf(
  txChangesBefore: xdr.LedgerEntryChange[],
  operations: readonly xdr.LedgerEntryChange[][],
): xdr.TransactionMeta {
  const ext = xdr.ExtensionPoint.v0();
  return xdr.TransactionMeta.v4(
    new xdr.TransactionMetaV4({
      ext,
      txChangesBefore,
      operations: operations.map(
        (changes) => new xdr.OperationMetaV2({ ext, changes, events: [] }),
      ),
      txChangesAfter: [],
      sorobanMeta: null,
      events: [],
      diagnosticEvents: [],
    }),
  );
}

function atMost(amount: bigint, limit: bigint): bigint {
  return amount < limit ? amount : limit;
}
