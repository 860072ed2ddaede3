/**
 * createClaimableBalance. The balance belongs to nobody, so its creator sponsors its reserve: one
 * base reserve for each claimant.
 *
 * Source  stellar-core, CreateClaimableBalanceOpFrame.cpp; CAP-23.
 */
import { xdr } from "@stellar/stellar-sdk/base";
import { sha256 } from "../lib/hash.ts";
import { STROOPS_MAX } from "../lib/money.ts";
import { type BalanceRefusal, debit, isAssetValid, isIssuer, lineAsset } from "./asset.ts";
import { readAccount, readTrustline } from "./entries.ts";
import { type OperationContext, type OperationRule, reserveFaults } from "./operation.ts";
import { createEntry } from "./sponsorship.ts";
import { LINE_CLAWBACK_ENABLED } from "./trustline.ts";

const { ClaimPredicate, CreateClaimableBalanceResult: Result } = xdr;
const PREDICATE_DEPTH_MAX = 4;
const ACCOUNT_CLAWBACK_ENABLED = 8;
const BALANCE_CLAWBACK_ENABLED = 1;
const HASH_BYTES = 32;

const result = (value: xdr.CreateClaimableBalanceResult): xdr.OperationResult =>
  xdr.OperationResult.opInner(xdr.OperationResultTr.createClaimableBalance(value));

const debitFaults: Readonly<Record<BalanceRefusal, xdr.OperationResult>> = {
  noLine: result(Result.createClaimableBalanceNoTrust()),
  notAuthorized: result(Result.createClaimableBalanceNotAuthorized()),
  notEnough: result(Result.createClaimableBalanceUnderfunded()),
  full: result(Result.createClaimableBalanceUnderfunded()),
};

const faults = reserveFaults(result(Result.createClaimableBalanceLowReserve()));

export function createClaimableBalanceRule(op: xdr.CreateClaimableBalanceOp): OperationRule {
  return {
    threshold: "medium",
    untried: result(Result.createClaimableBalanceSuccess(balanceId(new Uint8Array(HASH_BYTES)))),
    check: () => (isWellFormed(op) ? undefined : result(Result.createClaimableBalanceMalformed())),
    apply: (at) => apply(op, at),
  };
}

function isWellFormed({ asset, amount, claimants }: xdr.CreateClaimableBalanceOp): boolean {
  const destinations = new Set(claimants.map(({ v0 }) => v0.destination.toXdr("hex")));
  return (
    isAssetValid(asset) &&
    amount > 0n &&
    claimants.length > 0 &&
    destinations.size === claimants.length &&
    claimants.every(({ v0 }) => isPredicateValid(v0.predicate, 1))
  );
}

function isPredicateValid(predicate: xdr.ClaimPredicate, depth: number): boolean {
  if (depth > PREDICATE_DEPTH_MAX) return false;
  switch (predicate.type) {
    case "claimPredicateUnconditional":
      return true;
    case "claimPredicateAnd":
      return arePredicatesValid(predicate.andPredicates, depth + 1);
    case "claimPredicateOr":
      return arePredicatesValid(predicate.orPredicates, depth + 1);
    case "claimPredicateNot":
      return predicate.notPredicate !== null && isPredicateValid(predicate.notPredicate, depth + 1);
    case "claimPredicateBeforeAbsoluteTime":
      return predicate.absBefore >= 0n;
    case "claimPredicateBeforeRelativeTime":
      return predicate.relBefore >= 0n;
  }
}

function arePredicatesValid(pair: readonly xdr.ClaimPredicate[], depth: number): boolean {
  return pair.length === 2 && pair.every((predicate) => isPredicateValid(predicate, depth));
}

function apply(op: xdr.CreateClaimableBalanceOp, at: OperationContext): xdr.OperationResult {
  const { state, source, ledger } = at;
  const notDebited = debit(state, source, op.asset, op.amount, ledger.baseReserve);
  if (notDebited !== undefined) return debitFaults[notDebited];

  const creator = readAccount(state, source);
  if (creator === undefined) return xdr.OperationResult.opNoAccount();

  const id = balanceId(operationId(at));
  const entry = new xdr.ClaimableBalanceEntry({
    balanceId: id,
    claimants: op.claimants.map((claimant) => inAbsoluteTime(claimant, ledger.closeTime)),
    asset: op.asset,
    amount: op.amount,
    ext: clawbackExtension(op.asset, creator, at),
  });
  const refusal = createEntry(at, source, xdr.LedgerEntryData.claimableBalance(entry));
  if (refusal !== undefined) return faults[refusal];
  return result(Result.createClaimableBalanceSuccess(id));
}

function balanceId(hash: Uint8Array): xdr.ClaimableBalanceId {
  return xdr.ClaimableBalanceId.claimableBalanceIdTypeV0(hash);
}

function operationId({ transaction, index }: OperationContext): Uint8Array {
  const id = new xdr.HashIdPreimageOperationId({
    sourceAccount: transaction.source,
    seqNum: transaction.sequence,
    opNum: index,
  });
  return sha256(xdr.HashIdPreimage.envelopeTypeOpId(id).toXdr());
}

/** "Within so many seconds" counts from this close and is stored as the time it ends at. */
function inAbsoluteTime(claimant: xdr.Claimant, closeTime: bigint): xdr.Claimant {
  const { destination, predicate } = claimant.v0;
  return xdr.Claimant.claimantTypeV0(
    new xdr.ClaimantV0({ destination, predicate: absolute(predicate, closeTime) }),
  );
}

function absolute(predicate: xdr.ClaimPredicate, closeTime: bigint): xdr.ClaimPredicate {
  const each = (one: xdr.ClaimPredicate): xdr.ClaimPredicate => absolute(one, closeTime);
  switch (predicate.type) {
    case "claimPredicateAnd":
      return ClaimPredicate.claimPredicateAnd(predicate.andPredicates.map(each));
    case "claimPredicateOr":
      return ClaimPredicate.claimPredicateOr(predicate.orPredicates.map(each));
    case "claimPredicateNot":
      return ClaimPredicate.claimPredicateNot(
        predicate.notPredicate === null ? null : each(predicate.notPredicate),
      );
    case "claimPredicateBeforeRelativeTime": {
      const end = closeTime + predicate.relBefore;
      return ClaimPredicate.claimPredicateBeforeAbsoluteTime(end > STROOPS_MAX ? STROOPS_MAX : end);
    }
    default:
      return predicate;
  }
}

function clawbackExtension(
  asset: xdr.Asset,
  creator: xdr.AccountEntry,
  { state, source }: OperationContext,
): xdr.ClaimableBalanceEntryExt {
  const line = readTrustline(state, source, lineAsset(asset));
  const enabled = isIssuer(asset, source)
    ? (creator.flags & ACCOUNT_CLAWBACK_ENABLED) !== 0
    : ((line?.flags ?? 0) & LINE_CLAWBACK_ENABLED) !== 0;
  if (!enabled) return xdr.ClaimableBalanceEntryExt.v0();
  return xdr.ClaimableBalanceEntryExt.v1(
    new xdr.ClaimableBalanceEntryExtensionV1({
      ext: xdr.ClaimableBalanceEntryExtensionV1Ext.v0(),
      flags: BALANCE_CLAWBACK_ENABLED,
    }),
  );
}
