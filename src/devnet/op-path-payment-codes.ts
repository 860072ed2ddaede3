/** The results of path payments: the two kinds have the same ones under two names. */
import { xdr } from "@stellar/stellar-sdk/base";

const { PathPaymentStrictReceiveResult: Receive, PathPaymentStrictSendResult: Send } = xdr;

export type PathFault =
  | "malformed"
  | "underfunded"
  | "srcNoTrust"
  | "srcNotAuthorized"
  | "noDestination"
  | "noTrust"
  | "notAuthorized"
  | "lineFull"
  | "tooFewOffers"
  | "crossSelf"
  /** More would be sent, or less received, than the sender allows. */
  | "worseThanAllowed";

interface PathSuccess {
  readonly offers: xdr.ClaimAtom[];
  readonly last: xdr.SimplePaymentResult;
}

export interface PathCodes {
  readonly faults: Readonly<Record<PathFault, xdr.OperationResult>>;
  success(value: PathSuccess): xdr.OperationResult;
}

const receive = (value: xdr.PathPaymentStrictReceiveResult): xdr.OperationResult =>
  xdr.OperationResult.opInner(xdr.OperationResultTr.pathPaymentStrictReceive(value));
const send = (value: xdr.PathPaymentStrictSendResult): xdr.OperationResult =>
  xdr.OperationResult.opInner(xdr.OperationResultTr.pathPaymentStrictSend(value));

export const strictReceiveCodes: PathCodes = {
  success: (value) =>
    receive(
      Receive.pathPaymentStrictReceiveSuccess(new xdr.PathPaymentStrictReceiveResultSuccess(value)),
    ),
  faults: {
    malformed: receive(Receive.pathPaymentStrictReceiveMalformed()),
    underfunded: receive(Receive.pathPaymentStrictReceiveUnderfunded()),
    srcNoTrust: receive(Receive.pathPaymentStrictReceiveSrcNoTrust()),
    srcNotAuthorized: receive(Receive.pathPaymentStrictReceiveSrcNotAuthorized()),
    noDestination: receive(Receive.pathPaymentStrictReceiveNoDestination()),
    noTrust: receive(Receive.pathPaymentStrictReceiveNoTrust()),
    notAuthorized: receive(Receive.pathPaymentStrictReceiveNotAuthorized()),
    lineFull: receive(Receive.pathPaymentStrictReceiveLineFull()),
    tooFewOffers: receive(Receive.pathPaymentStrictReceiveTooFewOffers()),
    crossSelf: receive(Receive.pathPaymentStrictReceiveOfferCrossSelf()),
    worseThanAllowed: receive(Receive.pathPaymentStrictReceiveOverSendmax()),
  },
};

export const strictSendCodes: PathCodes = {
  success: (value) =>
    send(Send.pathPaymentStrictSendSuccess(new xdr.PathPaymentStrictSendResultSuccess(value))),
  faults: {
    malformed: send(Send.pathPaymentStrictSendMalformed()),
    underfunded: send(Send.pathPaymentStrictSendUnderfunded()),
    srcNoTrust: send(Send.pathPaymentStrictSendSrcNoTrust()),
    srcNotAuthorized: send(Send.pathPaymentStrictSendSrcNotAuthorized()),
    noDestination: send(Send.pathPaymentStrictSendNoDestination()),
    noTrust: send(Send.pathPaymentStrictSendNoTrust()),
    notAuthorized: send(Send.pathPaymentStrictSendNotAuthorized()),
    lineFull: send(Send.pathPaymentStrictSendLineFull()),
    tooFewOffers: send(Send.pathPaymentStrictSendTooFewOffers()),
    crossSelf: send(Send.pathPaymentStrictSendOfferCrossSelf()),
    worseThanAllowed: send(Send.pathPaymentStrictSendUnderDestmin()),
  },
};

const NOBODY = new Uint8Array(32);

/** A success before anything happened: nothing was paid to nobody. */
export function untriedPath(): PathSuccess {
  const last = new xdr.SimplePaymentResult({
    destination: xdr.PublicKey.publicKeyTypeEd25519(NOBODY),
    asset: xdr.Asset.assetTypeNative(),
    amount: 0n,
  });
  return { offers: [], last };
}
