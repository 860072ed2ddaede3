/** One ledger: the system contracts at genesis, then every call in order, then the books compared. */
import { invariant } from "../lib/invariant.ts";
import { executeCall } from "./execute-call.ts";
import { CallFacts, NO_FACTS } from "./facts.ts";
import type { LedgerScope } from "./ledger-scope.ts";
import { limits } from "./limits.ts";
import { moneyDelta } from "./money.ts";
import type { ReceiptParts } from "./receipt-parts.ts";
import { install } from "./registry.ts";
import type { LedgerHead, WireCall } from "./requests.ts";
import type { CallContext } from "./run-method.ts";
import { newTransaction } from "./transaction-use.ts";
import type { NetWrite } from "./working-state.ts";

/** What the keeper has for every call. */
export type Machine = Omit<CallContext, "ledger" | "use" | "facts"> & {
  readonly scope: (facts: Pick<LedgerHead, "sequence" | "closeTime" | "vault">) => LedgerScope;
};

/** A ledger that is being applied, call by call. */
export interface OpenLedger {
  /** Why a system contract could not be installed; empty at all other times. */
  readonly genesisFault: string;
  execute(call: WireCall): ReceiptParts;
  /** By its calls so far. */
  gasUsed(): number;
  /** Compares the books and gives the net writes, ascending by key; an empty value deletes. */
  close(): readonly NetWrite[];
  /** Takes everything back, and tells what the net writes were. */
  discard(): readonly NetWrite[];
}

export function openLedger(head: LedgerHead, machine: Machine): OpenLedger {
  const ledger = machine.scope(head);
  const genesisFault = installSystem(head, machine, ledger);
  const context: CallContext = { ...machine, ledger, use: newTransaction(""), facts: NO_FACTS };
  return {
    genesisFault,
    execute: (call) => {
      if (context.use.txHash !== call.txHash) context.use = newTransaction(call.txHash);
      context.facts = new CallFacts(call);
      return executeCall(call, context);
    },
    gasUsed: () => ledger.gasUsed,
    close: () => {
      demandConservation(ledger);
      return ledger.state.close();
    },
    discard: () => {
      ledger.state.enterHoldings();
      const writes = ledger.state.writesSince(0);
      ledger.state.rollback(0);
      ledger.state.close();
      return writes;
    },
  };
}

/** Why a system contract could not be installed, or empty text. */
function installSystem(head: LedgerHead, machine: Machine, ledger: LedgerScope): string {
  for (const { number, source, setupArgs: args } of head.systemContracts) {
    const context = { ...machine, ledger, use: newTransaction(""), facts: NO_FACTS };
    const caller = head.vault;
    const gas = limits.gasTransactionMax;
    const parts = { source, number: BigInt(number), caller, args, gas };
    const outcome = install(parts, context);
    if (outcome.code !== "") return `system contract ${number}: ${outcome.code}`;
  }
  return "";
}

/** received = kept + paid + refunded, per asset. */
function demandConservation({ state, received }: LedgerScope): void {
  const deltas = moneyDelta(state);
  for (const [asset, amount] of received) deltas.set(asset, (deltas.get(asset) ?? 0n) - amount);
  for (const [asset, delta] of deltas) {
    invariant(delta === 0n, `${asset}: received = kept + paid + refunded (off by ${delta})`);
  }
}
