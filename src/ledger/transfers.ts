/**
 * Transfers: the payments of one transaction, whoever receives them.
 *
 * What a path payment delivered stands in its result, which the header authenticates; everything else
 * stands in the operation.
 *
 * Source  Stellar-transaction.x: PaymentOp, PathPaymentStrictReceiveOp, PathPaymentStrictSendOp,
 *         SimplePaymentResult (`last`).
 */
import type { xdr } from "@stellar/stellar-sdk/base";
import { addressOf, assetText } from "./addresses.ts";
import type { AppliedOperation } from "./applied-operation.ts";
import type { Transfer } from "./closed-ledger.ts";

/** In operation order. */
export function transfersOf(operations: readonly AppliedOperation[]): readonly Transfer[] {
  return operations.flatMap((operation) => {
    const received = receivedBy(operation);
    if (received === undefined) return [];
    const { to, asset, amount } = received;
    return [
      {
        operation: operation.index,
        from: operation.source,
        to: addressOf(to),
        asset: assetText(asset),
        amount,
      },
    ];
  });
}

interface Received {
  readonly to: xdr.MuxedAccount;
  readonly asset: xdr.Asset;
  readonly amount: bigint;
}

function receivedBy({ body, result }: AppliedOperation): Received | undefined {
  switch (body.type) {
    case "payment": {
      const { destination, asset, amount } = body.paymentOp;
      return { to: destination, asset, amount };
    }
    case "pathPaymentStrictReceive": {
      if (result.type !== body.type) return undefined;
      const outcome = result.pathPaymentStrictReceiveResult;
      if (outcome.type !== "pathPaymentStrictReceiveSuccess") return undefined;
      return { ...delivered(outcome.success), to: body.pathPaymentStrictReceiveOp.destination };
    }
    case "pathPaymentStrictSend": {
      if (result.type !== body.type) return undefined;
      const outcome = result.pathPaymentStrictSendResult;
      if (outcome.type !== "pathPaymentStrictSendSuccess") return undefined;
      return { ...delivered(outcome.success), to: body.pathPaymentStrictSendOp.destination };
    }
    default:
      return undefined;
  }
}

function delivered({ last }: { readonly last: xdr.SimplePaymentResult }): Omit<Received, "to"> {
  return { asset: last.asset, amount: last.amount };
}
