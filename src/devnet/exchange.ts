/**
 * Exchange: how much two parties trade at an offer's price, and who gains by the rounding.
 *
 * Flow    The smaller side is used up. What is left over by rounding goes to the side that stays;
 *         an ordinary trade that would cost either side more than 1 % is not made at all.
 * Units   Stroops. A price is what is given for one taken, `n / d`.
 * Range   0 to 2^63 - 1; products are computed exactly.
 * Source  stellar-core, OfferExchange.cpp (exchangeV10, applyPriceErrorThresholds, adjustOffer).
 */
import { invariant } from "../lib/invariant.ts";
import { STROOPS_MAX } from "../lib/money.ts";

/** `n` and `d` are positive 32-bit numbers. */
export interface OfferPrice {
  readonly n: number;
  readonly d: number;
}

/** What the trade is part of: an offer, or a path payment whose one end is fixed. */
export type TradeKind = "offer" | "strictSend" | "strictReceive";

/** The most that each side can part with and get. */
export interface TradeLimits {
  readonly offerSells: bigint;
  readonly offerReceives: bigint;
  readonly takerTakes: bigint;
  readonly takerGives: bigint;
}

export interface Trade {
  /** From the offer to the taker. */
  readonly taken: bigint;
  /** From the taker to the offer. */
  readonly given: bigint;
  /** True when the offer is the larger side: then the taker has all that he wanted. */
  readonly offerStays: boolean;
}

export interface OfferLiabilities {
  readonly selling: bigint;
  readonly buying: bigint;
}

const PRICE_ERROR_SHARE = 100n;

/** Trades what both limits allow. The result is 0 for 0 when rounding would be unfair. */
export function exchange(price: OfferPrice, limits: TradeLimits, kind: TradeKind): Trade {
  const trade = exchangeAnyhow(price, limits, kind);
  if (trade.taken === 0n || trade.given === 0n) {
    if (kind !== "strictSend") return { ...trade, taken: 0n, given: 0n };
    invariant(trade.given > 0n, "a strict send that meets an offer sends something");
    return trade;
  }
  const isFair = isWithinPriceError(price, trade, kind);
  if (isFair) return trade;
  invariant(kind === "offer", "a path payment never favours its sender by more than 1 %");
  return { ...trade, taken: 0n, given: 0n };
}

/** How much of its amount an offer can really sell; 0 when it cannot be filled fairly. */
export function adjustOffer(
  price: OfferPrice,
  { offerSells, offerReceives }: Pick<TradeLimits, "offerSells" | "offerReceives">,
): bigint {
  return exchange(price, boundedByOffer(offerSells, offerReceives), "offer").taken;
}

/** What an offer to sell `amount`, or to receive at most `receives`, binds of its owner's. */
export function liabilitiesOf(
  price: OfferPrice,
  amount: bigint,
  receives = STROOPS_MAX,
): OfferLiabilities {
  const trade = exchangeAnyhow(price, boundedByOffer(amount, receives), "offer");
  return { selling: trade.taken, buying: trade.given };
}

function exchangeAnyhow(price: OfferPrice, limits: TradeLimits, kind: TradeKind): Trade {
  const [n, d] = [BigInt(price.n), BigInt(price.d)];
  const offerValue = lesser(limits.offerSells * n, limits.offerReceives * d);
  const takerValue = lesser(limits.takerGives * d, limits.takerTakes * n);
  const offerStays = offerValue > takerValue;
  const amounts = offerStays
    ? tradeAllOfTaker(price, limits, kind, takerValue)
    : tradeAllOfOffer(price, offerValue);
  invariant(
    amounts.taken <= lesser(limits.takerTakes, limits.offerSells) &&
      amounts.given <= lesser(limits.takerGives, limits.offerReceives),
    "no trade exceeds what either side allows",
  );
  return { ...amounts, offerStays };
}

/** The offer stays and must not lose: what it receives is rounded up, what it sells down. */
function tradeAllOfTaker(
  price: OfferPrice,
  limits: TradeLimits,
  kind: TradeKind,
  value: bigint,
): { taken: bigint; given: bigint } {
  const [n, d] = [BigInt(price.n), BigInt(price.d)];
  if (kind === "strictSend") {
    return { taken: value / n, given: lesser(limits.takerGives, limits.offerReceives) };
  }
  if (n > d || kind === "strictReceive") {
    const taken = value / n;
    return { taken, given: divideUp(taken * n, d) };
  }
  const given = value / d;
  return { taken: (given * d) / n, given };
}

/** The taker stays and must not lose. */
function tradeAllOfOffer(price: OfferPrice, value: bigint): { taken: bigint; given: bigint } {
  const [n, d] = [BigInt(price.n), BigInt(price.d)];
  if (n > d) {
    const taken = value / n;
    return { taken, given: (taken * n) / d };
  }
  const given = value / d;
  return { taken: divideUp(given * d, n), given };
}

/** Path payments may cost their sender any rounding: his limits decide whether he accepts it. */
function isWithinPriceError(price: OfferPrice, trade: Trade, kind: TradeKind): boolean {
  const due = BigInt(price.n) * trade.taken;
  const paid = BigInt(price.d) * trade.given;
  invariant(
    trade.offerStays ? paid >= due : paid <= due,
    "rounding favours the side that stays in the book",
  );
  if (kind !== "offer" && paid > due) return true;
  const error = paid > due ? paid - due : due - paid;
  return error * PRICE_ERROR_SHARE <= due;
}

function boundedByOffer(offerSells: bigint, offerReceives: bigint): TradeLimits {
  return { offerSells, offerReceives, takerTakes: STROOPS_MAX, takerGives: STROOPS_MAX };
}

function divideUp(dividend: bigint, divisor: bigint): bigint {
  return (dividend + divisor - 1n) / divisor;
}

function lesser(left: bigint, right: bigint): bigint {
  return left < right ? left : right;
}
