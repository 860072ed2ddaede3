/**
 * payment. The destination is credited before the source is debited: the order is visible in which
 * result code a payment with two faults gets.
 *
 * Source  stellar-core, PaymentOpFrame.cpp and PathPaymentOpFrameBase.cpp.
 */
import { xdr } from "@stellar/stellar-sdk/base";
import { type BalanceRefusal, credit, debit, isAssetValid, isIssuer } from "./asset.ts";
import { accountOf, readAccount, sameAccount } from "./entries.ts";
import type { OperationContext, OperationRule } from "./operation.ts";

const { PaymentResult } = xdr;

const creditFaults: Readonly<Record<BalanceRefusal, xdr.PaymentResult>> = {
  noLine: PaymentResult.paymentNoTrust(),
  notAuthorized: PaymentResult.paymentNotAuthorized(),
  full: PaymentResult.paymentLineFull(),
  notEnough: PaymentResult.paymentUnderfunded(),
};

const debitFaults: Readonly<Record<BalanceRefusal, xdr.PaymentResult>> = {
  noLine: PaymentResult.paymentSrcNoTrust(),
  notAuthorized: PaymentResult.paymentSrcNotAuthorized(),
  full: PaymentResult.paymentLineFull(),
  notEnough: PaymentResult.paymentUnderfunded(),
};

const result = (value: xdr.PaymentResult): xdr.OperationResult =>
  xdr.OperationResult.opInner(xdr.OperationResultTr.payment(value));

export function paymentRule(op: xdr.PaymentOp): OperationRule {
  return {
    threshold: "medium",
    untried: result(PaymentResult.paymentSuccess()),
    check: () => {
      const malformed = op.amount <= 0n || !isAssetValid(op.asset);
      return malformed ? result(PaymentResult.paymentMalformed()) : undefined;
    },
    apply: (at) => result(apply(op, at)),
  };
}

function apply(op: xdr.PaymentOp, at: OperationContext): xdr.PaymentResult {
  const { state, source } = at;
  const destination = accountOf(op.destination);
  const isNative = op.asset.type === "assetTypeNative";
  if (isNative && sameAccount(destination, source)) return PaymentResult.paymentSuccess();

  // An asset may go back to its issuer even when the issuer's account is gone.
  const returnsToIssuer = isIssuer(op.asset, destination);
  if (!returnsToIssuer && readAccount(state, destination) === undefined) {
    return PaymentResult.paymentNoDestination();
  }
  const notCredited = credit(state, destination, op.asset, op.amount);
  if (notCredited !== undefined) return creditFaults[notCredited];
  const notDebited = debit(state, source, op.asset, op.amount, at.ledger.baseReserve);
  if (notDebited !== undefined) return debitFaults[notDebited];
  return PaymentResult.paymentSuccess();
}
