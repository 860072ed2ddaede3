/** Stellar's XDR names for accounts and assets as the text that this project uses. */
import type { xdr } from "@stellar/stellar-sdk/base";
import { XLM } from "../lib/assets.ts";
import { accountFromBytes, muxedAddress } from "../lib/strkey.ts";

/** The G… account, whatever muxed id the name carries. */
export function accountOf(name: xdr.MuxedAccount): string {
  return accountFromBytes(keyOf(name).toBytes());
}

/** G… or M…, just as it was named. */
export function addressOf(name: xdr.MuxedAccount): string {
  const account = accountOf(name);
  return name.type === "keyTypeEd25519" ? account : muxedAddress(account, name.med25519.id);
}

export function accountIdText(id: xdr.AccountId): string {
  return accountFromBytes(id.ed25519.toBytes());
}

export function assetText(asset: xdr.Asset): string {
  switch (asset.type) {
    case "assetTypeNative":
      return XLM;
    case "assetTypeCreditAlphanum4":
      return issuedText(asset.alphaNum4.assetCode.toBytes(), asset.alphaNum4.issuer);
    case "assetTypeCreditAlphanum12":
      return issuedText(asset.alphaNum12.assetCode.toBytes(), asset.alphaNum12.issuer);
  }
}

function keyOf(name: xdr.MuxedAccount): xdr.Uint256Bytes {
  return name.type === "keyTypeEd25519" ? name.ed25519 : name.med25519.ed25519;
}

/** Codes are padded with zero bytes up to 4 or 12. */
function issuedText(code: Uint8Array, issuer: xdr.AccountId): string {
  const end = code.indexOf(0);
  const text = new TextDecoder().decode(end < 0 ? code : code.subarray(0, end));
  return `${text}:${accountIdText(issuer)}`;
}
