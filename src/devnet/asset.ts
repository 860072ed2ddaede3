/**
 * Assets in operations: which are well formed, who issues them, and moving their balances.
 *
 * Units   Stroops.
 * Source  stellar-core, util/types.cpp (isAssetValid) and TrustLineWrapper.cpp: an issuer holds its
 *         own asset without a trustline, without limit, and what returns to it is gone.
 */
import { xdr } from "@stellar/stellar-sdk/base";
import { changeAccount, writeAccount } from "./account.ts";
import { readAccount, readTrustline, sameAccount } from "./entries.ts";
import { addToAccount, availableBalance } from "./reserve.ts";
import type { LedgerState } from "./state.ts";
import { addToLine, isAuthorized, writeLine } from "./trustline.ts";

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
  if (asset.type === "assetTypeNative") {
    const account = readAccount(state, holder);
    if (account === undefined) return "noLine";
    const credited = addToAccount(account, amount, 0n);
    if (credited === undefined) return "full";
    writeAccount(state, credited);
    return undefined;
  }
  return moveOnLine(state, holder, asset, amount, "full");
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
  return moveOnLine(state, holder, asset, -amount, "notEnough");
}

function moveOnLine(
  state: LedgerState,
  holder: xdr.PublicKey,
  asset: xdr.Asset,
  amount: bigint,
  impossible: BalanceRefusal,
): BalanceRefusal | undefined {
  if (isIssuer(asset, holder)) return undefined;
  const line = readTrustline(state, holder, lineAsset(asset));
  if (line === undefined) return "noLine";
  if (!isAuthorized(line)) return "notAuthorized";
  const moved = addToLine(line, amount);
  if (moved === undefined) return impossible;
  writeLine(state, moved);
  return undefined;
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("latin1");
}
