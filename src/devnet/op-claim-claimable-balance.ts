/** claimClaimableBalance. Source: stellar-core, ClaimClaimableBalanceOpFrame.cpp; CAP-23. */
import { xdr } from "@stellar/stellar-sdk/base";
import { type BalanceRefusal, credit } from "./asset.ts";
import { isFulfilled } from "./claim-predicate.ts";
import { claimableBalanceKey, readClaimableBalance, sameAccount } from "./entries.ts";
import type { OperationContext, OperationRule } from "./operation.ts";
import { removeEntry } from "./sponsorship.ts";

const { ClaimClaimableBalanceResult: Result } = xdr;

const result = (value: xdr.ClaimClaimableBalanceResult): xdr.OperationResult =>
  xdr.OperationResult.opInner(xdr.OperationResultTr.claimClaimableBalance(value));

const faults: Readonly<Record<BalanceRefusal, xdr.ClaimClaimableBalanceResult>> = {
  noLine: Result.claimClaimableBalanceNoTrust(),
  notAuthorized: Result.claimClaimableBalanceNotAuthorized(),
  full: Result.claimClaimableBalanceLineFull(),
  notEnough: Result.claimClaimableBalanceLineFull(),
};

export function claimClaimableBalanceRule(balanceId: xdr.ClaimableBalanceId): OperationRule {
  return {
    threshold: "low",
    untried: result(Result.claimClaimableBalanceSuccess()),
    check: () => undefined,
    apply: (at) => result(claim(balanceId, at)),
  };
}

function claim(
  balanceId: xdr.ClaimableBalanceId,
  { state, source, ledger }: OperationContext,
): xdr.ClaimClaimableBalanceResult {
  const balance = readClaimableBalance(state, balanceId);
  if (balance === undefined) return Result.claimClaimableBalanceDoesNotExist();
  const claimant = balance.claimants.find(({ v0 }) => sameAccount(v0.destination, source));
  if (claimant === undefined || !isFulfilled(claimant.v0.predicate, ledger.closeTime)) {
    return Result.claimClaimableBalanceCannotClaim();
  }
  const refusal = credit(state, source, balance.asset, balance.amount);
  if (refusal !== undefined) return faults[refusal];
  removeEntry(state, source, claimableBalanceKey(balanceId));
  return Result.claimClaimableBalanceSuccess();
}
