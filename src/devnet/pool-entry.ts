/**
 * Liquidity pools in the ledger: their ids, their reserves, and how many lines hold their shares.
 *
 * A pool comes with the first trustline for its shares and goes with the last one.
 *
 * Units   Stroops, and pool shares in the same unit.
 * Source  Stellar-ledger-entries.x (LiquidityPoolEntry); CAP-38; stellar-core, OfferExchange.cpp
 *         (getPoolID), TransactionUtils.cpp (decrementPoolSharesTrustLineCount).
 */
import { xdr } from "@stellar/stellar-sdk/base";
import { sha256 } from "../lib/hash.ts";
import { invariant } from "../lib/invariant.ts";
import { assetText, liquidityPoolKey, sameAsset } from "./entries.ts";
import { POOL_FEE_BASIS_POINTS, type PoolReserves, type PoolSides } from "./pool.ts";
import type { LedgerState } from "./state.ts";

export interface Pool extends PoolReserves {
  readonly id: xdr.PoolId;
  readonly params: xdr.LiquidityPoolConstantProductParameters;
  /** How many trustlines hold shares. */
  readonly lines: bigint;
}

const EMPTY = { reserveA: 0n, reserveB: 0n, totalShares: 0n, lines: 0n };

export function poolIdOf(parameters: xdr.LiquidityPoolParameters): xdr.PoolId {
  return new xdr.PoolId(sha256(parameters.toXdr()));
}

/** The order in which a pool names its assets. */
export function areInOrder(assetA: xdr.Asset, assetB: xdr.Asset): boolean {
  return assetText(assetA) < assetText(assetB);
}

/** The pool that trades the two assets, in either order. */
export function findPool(state: LedgerState, one: xdr.Asset, other: xdr.Asset): Pool | undefined {
  const [assetA, assetB] = areInOrder(one, other) ? [one, other] : [other, one];
  const params = new xdr.LiquidityPoolConstantProductParameters({
    assetA,
    assetB,
    fee: POOL_FEE_BASIS_POINTS,
  });
  return readPool(
    state,
    poolIdOf(xdr.LiquidityPoolParameters.liquidityPoolConstantProduct(params)),
  );
}

function readPool(state: LedgerState, id: xdr.PoolId): Pool | undefined {
  const data = state.get(liquidityPoolKey(id))?.data;
  if (data?.type !== "liquidityPool") return undefined;
  const { params, reserveA, reserveB, totalPoolShares, poolSharesTrustLineCount } =
    data.liquidityPool.body.constantProduct;
  return {
    id,
    params,
    reserveA,
    reserveB,
    totalShares: totalPoolShares,
    lines: poolSharesTrustLineCount,
  };
}

/** The pool under a line that holds its shares. */
export function mustReadPool(state: LedgerState, id: xdr.PoolId): Pool {
  const pool = readPool(state, id);
  invariant(pool !== undefined, "a pool lives as long as a trustline for its shares");
  return pool;
}

export function changePool(
  state: LedgerState,
  pool: Pool,
  change: Partial<PoolReserves & Pick<Pool, "lines">>,
): void {
  const { id, params, reserveA, reserveB, totalShares, lines } = { ...pool, ...change };
  const isSound = reserveA >= 0n && reserveB >= 0n && totalShares >= 0n && lines >= 0n;
  invariant(isSound, "a pool never pays more than it has");
  const constantProduct = new xdr.LiquidityPoolEntryConstantProduct({
    params,
    reserveA,
    reserveB,
    totalPoolShares: totalShares,
    poolSharesTrustLineCount: lines,
  });
  const entry = new xdr.LiquidityPoolEntry({
    liquidityPoolId: id,
    body: xdr.LiquidityPoolEntryBody.liquidityPoolConstantProduct(constantProduct),
  });
  state.write(xdr.LedgerEntryData.liquidityPool(entry));
}

/** One more line holds shares of this pool; the first one brings it to life. */
export function joinPool(state: LedgerState, parameters: xdr.LiquidityPoolParameters): void {
  const id = poolIdOf(parameters);
  const none = { id, params: parameters.constantProduct, ...EMPTY };
  const pool = readPool(state, id) ?? none;
  changePool(state, pool, { lines: pool.lines + 1n });
}

/** One line less; the last one takes the pool with it. */
export function leavePool(state: LedgerState, id: xdr.PoolId): void {
  const pool = mustReadPool(state, id);
  if (pool.lines === 1n) state.remove(liquidityPoolKey(id));
  else changePool(state, pool, { lines: pool.lines - 1n });
}

export function sidesFor(pool: Pool, giving: xdr.Asset): PoolSides {
  const { reserveA, reserveB } = pool;
  return sameAsset(pool.params.assetA, giving)
    ? { reserveIn: reserveA, reserveOut: reserveB }
    : { reserveIn: reserveB, reserveOut: reserveA };
}

/** What one trade does to the reserves. */
export function tradeWithPool(
  state: LedgerState,
  pool: Pool,
  giving: xdr.Asset,
  { given, taken }: { readonly given: bigint; readonly taken: bigint },
): void {
  const { reserveA, reserveB } = pool;
  const changed = sameAsset(pool.params.assetA, giving)
    ? { reserveA: reserveA + given, reserveB: reserveB - taken }
    : { reserveA: reserveA - taken, reserveB: reserveB + given };
  changePool(state, pool, changed);
}
