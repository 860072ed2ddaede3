/**
 * An offer is made, changed or withdrawn: it first takes what the book has for it, and what is left
 * stands in the book.
 *
 * While it trades the offer is already there, for its reserve, but as one of nothing: so it is in
 * nobody's way. Nothing is the mark of a withdrawal too.
 *
 * Units   Stroops.
 * Source  stellar-core, ManageOfferOpFrameBase.cpp (doApply and what it calls).
 */
import { xdr } from "@stellar/stellar-sdk/base";
import { invariant } from "../lib/invariant.ts";
import { STROOPS_MAX } from "../lib/money.ts";
import { isIssuer, lineAsset } from "./asset.ts";
import { offerKey, readTrustline, sameAccount } from "./entries.ts";
import { adjustOffer, liabilitiesOf } from "./exchange.ts";
import {
  acquireLiabilities,
  receivable,
  releaseLiabilities,
  settle,
  spendable,
} from "./liabilities.ts";
import type { OfferCodes, OfferFault } from "./op-manage-offer-codes.ts";
import { type OperationContext, reserveFaults } from "./operation.ts";
import { createEntry, removeEntry } from "./sponsorship.ts";
import { type Filled, fill, OFFERS_CROSSED_MAX, type OfferScreen } from "./trade.ts";
import { isAuthorized } from "./trustline.ts";

export interface OfferRequest {
  readonly selling: xdr.Asset;
  readonly buying: xdr.Asset;
  /** What is asked for one sold. */
  readonly price: xdr.Price;
  /** Which offer to change; 0 makes a new one. */
  readonly offerId: bigint;
  /** How much to sell, or to buy: `bounds` says which. 0 withdraws the offer. */
  readonly amount: bigint;
  readonly bounds: "sold" | "bought";
  readonly isPassive: boolean;
}

const { ManageOfferSuccessResultOffer: Effect } = xdr;
const PASSIVE = 1;

export function applyOffer(
  at: OperationContext,
  request: OfferRequest,
  codes: OfferCodes,
): xdr.OperationResult {
  const isWithdrawal = request.amount === 0n;
  const notHolding = isWithdrawal ? undefined : refuseHoldings(at, request);
  if (notHolding !== undefined) return codes.faults[notHolding];

  const opened = request.offerId === 0n ? openOffer(at, request) : reopenOffer(at, request);
  if (typeof opened === "string") {
    if (opened === "notFound") return codes.faults.notFound;
    return reserveFaults(codes.faults.lowReserve)[opened];
  }
  if (isWithdrawal) return codes.success(closeOffer(at, opened, []));

  const limits = limitsOf(at, request);
  if (typeof limits === "string") return codes.faults[limits];
  const order = orderOf(at, request, opened, limits);
  const filled = fill(at, order);
  if (filled.outcome === "exceeded") return xdr.OperationResult.opExceededWorkLimit();
  if (filled.outcome === "crossSelf") return codes.faults.crossSelf;
  settle(at, at.source, request.buying, filled.taken);
  settle(at, at.source, request.selling, -filled.given);
  return codes.success(keepRest(at, request, opened, filled));
}

/** The source must hold what it sells and be able to hold what it buys. */
function refuseHoldings(
  { state, source }: OperationContext,
  { selling, buying }: OfferRequest,
): OfferFault | undefined {
  if (needsLine(selling, source)) {
    const line = readTrustline(state, source, lineAsset(selling));
    if (line === undefined) return "sellNoTrust";
    if (line.balance === 0n) return "underfunded";
    if (!isAuthorized(line)) return "sellNotAuthorized";
  }
  if (needsLine(buying, source)) {
    const line = readTrustline(state, source, lineAsset(buying));
    if (line === undefined) return "buyNoTrust";
    if (!isAuthorized(line)) return "buyNotAuthorized";
  }
  return undefined;
}

function needsLine(asset: xdr.Asset, holder: xdr.PublicKey): boolean {
  return asset.type !== "assetTypeNative" && !isIssuer(asset, holder);
}

/** A new offer, of nothing yet, under the id that it gets if it stays. */
function openOffer(
  at: OperationContext,
  { selling, buying, price, isPassive }: OfferRequest,
): xdr.OfferEntry | keyof ReturnType<typeof reserveFaults> {
  const offer = new xdr.OfferEntry({
    sellerId: at.source,
    offerId: at.state.lastId + 1n,
    selling,
    buying,
    amount: 0n,
    price,
    flags: isPassive ? PASSIVE : 0,
    ext: xdr.OfferEntryExt.v0(),
  });
  return createEntry(at, at.source, xdr.LedgerEntryData.offer(offer)) ?? offer;
}

/** The offer to change, of nothing again. It keeps its id, its sponsor and whether it is passive. */
function reopenOffer(
  at: OperationContext,
  { selling, buying, price, offerId }: OfferRequest,
): xdr.OfferEntry | "notFound" {
  const data = at.state.get(offerKey(at.source, offerId))?.data;
  if (data?.type !== "offer") return "notFound";
  releaseLiabilities(at, data.offer);
  const offer = new xdr.OfferEntry({ ...data.offer, selling, buying, price, amount: 0n });
  at.state.write(xdr.LedgerEntryData.offer(offer));
  return offer;
}

interface OrderLimits {
  readonly givesMax: bigint;
  readonly takesMax: bigint;
}

/** What the source can trade at most. It must be able to cover the whole offer from the start. */
function limitsOf(at: OperationContext, request: OfferRequest): OrderLimits | OfferFault {
  const { selling, buying, price, amount, bounds } = request;
  const whole =
    bounds === "sold" ? liabilitiesOf(price, amount) : liabilitiesOf(price, STROOPS_MAX, amount);
  const room = receivable(at, at.source, buying);
  if (room < whole.buying) return "lineFull";
  const available = spendable(at, at.source, selling);
  if (available < whole.selling) return "underfunded";
  const limits = limited(request, available, room, { given: 0n, taken: 0n });
  return limits.takesMax === 0n ? "lineFull" : limits;
}

function limited(
  { amount, bounds }: OfferRequest,
  available: bigint,
  room: bigint,
  { given, taken }: Pick<Filled, "given" | "taken">,
): OrderLimits {
  return bounds === "sold"
    ? { givesMax: lesser(amount - given, available), takesMax: room }
    : { givesMax: available, takesMax: lesser(amount - taken, room) };
}

function orderOf(
  { source }: OperationContext,
  { selling, buying, price }: OfferRequest,
  { flags }: xdr.OfferEntry,
  limits: OrderLimits,
): Parameters<typeof fill>[1] {
  const isPassive = (flags & PASSIVE) !== 0;
  return {
    ...limits,
    kind: "offer",
    giving: selling,
    taking: buying,
    crossedMax: OFFERS_CROSSED_MAX,
    screen: (other): OfferScreen => {
      const theirs = BigInt(other.price.n) * BigInt(price.n);
      const ours = BigInt(other.price.d) * BigInt(price.d);
      if (theirs > ours || (isPassive && theirs === ours)) return "badPrice";
      return sameAccount(other.sellerId, source) ? "crossSelf" : "keep";
    },
  };
}

/** What the book had nothing for stands in the book, as far as the source can cover it. */
function keepRest(
  at: OperationContext,
  request: OfferRequest,
  opened: xdr.OfferEntry,
  filled: Filled,
): xdr.ManageOfferSuccessResult {
  if (filled.outcome === "ok") return closeOffer(at, opened, filled.atoms);
  const available = spendable(at, at.source, request.selling);
  const room = receivable(at, at.source, request.buying);
  const { givesMax, takesMax } = limited(request, available, room, filled);
  const amount = adjustOffer(request.price, { offerSells: givesMax, offerReceives: takesMax });
  if (amount === 0n) return closeOffer(at, opened, filled.atoms);

  const offer = new xdr.OfferEntry({ ...opened, amount });
  at.state.write(xdr.LedgerEntryData.offer(offer));
  acquireLiabilities(at, offer);
  if (request.offerId !== 0n) return done(filled.atoms, Effect.manageOfferUpdated(offer));
  invariant(at.state.nextId() === offer.offerId, "no other id was given while the offer was made");
  return done(filled.atoms, Effect.manageOfferCreated(offer));
}

function closeOffer(
  { state, source }: OperationContext,
  { offerId }: xdr.OfferEntry,
  atoms: readonly xdr.ClaimAtom[],
): xdr.ManageOfferSuccessResult {
  removeEntry(state, source, offerKey(source, offerId));
  return done(atoms, Effect.manageOfferDeleted());
}

function done(
  atoms: readonly xdr.ClaimAtom[],
  offer: xdr.ManageOfferSuccessResultOffer,
): xdr.ManageOfferSuccessResult {
  return new xdr.ManageOfferSuccessResult({ offersClaimed: [...atoms], offer });
}

function lesser(left: bigint, right: bigint): bigint {
  return left < right ? left : right;
}
