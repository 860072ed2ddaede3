/**
 * manageSellOffer, manageBuyOffer, createPassiveSellOffer: three forms of one request. A buy offer
 * is a sell offer at the inverse price that ends when enough is bought.
 *
 * Source  stellar-core, ManageOfferOpFrameBase.cpp, ManageSellOfferOpFrame.cpp,
 *         ManageBuyOfferOpFrame.cpp, CreatePassiveSellOfferOpFrame.cpp.
 */
import { xdr } from "@stellar/stellar-sdk/base";
import { isAssetValid } from "./asset.ts";
import { sameAsset } from "./entries.ts";
import { applyOffer, type OfferRequest } from "./offer.ts";
import { buyCodes, type OfferCodes, sellCodes, untriedOffer } from "./op-manage-offer-codes.ts";
import type { OperationRule } from "./operation.ts";

export function manageSellOfferRule(op: xdr.ManageSellOfferOp): OperationRule {
  const { selling, buying, price, offerId, amount } = op;
  const request = { selling, buying, price, offerId, amount, isPassive: false };
  return ruleFor({ ...request, bounds: "sold" }, sellCodes);
}

export function manageBuyOfferRule(op: xdr.ManageBuyOfferOp): OperationRule {
  const { selling, buying, offerId, buyAmount: amount } = op;
  const price = new xdr.Price({ n: op.price.d, d: op.price.n });
  const request = { selling, buying, price, offerId, amount, isPassive: false };
  return ruleFor({ ...request, bounds: "bought" }, buyCodes);
}

/** Passive: an offer at exactly the inverse price is not taken, so that both may stand. */
export function createPassiveSellOfferRule(op: xdr.CreatePassiveSellOfferOp): OperationRule {
  const { selling, buying, price, amount } = op;
  const request = { selling, buying, price, offerId: 0n, amount, isPassive: true };
  return ruleFor({ ...request, bounds: "sold" }, sellCodes);
}

function ruleFor(request: OfferRequest, codes: OfferCodes): OperationRule {
  return {
    threshold: "medium",
    untried: codes.success(untriedOffer()),
    check: () => (isWellFormed(request) ? undefined : codes.faults.malformed),
    apply: (at) => applyOffer(at, request, codes),
  };
}

function isWellFormed({ selling, buying, price, amount, offerId }: OfferRequest): boolean {
  const isNothing = amount === 0n && offerId === 0n;
  return (
    isAssetValid(selling) &&
    isAssetValid(buying) &&
    !sameAsset(selling, buying) &&
    price.n > 0 &&
    price.d > 0 &&
    amount >= 0n &&
    offerId >= 0n &&
    !isNothing
  );
}
