/**
 * Supposing: what a transaction would say if it closed now and succeeded. For simulation only.
 *
 * Range   Payments, manageData and claimable balances; what a path payment delivers is not known
 *         before it is applied.
 * Errors  `LEDGER_MALFORMED` for bytes that are no transaction, or that hold a path payment.
 */
import { Transaction, TransactionBuilder, xdr } from "@stellar/stellar-sdk/base";
import { fromHex, toHex } from "../lib/bytes.ts";
import { AceError } from "../lib/errors.ts";
import { accountOf } from "./addresses.ts";
import type { AppliedOperation } from "./applied-operation.ts";
import type { StellarTransaction } from "./closed-ledger.ts";
import { factsOf } from "./scan.ts";

/** @param envelope Base64 XDR of the transaction, signed or not. */
export function supposeTransaction(envelope: string, passphrase: string): StellarTransaction {
  const transaction = parse(envelope, passphrase);
  const decoded = transaction.toEnvelope();
  if (decoded.type !== "envelopeTypeTx") throw malformed("it is not a version 1 transaction");
  const source = accountOf(decoded.v1.tx.sourceAccount);
  const operations = decoded.v1.tx.operations.map(
    ({ sourceAccount, body }, index): AppliedOperation => ({
      index,
      source: sourceAccount === null ? source : accountOf(sourceAccount),
      body,
      result: supposedResult(transaction, body, index),
    }),
  );
  return factsOf({ hash: toHex(transaction.hash()), source, operations });
}

function parse(envelope: string, passphrase: string): Transaction {
  try {
    const transaction = TransactionBuilder.fromXdr(envelope, passphrase);
    if (transaction instanceof Transaction) return transaction;
  } catch (cause) {
    throw new AceError("LEDGER_MALFORMED", "this is not a transaction envelope", { cause });
  }
  throw malformed("a fee bump is simulated by the transaction inside it");
}

function supposedResult(
  transaction: Transaction,
  { type }: xdr.OperationBody,
  index: number,
): xdr.OperationResultTr {
  switch (type) {
    case "createClaimableBalance": {
      // The id is written as the XDR of the whole union: a type of 4 bytes, then the hash.
      const id = fromHex(transaction.getClaimableBalanceId(index).slice(8)) ?? new Uint8Array();
      const balance = xdr.ClaimableBalanceId.claimableBalanceIdTypeV0(id);
      const success = xdr.CreateClaimableBalanceResult.createClaimableBalanceSuccess(balance);
      return xdr.OperationResultTr.createClaimableBalance(success);
    }
    case "pathPaymentStrictReceive":
    case "pathPaymentStrictSend":
      throw malformed("what a path payment delivers is only known once it is applied");
    default:
      return xdr.OperationResultTr.payment(xdr.PaymentResult.paymentSuccess());
  }
}

function malformed(why: string): AceError {
  return new AceError("LEDGER_MALFORMED", why);
}
