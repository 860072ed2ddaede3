/**
 * Assets in operations: which are well formed, who issues them, and moving their balances.
 *
 * Units   Stroops.
 * Source  stellar-core, util/types.cpp (isAssetValid) and TrustLineWrapper.cpp: an issuer holds its
 *         own asset without a trustline, without limit, and what returns to it is gone.
 */
import { xdr } from "@stellar/stellar-sdk/base";
import { STROOPS_MAX } from "../lib/money.ts";
import { changeAccount, extensionOf, writeAccount } from "./account.ts";
import { readAccount, readTrustline, sameAccount } from "./entries.ts";
import { availableBalance } from "./reserve.ts";
import type { LedgerState } from "./state.ts";

export const AUTHORIZED = 1;
export const LINE_CLAWBACK_ENABLED = 4;

export type BalanceRefusal = "noLine" | "notAuthorized" | "notEnough" | "full";

type AnyAsset = xdr.Asset | xdr.TrustLineAsset | xdr.ChangeTrustAsset;

const SHORT_CODE = /^[A-Za-z0-9]{1,4}\0*$/;
const LONG_CODE = /^[A-Za-z0-9]{5,12}\0*$/;

export function isAssetValid(asset: AnyAsset): boolean {
  switch (asset.type) {
    case "assetTypeNative":
      return true;
    case "assetTypeCreditAlphanum4":
      return SHORT_CODE.test(latin1(asset.alphaNum4.assetCode.toBytes()));
    case "assetTypeCreditAlphanum12":
      return LONG_CODE.test(latin1(asset.alphaNum12.assetCode.toBytes()));
    case "assetTypePoolShare":
      return false;
  }
}

export function issuerOf(asset: AnyAsset): xdr.PublicKey | undefined {
  if (asset.type === "assetTypeCreditAlphanum4") return asset.alphaNum4.issuer;
  if (asset.type === "assetTypeCreditAlphanum12") return asset.alphaNum12.issuer;
  return undefined;
}

export function isIssuer(asset: AnyAsset, account: xdr.PublicKey): boolean {
  const issuer = issuerOf(asset);
  return issuer !== undefined && sameAccount(issuer, account);
}

/** The same asset as trustlines name it. Pool shares are no asset of an operation. */
export function lineAsset(asset: xdr.Asset): xdr.TrustLineAsset {
  switch (asset.type) {
    case "assetTypeNative":
      return xdr.TrustLineAsset.assetTypeNative();
    case "assetTypeCreditAlphanum4":
      return xdr.TrustLineAsset.assetTypeCreditAlphanum4(asset.alphaNum4);
    case "assetTypeCreditAlphanum12":
      return xdr.TrustLineAsset.assetTypeCreditAlphanum12(asset.alphaNum12);
  }
}

/** Adds to what `holder` has of `asset`. A native holder must exist. */
export function credit(
  state: LedgerState,
  holder: xdr.PublicKey,
  asset: xdr.Asset,
  amount: bigint,
): BalanceRefusal | undefined {
  if (asset.type === "assetTypeNative") return creditNative(state, holder, amount);
  if (isIssuer(asset, holder)) return undefined;
  const line = readTrustline(state, holder, lineAsset(asset));
  if (line === undefined) return "noLine";
  if (!isAuthorized(line)) return "notAuthorized";
  const balance = line.balance + amount;
  if (balance > line.limit - lineLiabilities(line).buying) return "full";
  writeLine(state, line, balance);
  return undefined;
}

/** Takes from what `holder` has of `asset`; the reserve and liabilities stay untouched. */
export function debit(
  state: LedgerState,
  holder: xdr.PublicKey,
  asset: xdr.Asset,
  amount: bigint,
  baseReserve: bigint,
): BalanceRefusal | undefined {
  if (asset.type === "assetTypeNative") {
    const account = readAccount(state, holder);
    if (account === undefined || availableBalance(account, baseReserve) < amount) {
      return "notEnough";
    }
    writeAccount(state, changeAccount(account, { balance: account.balance - amount }));
    return undefined;
  }
  if (isIssuer(asset, holder)) return undefined;
  const line = readTrustline(state, holder, lineAsset(asset));
  if (line === undefined) return "noLine";
  if (!isAuthorized(line)) return "notAuthorized";
  const balance = line.balance - amount;
  if (balance < lineLiabilities(line).selling) return "notEnough";
  writeLine(state, line, balance);
  return undefined;
}

export function lineLiabilities(line: xdr.TrustLineEntry): { buying: bigint; selling: bigint } {
  return line.ext.type === "v1" ? line.ext.v1.liabilities : { buying: 0n, selling: 0n };
}

function creditNative(
  state: LedgerState,
  holder: xdr.PublicKey,
  amount: bigint,
): BalanceRefusal | undefined {
  const account = readAccount(state, holder);
  if (account === undefined) return "noLine";
  const balance = account.balance + amount;
  if (balance > STROOPS_MAX - extensionOf(account).liabilities.buying) return "full";
  writeAccount(state, changeAccount(account, { balance }));
  return undefined;
}

function writeLine(state: LedgerState, line: xdr.TrustLineEntry, balance: bigint): void {
  state.write(xdr.LedgerEntryData.trustline(new xdr.TrustLineEntry({ ...line, balance })));
}

function isAuthorized(line: xdr.TrustLineEntry): boolean {
  return (line.flags & AUTHORIZED) !== 0;
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("latin1");
}
