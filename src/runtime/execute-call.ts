/**
 * One call of a ledger: the attached payments, the code, and what remains of both as a receipt.
 *
 * A failed call leaves nothing but its receipt and the refunds of the payments that came with it.
 */
import { invariant } from "../lib/invariant.ts";
import { isPayable } from "./call-frames.ts";
import type { CodeMethod } from "./contract-code.ts";
import type { KnownContract, LedgerScope } from "./ledger-scope.ts";
import { limits } from "./limits.ts";
import { credit } from "./money.ts";
import { type ReceiptParts, receiptParts } from "./receipt-parts.ts";
import { callRegistry, REGISTRY } from "./registry.ts";
import type { WireCall } from "./requests.ts";
import { type CallContext, type CallResult, refused, runLoaded } from "./run-method.ts";
import { gasLeft } from "./transaction-use.ts";

/** Applies one call to the ledger's state, and tells of it in the parts of a receipt. */
export function executeCall(call: WireCall, context: CallContext): ReceiptParts {
  const { ledger, use } = context;
  const { state } = ledger;
  const contract = ledger.contract(call.contract);
  const mark = state.mark();
  const gas = gasLeft(use, call.gasLimit);
  const payments = paymentsOf(call);
  const paid = paidByAsset(payments);
  for (let index = 0; index < payments.length; index += 1) {
    const payment = payments[index];
    if (payment === undefined) continue;
    credit(state, contract.balanceKey(payment.asset), payment.amount);
    ledger.receive(payment.asset, payment.amount);
  }
  const outcome = takeGas(ledger, gas)
    ? route(call, { context, contract, gas, paid })
    : refused("LEDGER_FULL");
  use.gas += outcome.gasUsed;
  ledger.gasUsed += outcome.gasUsed;
  const refunds = outcome.code === "" ? NO_PAYMENTS : payments;
  if (outcome.code !== "") state.rollback(mark);
  for (const { from, asset, amount } of refunds) {
    credit(state, ledger.owedKey(from, asset), amount);
  }
  const writes = state.writesSince(mark);
  return receiptParts({ call, contract, outcome, refunds, ledger, writes });
}

/** Money that came with the call. */
export interface Payment {
  readonly from: string;
  readonly asset: string;
  readonly amount: bigint;
}

const NO_PAYMENTS: readonly Payment[] = [];

function paymentsOf({ paid, transfers }: WireCall): readonly Payment[] {
  if (paid.length === 0) return NO_PAYMENTS;
  if (paid.length === 1) return [paymentAt(transfers, paid[0])];
  const payments: Payment[] = [];
  for (let index = 0; index < paid.length; index += 1) {
    payments.push(paymentAt(transfers, paid[index]));
  }
  return payments;
}

function paymentAt(transfers: WireCall["transfers"], place = -1): Payment {
  const transfer = transfers[place];
  invariant(transfer !== undefined, "payments are among the transfers");
  const { from, asset, amount } = transfer;
  return { from, asset, amount: BigInt(amount) };
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
  const { kind, method, args, caller } = call;
  const { ledger } = context;
  if (kind === "malformed") return refused("CALLDATA_MALFORMED");
  if (kind === "skipped") return refused("PROTOCOL_SKIPPED");
  if (contract.number === REGISTRY) return callRegistry(call, context, gas);
  const record = ledger.record(contract);
  if (record === undefined) return refused("CONTRACT_UNKNOWN");
  const code = context.code.load(ledger.state, record.codeHash);
  if (code.isFrozen) return refused("CODE_FROZEN");
  const name = kind === "receive" ? "receive" : method;
  const found = code.methods.get(name);
  if (found === undefined || name === "setup" || name === "migrate") {
    return refused(kind === "receive" ? "NOT_PAYABLE" : "METHOD_UNKNOWN");
  }
  if (!areWelcome(paid, found)) return refused("NOT_PAYABLE");
  const isView = found.view;
  const run = { contract, method: name, args, caller, paid, gas, isView };
  return runLoaded(run, { record, code }, context);
}

function areWelcome(paid: ReadonlyMap<string, bigint>, method: CodeMethod): boolean {
  for (const asset of paid.keys()) if (!isPayable(method, asset)) return false;
  return true;
}

const NOTHING_PAID: ReadonlyMap<string, bigint> = new Map();

/** Most calls of a ledger come with the same price. */
let lastPaid = { asset: "", amount: 0n, sums: NOTHING_PAID };

function paidOnce({ asset, amount }: Payment): ReadonlyMap<string, bigint> {
  if (asset !== lastPaid.asset || amount !== lastPaid.amount) {
    lastPaid = { asset, amount, sums: new Map([[asset, amount]]) };
  }
  return lastPaid.sums;
}

function paidByAsset(payments: readonly Payment[]): ReadonlyMap<string, bigint> {
  const first = payments[0];
  if (first === undefined) return NOTHING_PAID;
  if (payments.length === 1) return paidOnce(first);
  const sums = new Map<string, bigint>();
  for (const { asset, amount } of payments) sums.set(asset, (sums.get(asset) ?? 0n) + amount);
  return sums;
}
