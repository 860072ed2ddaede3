/**
 * accountMerge. The account must have let go of everything but its signers, and a later account of
 * the same key must not be able to start below a sequence number that was used already.
 *
 * Source  stellar-core, MergeOpFrame.cpp (doApplyFromV16).
 */
import { xdr } from "@stellar/stellar-sdk/base";
import { extensionOf, startingSequence, writeAccount } from "./account.ts";
import { accountKey, accountOf, readAccount, sameAccount } from "./entries.ts";
import { AUTH_IMMUTABLE } from "./flags.ts";
import type { OperationContext, OperationRule } from "./operation.ts";
import { addToAccount } from "./reserve.ts";
import { removeSigner } from "./signers.ts";
import { removeEntry } from "./sponsorship.ts";

const { AccountMergeResult: Result } = xdr;

const result = (value: xdr.AccountMergeResult): xdr.OperationResult =>
  xdr.OperationResult.opInner(xdr.OperationResultTr.accountMerge(value));

export function accountMergeRule(destination: xdr.MuxedAccount): OperationRule {
  const heir = accountOf(destination);
  return {
    threshold: "high",
    untried: result(Result.accountMergeSuccess(0n)),
    check: (source) =>
      sameAccount(source, heir) ? result(Result.accountMergeMalformed()) : undefined,
    apply: (at) => result(apply(heir, at)),
  };
}

function apply(heir: xdr.PublicKey, at: OperationContext): xdr.AccountMergeResult {
  const { state, source, ledger } = at;
  const account = readAccount(state, source);
  if (account === undefined || readAccount(state, heir) === undefined) {
    return Result.accountMergeNoAccount();
  }
  const fault = whyNotMerged(account, at);
  if (fault !== undefined) return fault;

  for (const { key } of account.signers.toReversed()) removeSigner(state, source, key);
  // The heir may have sponsored those signers, so it is read only now.
  const { balance } = account;
  const heirNow = readAccount(state, heir);
  const richer =
    heirNow === undefined ? undefined : addToAccount(heirNow, balance, ledger.baseReserve);
  if (richer === undefined) return Result.accountMergeDestFull();
  writeAccount(state, richer);
  removeEntry(state, source, accountKey(source));
  return Result.accountMergeSuccess(balance);
}

function whyNotMerged(
  account: xdr.AccountEntry,
  { source, ledger, sponsorships }: OperationContext,
): xdr.AccountMergeResult | undefined {
  if ((account.flags & AUTH_IMMUTABLE) !== 0) return Result.accountMergeImmutableSet();
  if (account.numSubEntries !== account.signers.length) return Result.accountMergeHasSubEntries();
  const next = startingSequence(ledger.sequence);
  const last = ledger.lastSequences?.get(accountKey(source)) ?? 0n;
  if (account.seqNum >= next || last >= next) return Result.accountMergeSeqnumTooFar();
  const isSponsor = sponsorships.isSponsor(source) || extensionOf(account).numSponsoring > 0;
  return isSponsor ? Result.accountMergeIsSponsor() : undefined;
}
