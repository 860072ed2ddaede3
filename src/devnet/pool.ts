/**
 * Liquidity pools: the constant product of two reserves, less a fee of 0.3 % of what goes in.
 *
 * Units   Stroops, and pool shares in the same unit.
 * Range   0 to 2^63 - 1; undefined where the outcome would leave it.
 * Source  CAP-38; stellar-core, OfferExchange.cpp (exchangeWithPool), numeric.cpp (bigSquareRoot),
 *         LiquidityPoolDepositOpFrame.cpp, TransactionUtils.cpp (getPoolWithdrawalAmount).
 */
import { STROOPS_MAX } from "../lib/money.ts";

/** LedgerHeaderFlags, by which validators close the pools of a network. */
export const TRADING_CLOSED = 1;
export const DEPOSITS_CLOSED = 2;
export const WITHDRAWALS_CLOSED = 4;

/** In 1/10,000. No other fee is valid. */
export const POOL_FEE_BASIS_POINTS = 30;

export interface PoolReserves {
  readonly reserveA: bigint;
  readonly reserveB: bigint;
  readonly totalShares: bigint;
}

/** The reserves as one trade sees them. */
export interface PoolSides {
  readonly reserveIn: bigint;
  readonly reserveOut: bigint;
}

export interface PoolDeposit {
  readonly amountA: bigint;
  readonly amountB: bigint;
  readonly shares: bigint;
}

const WHOLE = 10_000n;
const AFTER_FEE = WHOLE - BigInt(POOL_FEE_BASIS_POINTS);

/** What the pool pays out for exactly `sent`; undefined when it pays nothing. */
export function poolPaysFor(
  sent: bigint,
  { reserveIn, reserveOut }: PoolSides,
): bigint | undefined {
  if (reserveIn <= 0n || reserveOut <= 0n || sent > STROOPS_MAX - reserveIn) return undefined;
  const paid = (AFTER_FEE * reserveOut * sent) / (WHOLE * reserveIn + AFTER_FEE * sent);
  return paid > 0n && paid <= STROOPS_MAX ? paid : undefined;
}

/** What the pool asks for exactly `wanted`; undefined when it does not have that much. */
export function poolAsksFor(
  wanted: bigint,
  { reserveIn, reserveOut }: PoolSides,
): bigint | undefined {
  if (reserveIn <= 0n || reserveOut <= 0n || wanted >= reserveOut) return undefined;
  const asked = divideUp(WHOLE * reserveIn * wanted, (reserveOut - wanted) * AFTER_FEE);
  return asked <= STROOPS_MAX - reserveIn ? asked : undefined;
}

/** The most that can be deposited at the pool's own price; the first deposit sets that price. */
export function depositOf(
  maxA: bigint,
  maxB: bigint,
  { reserveA, reserveB, totalShares }: PoolReserves,
): PoolDeposit {
  if (totalShares === 0n) {
    return { amountA: maxA, amountB: maxB, shares: squareRoot(maxA * maxB) };
  }
  const sharesA = (totalShares * maxA) / reserveA;
  const sharesB = (totalShares * maxB) / reserveB;
  const shares = sharesA < sharesB ? sharesA : sharesB;
  return {
    amountA: divideUp(shares * reserveA, totalShares),
    amountB: divideUp(shares * reserveB, totalShares),
    shares,
  };
}

/** The part of one reserve that `shares` of all shares stand for. */
export function withdrawalOf(shares: bigint, totalShares: bigint, reserve: bigint): bigint {
  return (shares * reserve) / totalShares;
}

/** The whole part of the square root. */
export function squareRoot(square: bigint): bigint {
  if (square < 2n) return square;
  let root = 1n << BigInt((square.toString(2).length + 1) >> 1);
  for (;;) {
    const closer = (root + square / root) >> 1n;
    if (closer >= root) return root;
    root = closer;
  }
}

function divideUp(dividend: bigint, divisor: bigint): bigint {
  return (dividend + divisor - 1n) / divisor;
}
