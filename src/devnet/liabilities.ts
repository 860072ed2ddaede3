/**
 * Liabilities: what an account's offers bind of what it holds, so that each of them can be filled.
 *
 * Holdings are of three kinds: the native balance, a trustline, and the unlimited one that an issuer
 * has of its own asset, which nothing can bind.
 *
 * Units   Stroops.
 * Source  stellar-core, TransactionUtils.cpp (acquireOrReleaseLiabilities, addBuyingLiabilities,
 *         addSellingLiabilities), OfferExchange.cpp (canSellAtMost, canBuyAtMost).
 */
import { xdr } from "@stellar/stellar-sdk/base";
import { invariant } from "../lib/invariant.ts";
import { STROOPS_MAX } from "../lib/money.ts";
import { extendAccount, extensionOf, writeAccount } from "./account.ts";
import { isIssuer, lineAsset } from "./asset.ts";
import { readAccount, readTrustline } from "./entries.ts";
import { liabilitiesOf, type OfferLiabilities } from "./exchange.ts";
import type { LedgerRules } from "./operation.ts";
import { addToAccount, availableBalance, minimumBalance, receivableBalance } from "./reserve.ts";
import type { LedgerState } from "./state.ts";
import {
  addToLine,
  availableOnLine,
  extendLine,
  lineExtensionOf,
  maintainsLiabilities,
  receivableOnLine,
  writeLine,
} from "./trustline.ts";

/** What is needed of an operation's context. */
export interface Trading {
  readonly state: LedgerState;
  readonly ledger: Pick<LedgerRules, "baseReserve" | "protocol" | "flags">;
}

/** What `holder` can part with. Below zero when a fee broke the reserve. */
export function spendable(
  { state, ledger }: Trading,
  holder: xdr.PublicKey,
  asset: xdr.Asset,
): bigint {
  if (asset.type === "assetTypeNative") {
    return availableBalance(mustReadAccount(state, holder), ledger.baseReserve);
  }
  if (isIssuer(asset, holder)) return STROOPS_MAX;
  const line = readTrustline(state, holder, lineAsset(asset));
  return line !== undefined && maintainsLiabilities(line.flags) ? availableOnLine(line) : 0n;
}

/** What `holder` can still receive. */
export function receivable({ state }: Trading, holder: xdr.PublicKey, asset: xdr.Asset): bigint {
  if (asset.type === "assetTypeNative") return receivableBalance(mustReadAccount(state, holder));
  if (isIssuer(asset, holder)) return STROOPS_MAX;
  const line = readTrustline(state, holder, lineAsset(asset));
  return line !== undefined && maintainsLiabilities(line.flags) ? receivableOnLine(line) : 0n;
}

/** Adds what was traded to the holding, or takes it. Both sides of a trade were measured before. */
export function settle(
  { state, ledger }: Trading,
  holder: xdr.PublicKey,
  asset: xdr.Asset,
  amount: bigint,
): void {
  if (amount === 0n) return;
  if (asset.type === "assetTypeNative") {
    const account = addToAccount(mustReadAccount(state, holder), amount, ledger.baseReserve);
    invariant(account !== undefined, "no trade is larger than the balances behind it");
    writeAccount(state, account);
  } else if (!isIssuer(asset, holder)) {
    const line = addToLine(mustReadLine(state, holder, asset), amount);
    invariant(line !== undefined, "no trade is larger than the trustlines behind it");
    writeLine(state, line);
  }
}

/** Binds what the offer sells and leaves room for what it buys. */
export function acquireLiabilities(at: Trading, offer: xdr.OfferEntry): void {
  const { selling, buying } = liabilitiesOf(offer.price, offer.amount);
  bind(at, offer.sellerId, offer.buying, { selling: 0n, buying });
  bind(at, offer.sellerId, offer.selling, { selling, buying: 0n });
}

/** The reverse. */
export function releaseLiabilities(at: Trading, offer: xdr.OfferEntry): void {
  const { selling, buying } = liabilitiesOf(offer.price, offer.amount);
  bind(at, offer.sellerId, offer.buying, { selling: 0n, buying: -buying });
  bind(at, offer.sellerId, offer.selling, { selling: -selling, buying: 0n });
}

function bind(
  { state, ledger }: Trading,
  holder: xdr.PublicKey,
  asset: xdr.Asset,
  change: OfferLiabilities,
): void {
  if (isIssuer(asset, holder) || (change.selling === 0n && change.buying === 0n)) return;
  if (asset.type === "assetTypeNative") {
    const account = mustReadAccount(state, holder);
    const liabilities = changeLiabilities(extensionOf(account).liabilities, change, {
      selling: account.balance - minimumBalance(account, ledger.baseReserve),
      buying: STROOPS_MAX - account.balance,
    });
    writeAccount(state, extendAccount(account, { liabilities }));
    return;
  }
  const line = mustReadLine(state, holder, asset);
  const liabilities = changeLiabilities(lineExtensionOf(line).liabilities, change, {
    selling: line.balance,
    buying: line.limit - line.balance,
  });
  writeLine(state, extendLine(line, { liabilities }));
}

function changeLiabilities(
  known: xdr.Liabilities,
  change: OfferLiabilities,
  limits: OfferLiabilities,
): xdr.Liabilities {
  const selling = known.selling + change.selling;
  const buying = known.buying + change.buying;
  const isCovered =
    selling >= 0n &&
    buying >= 0n &&
    (change.selling === 0n || selling <= limits.selling) &&
    (change.buying === 0n || buying <= limits.buying);
  invariant(isCovered, "an account can fill all of its offers at once");
  return new xdr.Liabilities({ selling, buying });
}

function mustReadAccount(state: LedgerState, holder: xdr.PublicKey): xdr.AccountEntry {
  const account = readAccount(state, holder);
  invariant(account !== undefined, "an offer lives no longer than the account of its seller");
  return account;
}

function mustReadLine(
  state: LedgerState,
  holder: xdr.PublicKey,
  asset: xdr.Asset,
): xdr.TrustLineEntry {
  const line = readTrustline(state, holder, lineAsset(asset));
  const isUsable = line !== undefined && maintainsLiabilities(line.flags);
  invariant(isUsable, "an offer lives no longer than the authorization of its trustlines");
  return line;
}
