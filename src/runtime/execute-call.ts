/**
 * One call of a ledger: the attached payments, the code, and what remains of both as a receipt.
 *
 * A failed call leaves nothing but its receipt and the refunds of the payments that came with it.
 */
import { isPayable } from "./call-frames.ts";
import type { KnownContract, LedgerScope } from "./ledger-scope.ts";
import { limits } from "./limits.ts";
import { credit } from "./money.ts";
import { type ReceiptParts, receiptParts } from "./receipt-parts.ts";
import { callRegistry, REGISTRY } from "./registry.ts";
import type { WireCall, WirePayment } from "./requests.ts";
import { type CallContext, type CallResult, refused, runMethod } from "./run-method.ts";
import { gasLeft } from "./transaction-use.ts";

/** Applies one call to the ledger's state, and tells of it in the parts of a receipt. */
export function executeCall(call: WireCall, context: CallContext): ReceiptParts {
  const { ledger, use } = context;
  const { state } = ledger;
  const [, , , contractText, , , , gasLimit, payments] = call;
  const contract = ledger.contract(contractText);
  const mark = state.mark();
  const gas = gasLeft(use, gasLimit);
  const paid = paidByAsset(payments);
  for (const [asset, amount] of paid) credit(state, contract.balanceKey(asset), amount);
  const outcome = takeGas(ledger, gas)
    ? route(call, { context, contract, gas, paid })
    : refused("LEDGER_FULL");
  use.gas += outcome.gasUsed;
  ledger.gasUsed += outcome.gasUsed;
  const refunds = outcome.code === "" ? [] : payments;
  if (outcome.code !== "") state.rollback(mark);
  for (const [to, asset, amount] of refunds) {
    credit(state, ledger.owedKey(to, asset), BigInt(amount));
  }
  return receiptParts({
    call,
    contract,
    outcome,
    refunds,
    ledger,
    writes: state.writesSince(mark),
  });
}

/** Whether the ledger has room for all that this call may use. */
function takeGas(ledger: LedgerScope, gas: number): boolean {
  return ledger.gasUsed + gas <= limits.gasLedgerMax;
}

interface Routed {
  readonly context: CallContext;
  readonly contract: KnownContract;
  readonly gas: number;
  readonly paid: ReadonlyMap<string, bigint>;
}

function route(call: WireCall, { context, contract, gas, paid }: Routed): CallResult {
  const [, , kind, , method, args, caller] = call;
  const { ledger } = context;
  if (kind === "malformed") return refused("CALLDATA_MALFORMED");
  if (contract.number === REGISTRY) return callRegistry(call, context, gas);
  const record = ledger.record(contract);
  if (record === undefined) return refused("CONTRACT_UNKNOWN");
  const code = context.code.load(ledger.state, record.codeHash);
  const name = kind === "receive" ? "receive" : method;
  const found = code.methods.get(name);
  if (found === undefined || name === "setup" || name === "migrate") {
    return refused(kind === "receive" ? "NOT_PAYABLE" : "METHOD_UNKNOWN");
  }
  for (const asset of paid.keys()) if (!isPayable(found, asset)) return refused("NOT_PAYABLE");
  const isView = found.view;
  return runMethod({ contract, method: name, args, caller, paid, gas, isView }, context);
}

const NOTHING_PAID: ReadonlyMap<string, bigint> = new Map();

function paidByAsset(payments: readonly WirePayment[]): ReadonlyMap<string, bigint> {
  const [only] = payments;
  if (only === undefined) return NOTHING_PAID;
  const sums = new Map<string, bigint>();
  for (const [, asset, amount] of payments) {
    sums.set(asset, (sums.get(asset) ?? 0n) + BigInt(amount));
  }
  return sums;
}
