/**
 * liquidityPoolDeposit and liquidityPoolWithdraw.
 *
 * Source  stellar-core, LiquidityPoolDepositOpFrame.cpp, LiquidityPoolWithdrawOpFrame.cpp; CAP-38.
 */
import { xdr } from "@stellar/stellar-sdk/base";
import { invariant } from "../lib/invariant.ts";
import { STROOPS_MAX } from "../lib/money.ts";
import { isIssuer, lineAsset } from "./asset.ts";
import { readTrustline } from "./entries.ts";
import { receivable, settle, spendable } from "./liabilities.ts";
import type { OperationContext, OperationRule } from "./operation.ts";
import {
  DEPOSITS_CLOSED,
  depositOf,
  type PoolDeposit,
  WITHDRAWALS_CLOSED,
  withdrawalOf,
} from "./pool.ts";
import { changePool, mustReadPool, type Pool } from "./pool-entry.ts";
import {
  addToLine,
  availableOnLine,
  isAuthorized,
  receivableOnLine,
  writeLine,
} from "./trustline.ts";

const { LiquidityPoolDepositResult: Deposit, LiquidityPoolWithdrawResult: Withdraw } = xdr;

const deposited = (value: xdr.LiquidityPoolDepositResult): xdr.OperationResult =>
  xdr.OperationResult.opInner(xdr.OperationResultTr.liquidityPoolDeposit(value));
const withdrawn = (value: xdr.LiquidityPoolWithdrawResult): xdr.OperationResult =>
  xdr.OperationResult.opInner(xdr.OperationResultTr.liquidityPoolWithdraw(value));

export function liquidityPoolDepositRule(op: xdr.LiquidityPoolDepositOp): OperationRule {
  return {
    threshold: "medium",
    isForbidden: ({ flags = 0 }) => (flags & DEPOSITS_CLOSED) !== 0,
    untried: deposited(Deposit.liquidityPoolDepositSuccess()),
    check: () => {
      const isSound = op.maxAmountA > 0n && op.maxAmountB > 0n && arePricesInOrder(op);
      return isSound ? undefined : deposited(Deposit.liquidityPoolDepositMalformed());
    },
    apply: (at) => deposited(deposit(at, op)),
  };
}

export function liquidityPoolWithdrawRule(op: xdr.LiquidityPoolWithdrawOp): OperationRule {
  return {
    threshold: "medium",
    isForbidden: ({ flags = 0 }) => (flags & WITHDRAWALS_CLOSED) !== 0,
    untried: withdrawn(Withdraw.liquidityPoolWithdrawSuccess()),
    check: () => {
      const isSound = op.amount > 0n && op.minAmountA >= 0n && op.minAmountB >= 0n;
      return isSound ? undefined : withdrawn(Withdraw.liquidityPoolWithdrawMalformed());
    },
    apply: (at) => withdrawn(withdraw(at, op)),
  };
}

function arePricesInOrder({ minPrice, maxPrice }: xdr.LiquidityPoolDepositOp): boolean {
  const arePositive = minPrice.n > 0 && minPrice.d > 0 && maxPrice.n > 0 && maxPrice.d > 0;
  const low = BigInt(minPrice.n) * BigInt(maxPrice.d);
  return arePositive && low <= BigInt(minPrice.d) * BigInt(maxPrice.n);
}

function deposit(
  at: OperationContext,
  op: xdr.LiquidityPoolDepositOp,
): xdr.LiquidityPoolDepositResult {
  const { state, source } = at;
  const line = readShares(at, op.liquidityPoolId);
  if (line === undefined) return Deposit.liquidityPoolDepositNoTrust();
  const pool = mustReadPool(state, op.liquidityPoolId);
  const { assetA, assetB } = pool.params;
  if (!isAuthorizedFor(at, assetA) || !isAuthorizedFor(at, assetB)) {
    return Deposit.liquidityPoolDepositNotAuthorized();
  }
  const amounts = depositOf(op.maxAmountA, op.maxAmountB, pool);
  const { amountA, amountB, shares } = amounts;
  if (spendable(at, source, assetA) < amountA || spendable(at, source, assetB) < amountB) {
    return Deposit.liquidityPoolDepositUnderfunded();
  }
  if (isBadPrice(amounts, op)) return Deposit.liquidityPoolDepositBadPrice();
  if (receivableOnLine(line) < shares) return Deposit.liquidityPoolDepositLineFull();
  if (overflows(pool, amounts)) return Deposit.liquidityPoolDepositPoolFull();

  settle(at, source, assetA, -amountA);
  settle(at, source, assetB, -amountB);
  addShares(at, line, shares);
  changePool(state, pool, {
    reserveA: pool.reserveA + amountA,
    reserveB: pool.reserveB + amountB,
    totalShares: pool.totalShares + shares,
  });
  return Deposit.liquidityPoolDepositSuccess();
}

function withdraw(
  at: OperationContext,
  op: xdr.LiquidityPoolWithdrawOp,
): xdr.LiquidityPoolWithdrawResult {
  const line = readShares(at, op.liquidityPoolId);
  if (line === undefined) return Withdraw.liquidityPoolWithdrawNoTrust();
  if (availableOnLine(line) < op.amount) return Withdraw.liquidityPoolWithdrawUnderfunded();
  const pool = mustReadPool(at.state, op.liquidityPoolId);
  const { params, reserveA, reserveB, totalShares } = pool;
  const amountA = withdrawalOf(op.amount, totalShares, reserveA);
  const amountB = withdrawalOf(op.amount, totalShares, reserveB);
  const refusal =
    payOut(at, params.assetA, amountA, op.minAmountA) ??
    payOut(at, params.assetB, amountB, op.minAmountB);
  if (refusal !== undefined) return refusal;

  addShares(at, line, -op.amount);
  changePool(at.state, pool, {
    reserveA: reserveA - amountA,
    reserveB: reserveB - amountB,
    totalShares: totalShares - op.amount,
  });
  return Withdraw.liquidityPoolWithdrawSuccess();
}

function readShares(
  { state, source }: OperationContext,
  id: xdr.PoolId,
): xdr.TrustLineEntry | undefined {
  return readTrustline(state, source, xdr.TrustLineAsset.assetTypePoolShare(id));
}

function isAuthorizedFor({ state, source }: OperationContext, asset: xdr.Asset): boolean {
  if (asset.type === "assetTypeNative" || isIssuer(asset, source)) return true;
  const line = readTrustline(state, source, lineAsset(asset));
  invariant(line !== undefined, "pool shares rest on trustlines for both assets");
  return isAuthorized(line);
}

function isBadPrice(
  { amountA, amountB }: PoolDeposit,
  { minPrice, maxPrice }: xdr.LiquidityPoolDepositOp,
): boolean {
  return (
    amountA === 0n ||
    amountB === 0n ||
    amountA * BigInt(minPrice.d) < amountB * BigInt(minPrice.n) ||
    amountA * BigInt(maxPrice.d) > amountB * BigInt(maxPrice.n)
  );
}

function overflows(pool: Pool, { amountA, amountB, shares }: PoolDeposit): boolean {
  return (
    STROOPS_MAX - amountA < pool.reserveA ||
    STROOPS_MAX - amountB < pool.reserveB ||
    STROOPS_MAX - shares < pool.totalShares
  );
}

function payOut(
  at: OperationContext,
  asset: xdr.Asset,
  amount: bigint,
  least: bigint,
): xdr.LiquidityPoolWithdrawResult | undefined {
  if (amount < least) return Withdraw.liquidityPoolWithdrawUnderMinimum();
  if (receivable(at, at.source, asset) < amount) return Withdraw.liquidityPoolWithdrawLineFull();
  settle(at, at.source, asset, amount);
  return undefined;
}

function addShares({ state }: OperationContext, line: xdr.TrustLineEntry, shares: bigint): void {
  const changed = addToLine(line, shares);
  invariant(changed !== undefined, "shares were measured before they are moved");
  writeLine(state, changed);
}
