/** manageData. Source: stellar-core, ManageDataOpFrame.cpp. */
import { xdr } from "@stellar/stellar-sdk/base";
import { writeAccount } from "./account.ts";
import { dataKey, readAccount } from "./entries.ts";
import type { OperationContext, OperationRule } from "./operation.ts";
import { addSubentry, type ReserveRefusal, removeSubentry } from "./reserve.ts";
import { isLedgerText } from "./text.ts";

const { ManageDataResult } = xdr;

const result = (value: xdr.ManageDataResult): xdr.OperationResult =>
  xdr.OperationResult.opInner(xdr.OperationResultTr.manageData(value));

const reserveFaults: Readonly<Record<ReserveRefusal, xdr.OperationResult>> = {
  lowReserve: result(ManageDataResult.manageDataLowReserve()),
  tooManySubentries: xdr.OperationResult.opTooManySubentries(),
  tooManySponsoring: xdr.OperationResult.opTooManySponsoring(),
};

export function manageDataRule(op: xdr.ManageDataOp): OperationRule {
  return {
    threshold: "medium",
    untried: result(ManageDataResult.manageDataSuccess()),
    check: () => {
      const valid = op.dataName.length > 0 && isLedgerText(op.dataName);
      return valid ? undefined : result(ManageDataResult.manageDataInvalidName());
    },
    apply: (at) => (op.dataValue === null ? removeData(op, at) : writeData(op, op.dataValue, at)),
  };
}

function removeData(op: xdr.ManageDataOp, at: OperationContext): xdr.OperationResult {
  const key = dataKey(at.source, op.dataName);
  if (at.state.get(key) === undefined) return result(ManageDataResult.manageDataNameNotFound());
  const owner = readAccount(at.state, at.source);
  if (owner !== undefined) writeAccount(at.state, removeSubentry(owner));
  at.state.remove(key);
  return result(ManageDataResult.manageDataSuccess());
}

function writeData(
  op: xdr.ManageDataOp,
  dataValue: xdr.DataValue,
  at: OperationContext,
): xdr.OperationResult {
  const { state, source } = at;
  if (state.get(dataKey(source, op.dataName)) === undefined) {
    const owner = readAccount(state, source);
    if (owner === undefined) return xdr.OperationResult.opNoAccount();
    const reserved = addSubentry(owner, at.ledger.baseReserve);
    if (!reserved.ok) return reserveFaults[reserved.reason];
    writeAccount(state, reserved.account);
  }
  const entry = new xdr.DataEntry({
    accountId: source,
    dataName: op.dataName,
    dataValue,
    ext: xdr.DataEntryExt.v0(),
  });
  state.write(xdr.LedgerEntryData.data(entry));
  return result(ManageDataResult.manageDataSuccess());
}
