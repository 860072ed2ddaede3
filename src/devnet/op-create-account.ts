/** createAccount. Source: stellar-core, CreateAccountOpFrame.cpp. */
import { xdr } from "@stellar/stellar-sdk/base";
import { newAccount, startingSequence, writeAccount } from "./account.ts";
import { debit } from "./asset.ts";
import { readAccount } from "./entries.ts";
import type { OperationContext, OperationRule } from "./operation.ts";
import { minimumBalance } from "./reserve.ts";

const NATIVE = xdr.Asset.assetTypeNative();

const result = (value: xdr.CreateAccountResult): xdr.OperationResult =>
  xdr.OperationResult.opInner(xdr.OperationResultTr.createAccount(value));

export function createAccountRule(op: xdr.CreateAccountOp): OperationRule {
  return {
    threshold: "medium",
    untried: result(xdr.CreateAccountResult.createAccountSuccess()),
    check: (source) => {
      const isSelf = source.equals(op.destination);
      const malformed = op.startingBalance < 0n || isSelf;
      return malformed ? result(xdr.CreateAccountResult.createAccountMalformed()) : undefined;
    },
    apply: (at) => result(apply(op, at)),
  };
}

function apply(op: xdr.CreateAccountOp, at: OperationContext): xdr.CreateAccountResult {
  const { state, ledger } = at;
  if (readAccount(state, op.destination) !== undefined) {
    return xdr.CreateAccountResult.createAccountAlreadyExist();
  }
  const created = newAccount(op.destination, op.startingBalance, startingSequence(ledger.sequence));
  if (created.balance < minimumBalance(created, ledger.baseReserve)) {
    return xdr.CreateAccountResult.createAccountLowReserve();
  }
  const refusal = debit(state, at.source, NATIVE, op.startingBalance, ledger.baseReserve);
  if (refusal !== undefined) return xdr.CreateAccountResult.createAccountUnderfunded();
  writeAccount(state, created);
  return xdr.CreateAccountResult.createAccountSuccess();
}
