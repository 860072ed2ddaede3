/**
 * Trade: one asset for another, by the order book or a liquidity pool.
 *
 * The book is crossed offer by offer, the best first. A path payment asks the pool too and takes the
 * better of the two entirely; on equal terms the pool. An offer never meets a pool.
 *
 * Flow    The taker's own balances are not touched here: whoever trades settles with him.
 * Units   Stroops.
 * Source  stellar-core, OfferExchange.cpp (convertWithOffersAndPools, crossOfferV10); CAP-38.
 */
import { xdr } from "@stellar/stellar-sdk/base";
import { invariant } from "../lib/invariant.ts";
import type { EntryKey } from "./entries.ts";
import { adjustOffer, exchange, type Trade, type TradeKind } from "./exchange.ts";
import {
  acquireLiabilities,
  receivable,
  releaseLiabilities,
  settle,
  spendable,
  type Trading,
} from "./liabilities.ts";
import { poolAsksFor, poolPaysFor, TRADING_CLOSED } from "./pool.ts";
import { findPool, type Pool, sidesFor, tradeWithPool } from "./pool-entry.ts";
import { removeEntry } from "./sponsorship.ts";

/** An operation crosses at most so many offers; beyond, it has exceeded the work limit. */
export const OFFERS_CROSSED_MAX = 1_000;

/** What an offer met in the book is to the taker. */
export type OfferScreen = "keep" | "badPrice" | "crossSelf";

export interface Order {
  readonly kind: TradeKind;
  readonly giving: xdr.Asset;
  readonly givesMax: bigint;
  readonly taking: xdr.Asset;
  readonly takesMax: bigint;
  readonly crossedMax: number;
  screen(offer: xdr.OfferEntry): OfferScreen;
}

export interface Filled {
  /** `partial`: no more offers, though more was wanted. */
  readonly outcome: "ok" | "partial" | "badPrice" | "crossSelf" | "exceeded";
  readonly given: bigint;
  readonly taken: bigint;
  readonly atoms: readonly xdr.ClaimAtom[];
  /** What is left of `crossedMax`. */
  readonly crossingsLeft: number;
}

/** Since this protocol, offers tried in vain before a pool was taken count as crossed. */
const VAIN_CROSSINGS_COUNT = 27;

export function fill(at: Trading, order: Order): Filled {
  const quote = quoteOfPool(at, order);
  const { result: crossed } = at.state.scope(
    () => crossBook(at, order),
    (filled) => quote === undefined || isBetterThanPool(filled, quote),
  );
  if (quote === undefined || isBetterThanPool(crossed, quote)) return crossed;

  const inVain = at.ledger.protocol >= VAIN_CROSSINGS_COUNT ? crossed.atoms.length : 0;
  const crossingsLeft = order.crossedMax - inVain - 1;
  if (crossingsLeft < 0) return { ...crossed, outcome: "exceeded" };
  tradeWithPool(at.state, quote.pool, order.giving, quote);
  return { outcome: "ok", ...quote, atoms: [poolAtom(order, quote)], crossingsLeft };
}

interface Quote {
  readonly pool: Pool;
  readonly given: bigint;
  readonly taken: bigint;
}

function quoteOfPool({ state, ledger }: Trading, order: Order): Quote | undefined {
  const areClosed = ((ledger.flags ?? 0) & TRADING_CLOSED) !== 0;
  if (order.kind === "offer" || order.crossedMax === 0 || areClosed) return undefined;
  const pool = findPool(state, order.giving, order.taking);
  if (pool === undefined) return undefined;
  const sides = sidesFor(pool, order.giving);
  if (order.kind === "strictSend") {
    const taken = poolPaysFor(order.givesMax, sides);
    return taken === undefined ? undefined : { pool, given: order.givesMax, taken };
  }
  const given = poolAsksFor(order.takesMax, sides);
  return given === undefined ? undefined : { pool, given, taken: order.takesMax };
}

function isBetterThanPool({ outcome, given, taken }: Filled, quote: Quote): boolean {
  return outcome === "ok" && quote.given * taken > quote.taken * given;
}

function crossBook(at: Trading, order: Order): Filled {
  const atoms: xdr.ClaimAtom[] = [];
  let [given, taken] = [0n, 0n];
  const stop = (outcome: Filled["outcome"]): Filled => {
    return { outcome, given, taken, atoms, crossingsLeft: order.crossedMax - atoms.length };
  };
  while (given < order.givesMax && taken < order.takesMax) {
    if (order.crossedMax === 0) return stop("exceeded");
    const best = bestOffer(at, order);
    if (best === undefined) return stop("partial");
    const seen = order.screen(best.offer);
    if (seen !== "keep") return stop(seen);
    if (atoms.length >= order.crossedMax) return stop("exceeded");

    const trade = crossOffer(at, best, {
      kind: order.kind,
      takerGives: order.givesMax - given,
      takerTakes: order.takesMax - taken,
    });
    atoms.push(bookAtom(best.offer, trade));
    given += trade.given;
    taken += trade.taken;
    if (trade.offerStays) break;
  }
  return stop("ok");
}

interface Listed {
  readonly key: EntryKey;
  readonly offer: xdr.OfferEntry;
}

function bestOffer({ state }: Trading, order: Order): Listed | undefined {
  const key = state.index.book.best(order.taking, order.giving);
  if (key === undefined) return undefined;
  const data = state.get(key)?.data;
  invariant(data?.type === "offer", "the book lists offers that are there");
  return { key, offer: data.offer };
}

interface Taker {
  readonly kind: TradeKind;
  readonly takerGives: bigint;
  readonly takerTakes: bigint;
}

/** Trades with one offer, settles with its seller, and keeps or removes it. */
function crossOffer(at: Trading, { key, offer }: Listed, taker: Taker): Trade {
  const { sellerId, selling, buying, price } = offer;
  releaseLiabilities(at, offer);
  const offerReceives = nothingLess(receivable(at, sellerId, buying));
  const offerSells = fillable(at, offer);
  const trade = exchange(price, { ...taker, offerSells, offerReceives }, taker.kind);
  settle(at, sellerId, buying, trade.given);
  settle(at, sellerId, selling, -trade.taken);

  const left = new xdr.OfferEntry({ ...offer, amount: offerSells - trade.taken });
  const amount = trade.offerStays ? fillable(at, left) : 0n;
  if (amount === 0n) {
    removeEntry(at.state, sellerId, key);
  } else {
    const kept = new xdr.OfferEntry({ ...offer, amount });
    at.state.write(xdr.LedgerEntryData.offer(kept));
    acquireLiabilities(at, kept);
  }
  return trade;
}

/** How much of the offer its seller can really trade. */
function fillable(
  at: Trading,
  { sellerId, selling, buying, price, amount }: xdr.OfferEntry,
): bigint {
  const available = nothingLess(spendable(at, sellerId, selling));
  return adjustOffer(price, {
    offerSells: amount < available ? amount : available,
    offerReceives: nothingLess(receivable(at, sellerId, buying)),
  });
}

function bookAtom(
  { sellerId, offerId, selling, buying }: xdr.OfferEntry,
  trade: Trade,
): xdr.ClaimAtom {
  return xdr.ClaimAtom.claimAtomTypeOrderBook(
    new xdr.ClaimOfferAtom({
      sellerId,
      offerId,
      assetSold: selling,
      amountSold: trade.taken,
      assetBought: buying,
      amountBought: trade.given,
    }),
  );
}

function poolAtom({ giving, taking }: Order, { pool, given, taken }: Quote): xdr.ClaimAtom {
  return xdr.ClaimAtom.claimAtomTypeLiquidityPool(
    new xdr.ClaimLiquidityAtom({
      liquidityPoolId: pool.id,
      assetSold: taking,
      amountSold: taken,
      assetBought: giving,
      amountBought: given,
    }),
  );
}

function nothingLess(amount: bigint): bigint {
  return amount < 0n ? 0n : amount;
}
