/**
 * beginSponsoringFutureReserves and endSponsoringFutureReserves. A sponsor cannot be sponsored: that
 * keeps each reserve one step away from who pays it.
 *
 * Source  stellar-core, BeginSponsoringFutureReservesOpFrame.cpp and its counterpart; CAP-33.
 */
import { xdr } from "@stellar/stellar-sdk/base";
import { sameAccount } from "./entries.ts";
import type { OperationContext, OperationRule } from "./operation.ts";

const { BeginSponsoringFutureReservesResult: Begin, EndSponsoringFutureReservesResult: End } = xdr;

const begun = (value: xdr.BeginSponsoringFutureReservesResult): xdr.OperationResult =>
  xdr.OperationResult.opInner(xdr.OperationResultTr.beginSponsoringFutureReserves(value));
const ended = (value: xdr.EndSponsoringFutureReservesResult): xdr.OperationResult =>
  xdr.OperationResult.opInner(xdr.OperationResultTr.endSponsoringFutureReserves(value));

export function beginSponsoringRule({
  sponsoredId,
}: xdr.BeginSponsoringFutureReservesOp): OperationRule {
  return {
    threshold: "medium",
    untried: begun(Begin.beginSponsoringFutureReservesSuccess()),
    check: (source) =>
      sameAccount(source, sponsoredId)
        ? begun(Begin.beginSponsoringFutureReservesMalformed())
        : undefined,
    apply: (at) => begun(begin(sponsoredId, at)),
  };
}

export function endSponsoringRule(): OperationRule {
  return {
    threshold: "medium",
    untried: ended(End.endSponsoringFutureReservesSuccess()),
    check: () => undefined,
    apply: ({ sponsorships, source }) => {
      if (sponsorships.sponsorOf(source) === undefined) {
        return ended(End.endSponsoringFutureReservesNotSponsored());
      }
      sponsorships.end(source);
      return ended(End.endSponsoringFutureReservesSuccess());
    },
  };
}

function begin(
  sponsored: xdr.PublicKey,
  { sponsorships, source }: OperationContext,
): xdr.BeginSponsoringFutureReservesResult {
  if (sponsorships.sponsorOf(sponsored) !== undefined) {
    return Begin.beginSponsoringFutureReservesAlreadySponsored();
  }
  if (sponsorships.sponsorOf(source) !== undefined || sponsorships.isSponsor(sponsored)) {
    return Begin.beginSponsoringFutureReservesRecursive();
  }
  sponsorships.begin(source, sponsored);
  return Begin.beginSponsoringFutureReservesSuccess();
}
