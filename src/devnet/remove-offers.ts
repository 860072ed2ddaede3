/**
 * What an account loses with its authorization to hold an asset: its offers that sell or buy it, and
 * its shares of the pools that trade it.
 *
 * Source  stellar-core, TransactionUtils.cpp (removeOffersAndPoolShareTrustLines); CAP-29, CAP-38.
 */
import type { xdr } from "@stellar/stellar-sdk/base";
import { invariant } from "../lib/invariant.ts";
import { sameAsset } from "./entries.ts";
import { releaseLiabilities } from "./liabilities.ts";
import type { OperationContext } from "./operation.ts";
import { redeemPoolShares } from "./pool-shares.ts";
import { type ReserveRefusal, removeEntry } from "./sponsorship.ts";

export function removeOffersOf(
  at: OperationContext,
  account: xdr.PublicKey,
  asset: xdr.Asset,
): ReserveRefusal | undefined {
  for (const key of at.state.index.offersOf(account)) {
    const data = at.state.get(key)?.data;
    invariant(data?.type === "offer", "the index lists offers that are there");
    const { offer } = data;
    if (!sameAsset(offer.selling, asset) && !sameAsset(offer.buying, asset)) continue;
    releaseLiabilities(at, offer);
    removeEntry(at.state, account, key);
  }
  return redeemPoolShares(at, account, asset);
}
