/**
 * The results of offer operations. Selling and buying have the same ones under two names; a passive
 * offer answers as selling does, because stellar-core applies it as that.
 *
 * Source  Stellar-transaction.x; stellar-core, CreatePassiveSellOfferOpFrame.cpp.
 */
import { xdr } from "@stellar/stellar-sdk/base";

const { ManageBuyOfferResult: Buy, ManageSellOfferResult: Sell } = xdr;

export type OfferFault =
  | "malformed"
  | "sellNoTrust"
  | "buyNoTrust"
  | "sellNotAuthorized"
  | "buyNotAuthorized"
  | "lineFull"
  | "underfunded"
  | "crossSelf"
  | "notFound"
  | "lowReserve";

export interface OfferCodes {
  readonly faults: Readonly<Record<OfferFault, xdr.OperationResult>>;
  success(value: xdr.ManageOfferSuccessResult): xdr.OperationResult;
}

const sell = (value: xdr.ManageSellOfferResult): xdr.OperationResult =>
  xdr.OperationResult.opInner(xdr.OperationResultTr.manageSellOffer(value));
const buy = (value: xdr.ManageBuyOfferResult): xdr.OperationResult =>
  xdr.OperationResult.opInner(xdr.OperationResultTr.manageBuyOffer(value));

export const sellCodes: OfferCodes = {
  success: (value) => sell(Sell.manageSellOfferSuccess(value)),
  faults: {
    malformed: sell(Sell.manageSellOfferMalformed()),
    sellNoTrust: sell(Sell.manageSellOfferSellNoTrust()),
    buyNoTrust: sell(Sell.manageSellOfferBuyNoTrust()),
    sellNotAuthorized: sell(Sell.manageSellOfferSellNotAuthorized()),
    buyNotAuthorized: sell(Sell.manageSellOfferBuyNotAuthorized()),
    lineFull: sell(Sell.manageSellOfferLineFull()),
    underfunded: sell(Sell.manageSellOfferUnderfunded()),
    crossSelf: sell(Sell.manageSellOfferCrossSelf()),
    notFound: sell(Sell.manageSellOfferNotFound()),
    lowReserve: sell(Sell.manageSellOfferLowReserve()),
  },
};

export const buyCodes: OfferCodes = {
  success: (value) => buy(Buy.manageBuyOfferSuccess(value)),
  faults: {
    malformed: buy(Buy.manageBuyOfferMalformed()),
    sellNoTrust: buy(Buy.manageBuyOfferSellNoTrust()),
    buyNoTrust: buy(Buy.manageBuyOfferBuyNoTrust()),
    sellNotAuthorized: buy(Buy.manageBuyOfferSellNotAuthorized()),
    buyNotAuthorized: buy(Buy.manageBuyOfferBuyNotAuthorized()),
    lineFull: buy(Buy.manageBuyOfferLineFull()),
    underfunded: buy(Buy.manageBuyOfferUnderfunded()),
    crossSelf: buy(Buy.manageBuyOfferCrossSelf()),
    notFound: buy(Buy.manageBuyOfferNotFound()),
    lowReserve: buy(Buy.manageBuyOfferLowReserve()),
  },
};

const NOBODY = new Uint8Array(32);

/** A success before anything happened reads as the creation of an offer of nothing by nobody. */
export function untriedOffer(): xdr.ManageOfferSuccessResult {
  const offer = new xdr.OfferEntry({
    sellerId: xdr.PublicKey.publicKeyTypeEd25519(NOBODY),
    offerId: 0n,
    selling: xdr.Asset.assetTypeNative(),
    buying: xdr.Asset.assetTypeNative(),
    amount: 0n,
    price: new xdr.Price({ n: 0, d: 0 }),
    flags: 0,
    ext: xdr.OfferEntryExt.v0(),
  });
  return new xdr.ManageOfferSuccessResult({
    offersClaimed: [],
    offer: xdr.ManageOfferSuccessResultOffer.manageOfferCreated(offer),
  });
}
