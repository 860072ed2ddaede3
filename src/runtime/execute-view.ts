/** A view: one method on state as it is. What it might write is dropped with its layer. */
import { cborText } from "./byte-text.ts";
import { contractAbi, contractRecord } from "./contract-records.ts";
import { type Machine, NO_FACTS } from "./execute-ledger.ts";
import { ledgerScope } from "./ledger-scope.ts";
import { limits } from "./limits.ts";
import { type Ground, Layer } from "./overlay.ts";
import { refused, runMethod } from "./run-method.ts";
import { newTransaction } from "./transaction-use.ts";
import type { ViewRequest, ViewResult } from "./wire.ts";

export function executeView(
  ground: Ground,
  request: ViewRequest,
  machine: Machine,
): Omit<ViewResult, "ok"> {
  const state = new Layer(ground);
  const ledger = ledgerScope(request, state);
  const context = { ...machine, ledger, use: newTransaction(""), facts: NO_FACTS };
  const { contract, method, caller } = request;
  const record = contractRecord(state, contract);
  const abi = record && contractAbi(state, record.codeHash);
  const isView = abi?.methods.get(method)?.view === true;
  const call = { contract, method, args: cborText(request.args), caller, isView, paid: new Map() };
  const outcome =
    record === undefined || isView
      ? runMethod({ ...call, gas: limits.gasViewMax }, context, state)
      : refused("METHOD_UNKNOWN");
  return { code: outcome.code, result: outcome.result, gasUsed: BigInt(outcome.gasUsed) };
}
