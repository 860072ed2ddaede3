/**
 * The reserve: the part of an account's balance that its entries hold fast.
 *
 * Units   Stroops.
 * Source  stellar-core, TransactionUtils.cpp (getMinBalance, getAvailableBalance) and
 *         SponsorshipUtils.cpp; CAP-33.
 */
import { xdr } from "@stellar/stellar-sdk/base";
import { changeAccount, extendAccount, extensionOf } from "./account.ts";

const SUBENTRIES_MAX = 1_000;

const ACCOUNT_ENTRIES = 2;
const COUNT_MAX = 2 ** 32 - 1;

export type ReserveRefusal = "lowReserve" | "tooManySubentries" | "tooManySponsoring";
export type ReserveAnswer =
  | { readonly ok: true; readonly account: xdr.AccountEntry }
  | { readonly ok: false; readonly reason: ReserveRefusal };

export function minimumBalance(account: xdr.AccountEntry, baseReserve: bigint): bigint {
  const { numSponsored, numSponsoring } = extensionOf(account);
  const entries = ACCOUNT_ENTRIES + account.numSubEntries + numSponsoring - numSponsored;
  return BigInt(entries) * baseReserve;
}

/** What the account may spend; below zero when a fee broke the reserve. */
export function availableBalance(account: xdr.AccountEntry, baseReserve: bigint): bigint {
  const { selling } = extensionOf(account).liabilities;
  return account.balance - minimumBalance(account, baseReserve) - selling;
}

/** The account with one more trustline, data entry or signer to its name. */
export function addSubentry(account: xdr.AccountEntry, baseReserve: bigint): ReserveAnswer {
  if (account.numSubEntries + 1 > SUBENTRIES_MAX) return { ok: false, reason: "tooManySubentries" };
  if (availableBalance(account, baseReserve) < baseReserve) {
    return { ok: false, reason: "lowReserve" };
  }
  const numSubEntries = account.numSubEntries + 1;
  return { ok: true, account: changeAccount(account, { numSubEntries }) };
}

export function removeSubentry(account: xdr.AccountEntry): xdr.AccountEntry {
  return changeAccount(account, { numSubEntries: account.numSubEntries - 1 });
}

/** The account as sponsor of an entry that belongs to nobody, such as a claimable balance. */
export function addSponsoring(
  account: xdr.AccountEntry,
  entries: number,
  baseReserve: bigint,
): ReserveAnswer {
  if (availableBalance(account, baseReserve) < BigInt(entries) * baseReserve) {
    return { ok: false, reason: "lowReserve" };
  }
  const numSponsoring = extensionOf(account).numSponsoring + entries;
  if (numSponsoring > COUNT_MAX) return { ok: false, reason: "tooManySponsoring" };
  return { ok: true, account: extendAccount(account, { numSponsoring }) };
}

/** The extension of an entry whose reserve `sponsor` pays. */
export function sponsoredBy(sponsor: xdr.PublicKey): xdr.LedgerEntryExt {
  return xdr.LedgerEntryExt.v1(
    new xdr.LedgerEntryExtensionV1({
      sponsoringId: sponsor,
      ext: xdr.LedgerEntryExtensionV1Ext.v0(),
    }),
  );
}
