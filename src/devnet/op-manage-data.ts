/** manageData. Source: stellar-core, ManageDataOpFrame.cpp. */
import { xdr } from "@stellar/stellar-sdk/base";
import { dataKey } from "./entries.ts";
import { type OperationContext, type OperationRule, reserveFaults } from "./operation.ts";
import { createEntry, removeEntry } from "./sponsorship.ts";
import { isLedgerText } from "./text.ts";

const { ManageDataResult } = xdr;

const result = (value: xdr.ManageDataResult): xdr.OperationResult =>
  xdr.OperationResult.opInner(xdr.OperationResultTr.manageData(value));

const faults = reserveFaults(result(ManageDataResult.manageDataLowReserve()));

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
  removeEntry(at.state, at.source, key);
  return result(ManageDataResult.manageDataSuccess());
}

function writeData(
  op: xdr.ManageDataOp,
  dataValue: xdr.DataValue,
  at: OperationContext,
): xdr.OperationResult {
  const { state, source } = at;
  const data = new xdr.DataEntry({
    accountId: source,
    dataName: op.dataName,
    dataValue,
    ext: xdr.DataEntryExt.v0(),
  });
  const entry = xdr.LedgerEntryData.data(data);
  if (state.get(dataKey(source, op.dataName)) !== undefined) state.write(entry);
  else {
    const refusal = createEntry(at, source, entry);
    if (refusal !== undefined) return faults[refusal];
  }
  return result(ManageDataResult.manageDataSuccess());
}
