/**
 * Operations that took effect: body, source and result side by side.
 *
 * Only transactions that succeeded have any. A fee bump's operations and source are those of the
 * transaction inside; who pays the fee means nothing.
 *
 * Errors  `LEDGER_MALFORMED` when results and operations do not match one to one.
 */
import { xdr } from "@stellar/stellar-sdk/base";
import { AceError } from "../lib/errors.ts";
import { accountFromBytes } from "../lib/strkey.ts";
import { accountOf } from "./addresses.ts";
import { decodeXdr } from "./close-meta.ts";
import type { VerifiedTransaction } from "./join-results.ts";

export interface AppliedTransaction {
  readonly hash: string;
  /** G… account. */
  readonly source: string;
  readonly operations: readonly AppliedOperation[];
}

export interface AppliedOperation {
  readonly index: number;
  /** G… account: the operation's own source, else the transaction's. */
  readonly source: string;
  readonly body: xdr.OperationBody;
  readonly result: xdr.OperationResultTr;
}

/** Undefined for a transaction that failed: it never happened. */
export function appliedTransaction(
  transaction: VerifiedTransaction,
): AppliedTransaction | undefined {
  const { hash, result, envelope } = transaction;
  const results = successResults(
    decodeXdr("TransactionResult", () => xdr.TransactionResult.fromXdr(result)),
  );
  if (results === undefined) return undefined;
  const { source, operations } = content(
    decodeXdr("TransactionEnvelope", () => xdr.TransactionEnvelope.fromXdr(envelope)),
  );
  if (operations.length !== results.length) {
    throw new AceError(
      "LEDGER_MALFORMED",
      `transaction ${hash} has ${operations.length} operations but ${results.length} results`,
    );
  }
  return {
    hash,
    source,
    operations: operations.map(({ sourceAccount, body }, index) => ({
      index,
      source: sourceAccount === null ? source : accountOf(sourceAccount),
      body,
      result: resultOf(hash, body, results[index]),
    })),
  };
}

function successResults(result: xdr.TransactionResult): xdr.OperationResult[] | undefined {
  const outcome = result.result;
  if (outcome.type === "txSuccess") return outcome.results;
  if (outcome.type !== "txFeeBumpInnerSuccess") return undefined;
  const inner = outcome.innerResultPair.result.result;
  return inner.type === "txSuccess" ? inner.results : undefined;
}

function content(envelope: xdr.TransactionEnvelope): {
  readonly source: string;
  readonly operations: readonly xdr.Operation[];
} {
  switch (envelope.type) {
    case "envelopeTypeTxV0": {
      const { sourceAccountEd25519, operations } = envelope.v0.tx;
      return { source: accountFromBytes(sourceAccountEd25519.toBytes()), operations };
    }
    case "envelopeTypeTx": {
      const { sourceAccount, operations } = envelope.v1.tx;
      return { source: accountOf(sourceAccount), operations };
    }
    case "envelopeTypeTxFeeBump": {
      const { sourceAccount, operations } = envelope.feeBump.tx.innerTx.v1.tx;
      return { source: accountOf(sourceAccount), operations };
    }
  }
}

function resultOf(
  hash: string,
  body: xdr.OperationBody,
  result: xdr.OperationResult | undefined,
): xdr.OperationResultTr {
  if (result?.type === "opInner" && result.tr.type === body.type) return result.tr;
  throw new AceError("LEDGER_MALFORMED", `transaction ${hash} has a result of another operation`);
}
