/**
 * createClaimableBalance. The balance belongs to nobody, so its creator sponsors its reserve: one
 * base reserve for each claimant.
 *
 * Source  stellar-core, CreateClaimableBalanceOpFrame.cpp; CAP-23.
 */
import { xdr } from "@stellar/stellar-sdk/base";
import { sha256 } from "../lib/hash.ts";
import { type BalanceRefusal, debit, isAssetValid, isIssuer, lineAsset } from "./asset.ts";
import { absolutePredicate, isPredicateValid } from "./claim-predicate.ts";
import { readAccount, readTrustline } from "./entries.ts";
import { AUTH_CLAWBACK_ENABLED } from "./flags.ts";
import { type OperationContext, type OperationRule, reserveFaults } from "./operation.ts";
import { createEntry } from "./sponsorship.ts";
import { LINE_CLAWBACK_ENABLED } from "./trustline.ts";

const { CreateClaimableBalanceResult: Result } = xdr;
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
    claimants.every(({ v0 }) => isPredicateValid(v0.predicate))
  );
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
    new xdr.ClaimantV0({ destination, predicate: absolutePredicate(predicate, closeTime) }),
  );
}

function clawbackExtension(
  asset: xdr.Asset,
  creator: xdr.AccountEntry,
  { state, source }: OperationContext,
): xdr.ClaimableBalanceEntryExt {
  const line = readTrustline(state, source, lineAsset(asset));
  const enabled = isIssuer(asset, source)
    ? (creator.flags & AUTH_CLAWBACK_ENABLED) !== 0
    : ((line?.flags ?? 0) & LINE_CLAWBACK_ENABLED) !== 0;
  if (!enabled) return xdr.ClaimableBalanceEntryExt.v0();
  return xdr.ClaimableBalanceEntryExt.v1(
    new xdr.ClaimableBalanceEntryExtensionV1({
      ext: xdr.ClaimableBalanceEntryExtensionV1Ext.v0(),
      flags: BALANCE_CLAWBACK_ENABLED,
    }),
  );
}
