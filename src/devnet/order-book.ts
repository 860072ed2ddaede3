/**
 * The order book: every offer by what it sells and buys, the best first.
 *
 * The best is the cheapest, and of equal ones the oldest. Prices are compared as 64-bit floating
 * point numbers, because that is the order of the network: two prices that differ by less than
 * that resolves count as one.
 *
 * Source  stellar-core, LedgerTxnOfferSQL.cpp (isBetterOffer).
 */
import type { xdr } from "@stellar/stellar-sdk/base";
import { invariant } from "../lib/invariant.ts";
import { assetText, type EntryKey } from "./entries.ts";

interface Listed {
  readonly key: EntryKey;
  readonly price: number;
  readonly id: bigint;
}

/** XDR of the asset sold, then of the asset bought. */
type Pair = string;

export class OrderBook {
  readonly #pairs = new Map<Pair, Listed[]>();

  /** The key of the best offer that sells `selling` for `buying`. */
  best(selling: xdr.Asset, buying: xdr.Asset): EntryKey | undefined {
    return this.#pairs.get(pairOf(selling, buying))?.at(0)?.key;
  }

  add(key: EntryKey, offer: xdr.OfferEntry): void {
    const listed = listedAs(key, offer);
    const pair = pairOf(offer.selling, offer.buying);
    const list = this.#pairs.get(pair);
    if (list === undefined) this.#pairs.set(pair, [listed]);
    else list.splice(placeOf(list, listed), 0, listed);
  }

  remove(key: EntryKey, offer: xdr.OfferEntry): void {
    const pair = pairOf(offer.selling, offer.buying);
    const list = this.#pairs.get(pair) ?? [];
    const place = placeOf(list, listedAs(key, offer));
    invariant(list[place]?.key === key, "an offer that is removed is in the book");
    list.splice(place, 1);
    if (list.length === 0) this.#pairs.delete(pair);
  }
}

function listedAs(key: EntryKey, { price, offerId }: xdr.OfferEntry): Listed {
  return { key, price: price.n / price.d, id: offerId };
}

function pairOf(selling: xdr.Asset, buying: xdr.Asset): Pair {
  return `${assetText(selling)}${assetText(buying)}`;
}

/** Where `listed` belongs among offers that are in order. */
function placeOf(list: readonly Listed[], listed: Listed): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const other = list[middle];
    if (other !== undefined && isBetter(other, listed)) low = middle + 1;
    else high = middle;
  }
  return low;
}

function isBetter(left: Listed, right: Listed): boolean {
  return left.price < right.price || (left.price === right.price && left.id < right.id);
}
