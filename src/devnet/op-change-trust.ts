/** changeTrust, for assets. Pool shares are refused before. Source: ChangeTrustOpFrame.cpp. */
import { xdr } from "@stellar/stellar-sdk/base";
import { writeAccount } from "./account.ts";
import {
  AUTHORIZED,
  isAssetValid,
  isIssuer,
  issuerOf,
  LINE_CLAWBACK_ENABLED,
  lineAsset,
  lineLiabilities,
} from "./asset.ts";
import { readAccount, readTrustline, trustlineKey } from "./entries.ts";
import type { OperationContext, OperationRule } from "./operation.ts";
import { addSubentry, type ReserveRefusal, removeSubentry } from "./reserve.ts";

const { ChangeTrustResult } = xdr;
const AUTH_REQUIRED = 1;
const AUTH_CLAWBACK_ENABLED = 8;

type Line = Exclude<xdr.ChangeTrustAsset, { readonly type: "assetTypePoolShare" }>;

const result = (value: xdr.ChangeTrustResult): xdr.OperationResult =>
  xdr.OperationResult.opInner(xdr.OperationResultTr.changeTrust(value));

const reserveFaults: Readonly<Record<ReserveRefusal, xdr.OperationResult>> = {
  lowReserve: result(ChangeTrustResult.changeTrustLowReserve()),
  tooManySubentries: xdr.OperationResult.opTooManySubentries(),
  tooManySponsoring: xdr.OperationResult.opTooManySponsoring(),
};

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
      if (known !== undefined) return result(changeLine(at, known, limit));
      if (limit === 0n) return result(ChangeTrustResult.changeTrustInvalidLimit());
      return openLine(at, asset, limit);
    },
  };
}

function changeLine(
  at: OperationContext,
  line: xdr.TrustLineEntry,
  limit: bigint,
): xdr.ChangeTrustResult {
  const { state, source } = at;
  if (limit < line.balance + lineLiabilities(line).buying) {
    return ChangeTrustResult.changeTrustInvalidLimit();
  }
  if (limit === 0n) {
    const owner = readAccount(state, source);
    if (owner !== undefined) writeAccount(state, removeSubentry(owner));
    state.remove(trustlineKey(source, line.asset));
    return ChangeTrustResult.changeTrustSuccess();
  }
  if (issuerAccount(at, line.asset) === undefined) return ChangeTrustResult.changeTrustNoIssuer();
  state.write(xdr.LedgerEntryData.trustline(new xdr.TrustLineEntry({ ...line, limit })));
  return ChangeTrustResult.changeTrustSuccess();
}

function openLine(
  at: OperationContext,
  asset: xdr.TrustLineAsset,
  limit: bigint,
): xdr.OperationResult {
  const { state, source, ledger } = at;
  const issuer = issuerAccount(at, asset);
  if (issuer === undefined) return result(ChangeTrustResult.changeTrustNoIssuer());
  const owner = readAccount(state, source);
  if (owner === undefined) return xdr.OperationResult.opNoAccount();
  const reserved = addSubentry(owner, ledger.baseReserve);
  if (!reserved.ok) return reserveFaults[reserved.reason];

  writeAccount(state, reserved.account);
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
  state.write(xdr.LedgerEntryData.trustline(line));
  return result(ChangeTrustResult.changeTrustSuccess());
}

function issuerAccount(
  at: OperationContext,
  asset: xdr.TrustLineAsset,
): xdr.AccountEntry | undefined {
  const issuer = issuerOf(asset);
  return issuer === undefined ? undefined : readAccount(at.state, issuer);
}
