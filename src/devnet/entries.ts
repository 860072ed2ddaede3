/**
 * Ledger entries: their keys, and reading them by kind.
 *
 * Source  Stellar-ledger-entries.x (LedgerEntry, LedgerKey).
 */
import { xdr } from "@stellar/stellar-sdk/base";
import { uint64Bytes } from "../lib/bytes.ts";

/** The XDR of a LedgerKey as Latin-1 text: a string compares and hashes faster than bytes. */
export type EntryKey = string;

/** The number of a variant, as XDR writes it. */
const ACCOUNT = "\0\0\0\0";
const TRUSTLINE = "\0\0\0\u0001";
const OFFER = "\0\0\0\u0002";
const NATIVE = "\0\0\0\0";
const SHORT_CODE = "\0\0\0\u0001";
const LONG_CODE = "\0\0\0\u0002";
const ED25519 = "\0\0\0\0";

/** What a reader of entries needs: the state itself, or a stand-in. */
export interface EntryReader {
  get(key: EntryKey): xdr.LedgerEntry | undefined;
}

export function entryKey(key: xdr.LedgerKey): EntryKey {
  return Buffer.from(key.toXdr()).toString("latin1");
}

export function ledgerKey(key: EntryKey): xdr.LedgerKey {
  return xdr.LedgerKey.fromXdr(Uint8Array.from(Buffer.from(key, "latin1")));
}

export function keyOfData(data: xdr.LedgerEntryData): EntryKey {
  switch (data.type) {
    case "account":
      return accountKey(data.account.accountId);
    case "trustline":
      return trustlineKey(data.trustLine.accountId, data.trustLine.asset);
    case "data":
      return dataKey(data.data.accountId, data.data.dataName);
    case "claimableBalance":
      return claimableBalanceKey(data.claimableBalance.balanceId);
    case "offer":
      return offerKey(data.offer.sellerId, data.offer.offerId);
    case "liquidityPool":
      return liquidityPoolKey(data.liquidityPool.liquidityPoolId);
    default:
      throw new Error(`Broken invariant: the devnet keeps no entry of kind ${data.type}`);
  }
}

/** Written by hand, as are those of trustlines and offers: rules ask for little else, and often. */
export function accountKey(accountId: xdr.PublicKey): EntryKey {
  return `${ACCOUNT}${idText(accountId)}`;
}

export function trustlineKey(accountId: xdr.PublicKey, asset: xdr.TrustLineAsset): EntryKey {
  switch (asset.type) {
    case "assetTypeCreditAlphanum4":
      return `${TRUSTLINE}${idText(accountId)}${SHORT_CODE}${creditText(asset.alphaNum4)}`;
    case "assetTypeCreditAlphanum12":
      return `${TRUSTLINE}${idText(accountId)}${LONG_CODE}${creditText(asset.alphaNum12)}`;
    default:
      return entryKey(xdr.LedgerKey.trustline(new xdr.LedgerKeyTrustLine({ accountId, asset })));
  }
}

export function dataKey(accountId: xdr.PublicKey, dataName: xdr.XdrString): EntryKey {
  return entryKey(xdr.LedgerKey.data(new xdr.LedgerKeyData({ accountId, dataName })));
}

export function offerKey(sellerId: xdr.PublicKey, offerId: bigint): EntryKey {
  return `${OFFER}${idText(sellerId)}${latin1(uint64Bytes(offerId))}`;
}

export function liquidityPoolKey(liquidityPoolId: xdr.PoolId): EntryKey {
  return entryKey(xdr.LedgerKey.liquidityPool(new xdr.LedgerKeyLiquidityPool({ liquidityPoolId })));
}

export function claimableBalanceKey(balanceId: xdr.ClaimableBalanceId): EntryKey {
  const key = new xdr.LedgerKeyClaimableBalance({ balanceId });
  return entryKey(xdr.LedgerKey.claimableBalance(key));
}

export function readAccount(
  state: EntryReader,
  accountId: xdr.PublicKey,
): xdr.AccountEntry | undefined {
  const data = state.get(accountKey(accountId))?.data;
  return data?.type === "account" ? data.account : undefined;
}

export function readTrustline(
  state: EntryReader,
  accountId: xdr.PublicKey,
  asset: xdr.TrustLineAsset,
): xdr.TrustLineEntry | undefined {
  const data = state.get(trustlineKey(accountId, asset))?.data;
  return data?.type === "trustline" ? data.trustLine : undefined;
}

export function readClaimableBalance(
  state: EntryReader,
  balanceId: xdr.ClaimableBalanceId,
): xdr.ClaimableBalanceEntry | undefined {
  const data = state.get(claimableBalanceKey(balanceId))?.data;
  return data?.type === "claimableBalance" ? data.claimableBalance : undefined;
}

/** The XDR of an asset as Latin-1 text: it is that asset's name in indexes. */
export function assetText(asset: xdr.Asset): string {
  switch (asset.type) {
    case "assetTypeNative":
      return NATIVE;
    case "assetTypeCreditAlphanum4":
      return `${SHORT_CODE}${creditText(asset.alphaNum4)}`;
    case "assetTypeCreditAlphanum12":
      return `${LONG_CODE}${creditText(asset.alphaNum12)}`;
  }
}

export function sameAsset(left: xdr.Asset, right: xdr.Asset): boolean {
  return left === right || (left.type === right.type && assetText(left) === assetText(right));
}

export function sameAccount(left: xdr.PublicKey, right: xdr.PublicKey): boolean {
  return Buffer.compare(left.ed25519.toBytes(), right.ed25519.toBytes()) === 0;
}

/** The account under a G… or M… address: a muxed id has no meaning to the ledger's rules. */
export function accountOf(address: xdr.MuxedAccount): xdr.PublicKey {
  const key = address.type === "keyTypeEd25519" ? address.ed25519 : address.med25519.ed25519;
  return xdr.PublicKey.publicKeyTypeEd25519(key);
}

function idText({ ed25519 }: xdr.PublicKey): string {
  return ED25519 + latin1(ed25519.toBytes());
}

function creditText({ assetCode, issuer }: xdr.AlphaNum4 | xdr.AlphaNum12): string {
  return latin1(assetCode.toBytes()) + idText(issuer);
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
}
