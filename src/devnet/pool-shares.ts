/**
 * Pool shares of an account: the lines they rest on, and their redemption when the account loses its
 * authorization to hold one of the pool's assets. It then gets a claimable balance of each asset.
 *
 * Units   Stroops.
 * Source  stellar-core, TransactionUtils.cpp (removeOffersAndPoolShareTrustLines); CAP-38.
 */
import { xdr } from "@stellar/stellar-sdk/base";
import { sha256 } from "../lib/hash.ts";
import { invariant } from "../lib/invariant.ts";
import { isIssuer, lineAsset } from "./asset.ts";
import { type EntryKey, readTrustline, sameAsset } from "./entries.ts";
import type { OperationContext } from "./operation.ts";
import { withdrawalOf } from "./pool.ts";
import { changePool, leavePool, mustReadPool, type Pool } from "./pool-entry.ts";
import {
  countSponsoring,
  createEntry,
  type ReserveRefusal,
  removeEntry,
  sponsoredBy,
  sponsorOfEntry,
} from "./sponsorship.ts";
import type { LedgerState } from "./state.ts";
import { extendLine, LINE_CLAWBACK_ENABLED, lineExtensionOf, writeLine } from "./trustline.ts";

const BALANCE_CLAWBACK_ENABLED = 1;

/** The account's line for `asset` carries one pool-share line more, or less. */
export function countPoolUse(
  state: LedgerState,
  account: xdr.PublicKey,
  asset: xdr.Asset,
  more: 1 | -1,
): void {
  if (asset.type === "assetTypeNative" || isIssuer(asset, account)) return;
  const line = readTrustline(state, account, lineAsset(asset));
  invariant(line !== undefined, "pool shares rest on trustlines for both assets");
  const liquidityPoolUseCount = lineExtensionOf(line).liquidityPoolUseCount + more;
  invariant(liquidityPoolUseCount >= 0, "a use that ends was counted before");
  writeLine(state, extendLine(line, { liquidityPoolUseCount }));
}

/** Ends every pool-share line of the account that rests on its line for `asset`. */
export function redeemPoolShares(
  at: OperationContext,
  account: xdr.PublicKey,
  asset: xdr.Asset,
): ReserveRefusal | undefined {
  for (const key of at.state.index.poolSharesOf(account)) {
    const refusal = redeemLine(at, account, asset, key);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

function redeemLine(
  at: OperationContext,
  account: xdr.PublicKey,
  asset: xdr.Asset,
  key: EntryKey,
): ReserveRefusal | undefined {
  const { state } = at;
  const entry = state.get(key);
  const line = entry?.data.type === "trustline" ? entry.data.trustLine : undefined;
  invariant(
    entry !== undefined && line?.asset.type === "assetTypePoolShare",
    "the index lists pool shares that are there",
  );
  const pool = mustReadPool(state, line.asset.liquidityPoolId);
  const { assetA, assetB } = pool.params;
  if (!sameAsset(assetA, asset) && !sameAsset(assetB, asset)) return undefined;

  const payer = sponsorOfEntry(entry) ?? account;
  removeEntry(state, account, key);
  const refusal = payOut(at, pool, { account, payer, shares: line.balance });
  if (refusal !== undefined) return refusal;
  countPoolUse(state, account, assetA, -1);
  countPoolUse(state, account, assetB, -1);
  leavePool(state, pool.id);
  return undefined;
}

interface Redeeming {
  readonly account: xdr.PublicKey;
  /** Who paid the reserve of the shares, and now pays that of the balances. */
  readonly payer: xdr.PublicKey;
  readonly shares: bigint;
}

function payOut(
  at: OperationContext,
  pool: Pool,
  redeeming: Redeeming,
): ReserveRefusal | undefined {
  const { shares } = redeeming;
  if (shares === 0n) return undefined;
  const amountA = withdrawalOf(shares, pool.totalShares, pool.reserveA);
  const amountB = withdrawalOf(shares, pool.totalShares, pool.reserveB);
  const refusal =
    makeClaimable(at, pool, redeeming, pool.params.assetA, amountA) ??
    makeClaimable(at, pool, redeeming, pool.params.assetB, amountB);
  if (refusal !== undefined) return refusal;
  changePool(at.state, pool, {
    reserveA: pool.reserveA - amountA,
    reserveB: pool.reserveB - amountB,
    totalShares: pool.totalShares - shares,
  });
  return undefined;
}

/** An issuer gets no balance of its own asset: what returns to it is gone. */
function makeClaimable(
  at: OperationContext,
  pool: Pool,
  { account, payer }: Redeeming,
  asset: xdr.Asset,
  amount: bigint,
): ReserveRefusal | undefined {
  if (amount === 0n || isIssuer(asset, account)) return undefined;
  const claimant = new xdr.ClaimantV0({
    destination: account,
    predicate: xdr.ClaimPredicate.claimPredicateUnconditional(),
  });
  const balance = xdr.LedgerEntryData.claimableBalance(
    new xdr.ClaimableBalanceEntry({
      balanceId: balanceIdOf(at, pool.id, asset),
      claimants: [xdr.Claimant.claimantTypeV0(claimant)],
      asset,
      amount,
      ext: clawbackExtension(at, account, asset),
    }),
  );
  if (at.sponsorships.sponsorOf(payer) !== undefined) return createEntry(at, payer, balance);
  // The reserve of the shares was just given back and covers these balances: it is not asked for.
  countSponsoring(at.state, payer, 1);
  at.state.write(balance, sponsoredBy(payer));
  return undefined;
}

function balanceIdOf(
  { transaction, index }: OperationContext,
  liquidityPoolId: xdr.PoolId,
  asset: xdr.Asset,
): xdr.ClaimableBalanceId {
  const id = new xdr.HashIdPreimageRevokeId({
    sourceAccount: transaction.source,
    seqNum: transaction.sequence,
    opNum: index,
    liquidityPoolId,
    asset,
  });
  const hash = sha256(xdr.HashIdPreimage.envelopeTypePoolRevokeOpId(id).toXdr());
  return xdr.ClaimableBalanceId.claimableBalanceIdTypeV0(hash);
}

function clawbackExtension(
  { state }: OperationContext,
  account: xdr.PublicKey,
  asset: xdr.Asset,
): xdr.ClaimableBalanceEntryExt {
  const line = readTrustline(state, account, lineAsset(asset));
  if (((line?.flags ?? 0) & LINE_CLAWBACK_ENABLED) === 0) return xdr.ClaimableBalanceEntryExt.v0();
  return xdr.ClaimableBalanceEntryExt.v1(
    new xdr.ClaimableBalanceEntryExtensionV1({
      ext: xdr.ClaimableBalanceEntryExtensionV1Ext.v0(),
      flags: BALANCE_CLAWBACK_ENABLED,
    }),
  );
}
