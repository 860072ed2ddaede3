/** createAccount. Source: stellar-core, CreateAccountOpFrame.cpp. */
import { xdr } from "@stellar/stellar-sdk/base";
import { newAccount, startingSequence } from "./account.ts";
import { debit } from "./asset.ts";
import { readAccount } from "./entries.ts";
import { type OperationContext, type OperationRule, reserveFaults } from "./operation.ts";
import { createEntry } from "./sponsorship.ts";

const NATIVE = xdr.Asset.assetTypeNative();

const result = (value: xdr.CreateAccountResult): xdr.OperationResult =>
  xdr.OperationResult.opInner(xdr.OperationResultTr.createAccount(value));

const faults = reserveFaults(result(xdr.CreateAccountResult.createAccountLowReserve()));

export function createAccountRule(op: xdr.CreateAccountOp): OperationRule {
  return {
    threshold: "medium",
    untried: result(xdr.CreateAccountResult.createAccountSuccess()),
    check: (source) => {
      const isSelf = source.equals(op.destination);
      const malformed = op.startingBalance < 0n || isSelf;
      return malformed ? result(xdr.CreateAccountResult.createAccountMalformed()) : undefined;
    },
    apply: (at) => apply(op, at),
  };
}

/** The reserve comes before the balance of the source: a poor source still learns of the reserve. */
function apply(op: xdr.CreateAccountOp, at: OperationContext): xdr.OperationResult {
  const { state, ledger } = at;
  if (readAccount(state, op.destination) !== undefined) {
    return result(xdr.CreateAccountResult.createAccountAlreadyExist());
  }
  const created = newAccount(op.destination, op.startingBalance, startingSequence(ledger.sequence));
  const noReserve = createEntry(at, op.destination, xdr.LedgerEntryData.account(created));
  if (noReserve !== undefined) return faults[noReserve];
  const refusal = debit(state, at.source, NATIVE, op.startingBalance, ledger.baseReserve);
  if (refusal !== undefined) return result(xdr.CreateAccountResult.createAccountUnderfunded());
  return result(xdr.CreateAccountResult.createAccountSuccess());
}
