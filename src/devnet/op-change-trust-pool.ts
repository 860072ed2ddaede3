/**
 * changeTrust for the shares of a liquidity pool. Such a line rests on the lines for the pool's two
 * assets, which count it: they cannot be removed while it is there.
 *
 * Source  stellar-core, ChangeTrustOpFrame.cpp; CAP-38.
 */
import { xdr } from "@stellar/stellar-sdk/base";
import { isAssetValid, isIssuer, lineAsset } from "./asset.ts";
import { readTrustline, trustlineKey } from "./entries.ts";
import { type OperationContext, type OperationRule, reserveFaults } from "./operation.ts";
import { POOL_FEE_BASIS_POINTS } from "./pool.ts";
import { areInOrder, joinPool, leavePool, poolIdOf } from "./pool-entry.ts";
import { countPoolUse } from "./pool-shares.ts";
import { createEntry, removeEntry } from "./sponsorship.ts";
import { changeLine, maintainsLiabilities, writeLine } from "./trustline.ts";

const { ChangeTrustResult: Result } = xdr;

const result = (value: xdr.ChangeTrustResult): xdr.OperationResult =>
  xdr.OperationResult.opInner(xdr.OperationResultTr.changeTrust(value));

const success = result(Result.changeTrustSuccess());
const invalidLimit = result(Result.changeTrustInvalidLimit());
const faults = reserveFaults(result(Result.changeTrustLowReserve()));

export function changePoolTrustRule(
  parameters: xdr.LiquidityPoolParameters,
  limit: bigint,
): OperationRule {
  return {
    threshold: "medium",
    untried: result(Result.changeTrustSuccess()),
    check: () => {
      const isSound = limit >= 0n && isPoolValid(parameters);
      return isSound ? undefined : result(Result.changeTrustMalformed());
    },
    apply: (at) => apply(at, parameters, limit),
  };
}

function isPoolValid({ constantProduct }: xdr.LiquidityPoolParameters): boolean {
  const { assetA, assetB, fee } = constantProduct;
  return (
    isAssetValid(assetA) &&
    isAssetValid(assetB) &&
    areInOrder(assetA, assetB) &&
    fee === POOL_FEE_BASIS_POINTS
  );
}

function apply(
  at: OperationContext,
  parameters: xdr.LiquidityPoolParameters,
  limit: bigint,
): xdr.OperationResult {
  const { state, source } = at;
  const id = poolIdOf(parameters);
  const { assetA, assetB } = parameters.constantProduct;
  const asset = xdr.TrustLineAsset.assetTypePoolShare(id);
  const known = readTrustline(state, source, asset);
  if (known === undefined) return limit === 0n ? invalidLimit : openLine(at, parameters, limit);
  if (limit < known.balance) return invalidLimit;
  if (limit > 0n) {
    writeLine(state, changeLine(known, { limit }));
    return success;
  }
  removeEntry(state, source, trustlineKey(source, asset));
  countPoolUse(state, source, assetA, -1);
  countPoolUse(state, source, assetB, -1);
  leavePool(state, id);
  return success;
}

function openLine(
  at: OperationContext,
  parameters: xdr.LiquidityPoolParameters,
  limit: bigint,
): xdr.OperationResult {
  const { assetA, assetB } = parameters.constantProduct;
  const unfit = useLine(at, assetA) ?? useLine(at, assetB);
  if (unfit !== undefined) return result(unfit);
  joinPool(at.state, parameters);
  const line = new xdr.TrustLineEntry({
    accountId: at.source,
    asset: xdr.TrustLineAsset.assetTypePoolShare(poolIdOf(parameters)),
    balance: 0n,
    limit,
    flags: 0,
    ext: xdr.TrustLineEntryExt.v0(),
  });
  const refusal = createEntry(at, at.source, xdr.LedgerEntryData.trustline(line));
  return refusal === undefined ? success : faults[refusal];
}

/** Counts one more use of the source's line for `asset`, if it needs one. */
function useLine(
  { state, source }: OperationContext,
  asset: xdr.Asset,
): xdr.ChangeTrustResult | undefined {
  if (asset.type === "assetTypeNative" || isIssuer(asset, source)) return undefined;
  const line = readTrustline(state, source, lineAsset(asset));
  if (line === undefined) return Result.changeTrustTrustLineMissing();
  if (!maintainsLiabilities(line.flags)) return Result.changeTrustNotAuthMaintainLiabilities();
  countPoolUse(state, source, asset, 1);
  return undefined;
}
