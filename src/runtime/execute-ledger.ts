/** One ledger: the system contracts at genesis, then every call in order, then the books compared. */
import type { Call } from "../contracts/call.ts";
import type { CborValue } from "../lib/cbor.ts";
import { invariant } from "../lib/invariant.ts";
import type { Receipt } from "./applied.ts";
import type { TransactionFacts } from "./call-host.ts";
import type { ContractCode } from "./contract-code.ts";
import { executeCall } from "./execute-call.ts";
import { ledgerScope } from "./ledger-scope.ts";
import { limits } from "./limits.ts";
import { moneyDelta } from "./money.ts";
import { type Ground, Layer } from "./overlay.ts";
import { install } from "./registry.ts";
import type { Sandbox } from "./sandbox.ts";
import { newTransaction, type TransactionUse } from "./transaction-use.ts";

export interface LedgerCalls {
  readonly sequence: number;
  readonly closeTime: bigint;
  readonly vault: string;
  readonly systemContracts: readonly SystemContract[];
  readonly calls: readonly (Call & { readonly facts: TransactionFacts })[];
}

/** Installed before the first call of the genesis ledger. */
export interface SystemContract {
  readonly number: bigint;
  readonly source: string;
  readonly setupArgs: readonly CborValue[];
}

export interface LedgerOutcome {
  readonly receipts: readonly Receipt[];
  /** Net writes, ascending by key; undefined deletes. */
  readonly writes: ReturnType<Layer["writes"]>;
  /** Why a system contract could not be installed; empty at all other times. */
  readonly genesisFault: string;
}

export interface Machine {
  readonly sandbox: Sandbox;
  readonly code: ContractCode;
}

export const NO_FACTS: TransactionFacts = { transfers: "\x80", locks: "\x80" };

export function executeLedger(ground: Ground, input: LedgerCalls, machine: Machine): LedgerOutcome {
  const state = new Layer(ground);
  const ledger = ledgerScope(input, state);
  for (const system of input.systemContracts) {
    const use = newTransaction("");
    const context = { ...machine, ledger, use, facts: NO_FACTS };
    const { number, source, setupArgs: args } = system;
    const gas = limits.gasTransactionMax;
    const outcome = install({ source, number, caller: input.vault, args, gas }, context, state);
    if (outcome.code === "") continue;
    const genesisFault = `system contract ${number}: ${outcome.code} ${shown(outcome.result)}`;
    return { receipts: [], writes: [], genesisFault };
  }
  const receipts: Receipt[] = [];
  let use: TransactionUse | undefined;
  for (const call of input.calls) {
    if (use?.txHash !== call.txHash) use = newTransaction(call.txHash);
    receipts.push(executeCall(call, { ...machine, ledger, use, facts: call.facts }));
  }
  demandConservation(ground, state, input.calls);
  return { receipts, writes: state.writes(), genesisFault: "" };
}

/** received = kept + paid + refunded, per asset. */
function demandConservation(ground: Ground, state: Layer, calls: readonly Call[]): void {
  const deltas = new Map(moneyDelta(ground, state));
  for (const { asset, amount } of calls.flatMap(({ paid }) => paid)) {
    deltas.set(asset, (deltas.get(asset) ?? 0n) - amount);
  }
  for (const [asset, delta] of deltas) {
    invariant(delta === 0n, `${asset}: received = kept + paid + refunded (off by ${delta})`);
  }
}

function shown(value: CborValue): string {
  return JSON.stringify(value, (_, item: unknown) =>
    item instanceof Map ? Object.fromEntries(item) : typeof item === "bigint" ? `${item}` : item,
  );
}
