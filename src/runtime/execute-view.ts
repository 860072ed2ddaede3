/** A view: one method on state as it is. What it might write is taken back. */
import type { Machine } from "./execute-ledger.ts";
import { NO_FACTS } from "./facts.ts";
import { limits } from "./limits.ts";
import type { ViewRequest } from "./requests.ts";
import { type CallResult, refused, runMethod } from "./run-method.ts";
import { newTransaction } from "./transaction-use.ts";

export function executeView(request: ViewRequest, machine: Machine): CallResult {
  const ledger = machine.scope(request);
  const context = { ...machine, ledger, use: newTransaction(""), facts: NO_FACTS };
  const { method, args, caller } = request;
  const contract = ledger.contract(request.contract);
  const record = ledger.record(contract);
  if (record === undefined) return refused("CONTRACT_UNKNOWN");
  const code = machine.code.load(ledger.state, record.codeHash);
  if (code.isFrozen) return refused("CODE_FROZEN");
  if (code.methods.get(method)?.view !== true) return refused("METHOD_UNKNOWN");
  const gas = limits.gasViewMax;
  const call = { contract, method, args, caller, isView: true, paid: new Map(), gas };
  const outcome = runMethod(call, context);
  ledger.state.rollback(0);
  ledger.state.close();
  return outcome;
}
