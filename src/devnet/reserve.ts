/**
 * The reserve: the part of an account's balance that its entries and its offers hold fast.
 *
 * Units   Stroops.
 * Source  stellar-core, TransactionUtils.cpp (getMinBalance, getAvailableBalance,
 *         getMaxAmountReceive, addBalance); CAP-33.
 */
import type { xdr } from "@stellar/stellar-sdk/base";
import { STROOPS_MAX } from "../lib/money.ts";
import { changeAccount, extensionOf } from "./account.ts";

const ACCOUNT_ENTRIES = 2;

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

/** What the account may receive: what its offers are going to buy is kept free. */
export function receivableBalance(account: xdr.AccountEntry): bigint {
  return STROOPS_MAX - account.balance - extensionOf(account).liabilities.buying;
}

/** The account with `amount` more, or less; undefined when it cannot receive or spend that. */
export function addToAccount(
  account: xdr.AccountEntry,
  amount: bigint,
  baseReserve: bigint,
): xdr.AccountEntry | undefined {
  const balance = account.balance + amount;
  const isPossible =
    amount < 0n
      ? balance >= 0n && availableBalance(account, baseReserve) >= -amount
      : receivableBalance(account) >= amount;
  return isPossible ? changeAccount(account, { balance }) : undefined;
}
