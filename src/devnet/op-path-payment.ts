/**
 * Path payments: one asset is sent, another arrives, by way of the book and the pools.
 *
 * With a fixed amount to send, the sender pays first and the path is walked forwards; with a fixed
 * amount to arrive, the destination is paid first and the path is walked backwards. The order is
 * visible in which code a payment with two faults gets.
 *
 * Source  stellar-core, PathPaymentOpFrameBase.cpp, PathPaymentStrictSendOpFrame.cpp,
 *         PathPaymentStrictReceiveOpFrame.cpp.
 */
import { xdr } from "@stellar/stellar-sdk/base";
import { STROOPS_MAX } from "../lib/money.ts";
import { type BalanceRefusal, credit, debit, isAssetValid, isIssuer } from "./asset.ts";
import { accountOf, readAccount, sameAccount, sameAsset } from "./entries.ts";
import {
  type PathCodes,
  type PathFault,
  strictReceiveCodes,
  strictSendCodes,
  untriedPath,
} from "./op-path-payment-codes.ts";
import type { OperationContext, OperationRule } from "./operation.ts";
import { fill, OFFERS_CROSSED_MAX, type OfferScreen, type Order } from "./trade.ts";

interface PathRequest {
  readonly sendAsset: xdr.Asset;
  readonly destAsset: xdr.Asset;
  readonly destination: xdr.MuxedAccount;
  readonly path: readonly xdr.Asset[];
}

/** A path that came to its end, or the result that ended it before. */
type Walked =
  | { readonly ok: true; readonly amount: bigint; readonly atoms: readonly xdr.ClaimAtom[] }
  | { readonly ok: false; readonly result: xdr.OperationResult };

const debitFaults: Readonly<Record<BalanceRefusal, PathFault>> = {
  noLine: "srcNoTrust",
  notAuthorized: "srcNotAuthorized",
  notEnough: "underfunded",
  full: "lineFull",
};

const creditFaults: Readonly<Record<BalanceRefusal, PathFault>> = {
  noLine: "noTrust",
  notAuthorized: "notAuthorized",
  notEnough: "underfunded",
  full: "lineFull",
};

export function pathPaymentStrictSendRule(op: xdr.PathPaymentStrictSendOp): OperationRule {
  const codes = strictSendCodes;
  return {
    threshold: "medium",
    untried: codes.success(untriedPath()),
    check: () => {
      const isSound = op.sendAmount > 0n && op.destMin > 0n && areAssetsValid(op);
      return isSound ? undefined : codes.faults.malformed;
    },
    apply: (at) => {
      if (isDestinationMissing(at, op)) return codes.faults.noDestination;
      const { sendAsset, sendAmount } = op;
      const unpaid = debit(at.state, at.source, sendAsset, sendAmount, at.ledger.baseReserve);
      if (unpaid !== undefined) return codes.faults[debitFaults[unpaid]];

      const walked = walkForwards(at, op, codes);
      if (!walked.ok) return walked.result;
      if (walked.amount < op.destMin) return codes.faults.worseThanAllowed;
      return arrive(at, op, codes, walked.amount) ?? paid(op, codes, walked.amount, walked.atoms);
    },
  };
}

export function pathPaymentStrictReceiveRule(op: xdr.PathPaymentStrictReceiveOp): OperationRule {
  const codes = strictReceiveCodes;
  return {
    threshold: "medium",
    untried: codes.success(untriedPath()),
    check: () => {
      const isSound = op.destAmount > 0n && op.sendMax > 0n && areAssetsValid(op);
      return isSound ? undefined : codes.faults.malformed;
    },
    apply: (at) => {
      if (isDestinationMissing(at, op)) return codes.faults.noDestination;
      const unarrived = arrive(at, op, codes, op.destAmount);
      if (unarrived !== undefined) return unarrived;

      const walked = walkBackwards(at, op, codes);
      if (!walked.ok) return walked.result;
      if (walked.amount > op.sendMax) return codes.faults.worseThanAllowed;
      const { baseReserve } = at.ledger;
      const unpaid = debit(at.state, at.source, op.sendAsset, walked.amount, baseReserve);
      if (unpaid !== undefined) return codes.faults[debitFaults[unpaid]];
      return paid(op, codes, op.destAmount, walked.atoms);
    },
  };
}

function areAssetsValid({ sendAsset, destAsset, path }: PathRequest): boolean {
  return [sendAsset, destAsset, ...path].every((asset) => isAssetValid(asset));
}

/** An asset may go back to its issuer even when the issuer's account is gone. */
function isDestinationMissing({ state }: OperationContext, op: PathRequest): boolean {
  const destination = accountOf(op.destination);
  const returnsToIssuer =
    op.path.length === 0 &&
    sameAsset(op.sendAsset, op.destAsset) &&
    isIssuer(op.destAsset, destination);
  return !returnsToIssuer && readAccount(state, destination) === undefined;
}

function walkForwards(
  at: OperationContext,
  op: xdr.PathPaymentStrictSendOp,
  codes: PathCodes,
): Walked {
  let [giving, amount, crossedMax] = [op.sendAsset, op.sendAmount, OFFERS_CROSSED_MAX];
  const atoms: xdr.ClaimAtom[] = [];
  for (const taking of [...op.path, op.destAsset]) {
    if (sameAsset(taking, giving)) continue;
    const limits = { givesMax: amount, takesMax: STROOPS_MAX, crossedMax };
    const filled = fill(at, { ...limits, ...screened(at), kind: "strictSend", giving, taking });
    const result = refuseHop(filled.outcome, filled.given === amount, codes);
    if (result !== undefined) return { ok: false, result };
    atoms.push(...filled.atoms);
    [giving, amount, crossedMax] = [taking, filled.taken, filled.crossingsLeft];
  }
  return { ok: true, amount, atoms };
}

function walkBackwards(
  at: OperationContext,
  op: xdr.PathPaymentStrictReceiveOp,
  codes: PathCodes,
): Walked {
  let [taking, amount, crossedMax] = [op.destAsset, op.destAmount, OFFERS_CROSSED_MAX];
  const atoms: xdr.ClaimAtom[] = [];
  for (const giving of [op.sendAsset, ...op.path].reverse()) {
    if (sameAsset(taking, giving)) continue;
    const limits = { givesMax: STROOPS_MAX, takesMax: amount, crossedMax };
    const filled = fill(at, { ...limits, ...screened(at), kind: "strictReceive", giving, taking });
    const result = refuseHop(filled.outcome, filled.taken === amount, codes);
    if (result !== undefined) return { ok: false, result };
    atoms.unshift(...filled.atoms);
    [taking, amount, crossedMax] = [giving, filled.given, filled.crossingsLeft];
  }
  return { ok: true, amount, atoms };
}

function screened({ source }: OperationContext): Pick<Order, "screen"> {
  return {
    screen: ({ sellerId }): OfferScreen => (sameAccount(sellerId, source) ? "crossSelf" : "keep"),
  };
}

function refuseHop(
  outcome: ReturnType<typeof fill>["outcome"],
  isWhole: boolean,
  { faults }: PathCodes,
): xdr.OperationResult | undefined {
  if (outcome === "exceeded") return xdr.OperationResult.opExceededWorkLimit();
  if (outcome === "crossSelf") return faults.crossSelf;
  return outcome === "ok" && isWhole ? undefined : faults.tooFewOffers;
}

function arrive(
  { state }: OperationContext,
  op: PathRequest,
  { faults }: PathCodes,
  amount: bigint,
): xdr.OperationResult | undefined {
  const refusal = credit(state, accountOf(op.destination), op.destAsset, amount);
  return refusal === undefined ? undefined : faults[creditFaults[refusal]];
}

function paid(
  op: PathRequest,
  codes: PathCodes,
  amount: bigint,
  atoms: readonly xdr.ClaimAtom[],
): xdr.OperationResult {
  const destination = accountOf(op.destination);
  const last = new xdr.SimplePaymentResult({ destination, asset: op.destAsset, amount });
  return codes.success({ offers: [...atoms], last });
}
