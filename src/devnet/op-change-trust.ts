/** changeTrust, for assets. Pool shares are refused before. Source: ChangeTrustOpFrame.cpp. */
import { xdr } from "@stellar/stellar-sdk/base";
import { isAssetValid, isIssuer, issuerOf, lineAsset } from "./asset.ts";
import { readAccount, readTrustline, trustlineKey } from "./entries.ts";
import { AUTH_CLAWBACK_ENABLED, AUTH_REQUIRED } from "./flags.ts";
import { type OperationContext, type OperationRule, reserveFaults } from "./operation.ts";
import { createEntry, removeEntry } from "./sponsorship.ts";
import {
  AUTHORIZED,
  changeLine,
  LINE_CLAWBACK_ENABLED,
  lineExtensionOf,
  writeLine,
} from "./trustline.ts";

const { ChangeTrustResult } = xdr;

type Line = Exclude<xdr.ChangeTrustAsset, { readonly type: "assetTypePoolShare" }>;

const result = (value: xdr.ChangeTrustResult): xdr.OperationResult =>
  xdr.OperationResult.opInner(xdr.OperationResultTr.changeTrust(value));

const faults = reserveFaults(result(ChangeTrustResult.changeTrustLowReserve()));

export function changeTrustRule(line: Line, limit: bigint): OperationRule {
  return {
    threshold: "medium",
    untried: result(ChangeTrustResult.changeTrustSuccess()),
    check: (source) => {
      const isTrustable = line.type !== "assetTypeNative" && isAssetValid(line);
      const malformed = limit < 0n || !isTrustable || isIssuer(line, source);
      return malformed ? result(ChangeTrustResult.changeTrustMalformed()) : undefined;
    },
    apply: (at) => {
      const asset = lineAsset(line);
      const known = readTrustline(at.state, at.source, asset);
      if (known !== undefined) return result(changeLimit(at, known, limit));
      if (limit === 0n) return result(ChangeTrustResult.changeTrustInvalidLimit());
      return openLine(at, asset, limit);
    },
  };
}

function changeLimit(
  at: OperationContext,
  line: xdr.TrustLineEntry,
  limit: bigint,
): xdr.ChangeTrustResult {
  const { state, source } = at;
  if (limit < line.balance + lineExtensionOf(line).liabilities.buying) {
    return ChangeTrustResult.changeTrustInvalidLimit();
  }
  if (limit === 0n) {
    if (lineExtensionOf(line).liquidityPoolUseCount > 0) {
      return ChangeTrustResult.changeTrustCannotDelete();
    }
    removeEntry(state, source, trustlineKey(source, line.asset));
    return ChangeTrustResult.changeTrustSuccess();
  }
  if (issuerAccount(at, line.asset) === undefined) return ChangeTrustResult.changeTrustNoIssuer();
  writeLine(state, changeLine(line, { limit }));
  return ChangeTrustResult.changeTrustSuccess();
}

function openLine(
  at: OperationContext,
  asset: xdr.TrustLineAsset,
  limit: bigint,
): xdr.OperationResult {
  const { source } = at;
  const issuer = issuerAccount(at, asset);
  if (issuer === undefined) return result(ChangeTrustResult.changeTrustNoIssuer());
  const authorized = (issuer.flags & AUTH_REQUIRED) === 0 ? AUTHORIZED : 0;
  const clawback = (issuer.flags & AUTH_CLAWBACK_ENABLED) === 0 ? 0 : LINE_CLAWBACK_ENABLED;
  const line = new xdr.TrustLineEntry({
    accountId: source,
    asset,
    balance: 0n,
    limit,
    flags: authorized | clawback,
    ext: xdr.TrustLineEntryExt.v0(),
  });
  const refusal = createEntry(at, source, xdr.LedgerEntryData.trustline(line));
  if (refusal !== undefined) return faults[refusal];
  return result(ChangeTrustResult.changeTrustSuccess());
}

function issuerAccount(
  at: OperationContext,
  asset: xdr.TrustLineAsset,
): xdr.AccountEntry | undefined {
  const issuer = issuerOf(asset);
  return issuer === undefined ? undefined : readAccount(at.state, issuer);
}
