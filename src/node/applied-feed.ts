/** Tells the rest of the node which ledgers were committed, once their state can be read. */
import { invariant } from "../lib/invariant.ts";
import type { Applied } from "../runtime/applied.ts";
import type { Journal, Machine } from "./follow.ts";

export interface AppliedFeed {
  readonly journal: Journal;
  readonly machine: Machine;
  /** Listeners must not throw and must not wait: the next ledger is on its way. */
  readonly onLedger: (listener: (ledgers: readonly Applied[]) => void) => void;
}

/** A journal and a machine that do what these do, and tell of it. */
export function appliedFeed(journal: Journal, machine: Machine): AppliedFeed {
  const listeners: ((ledgers: readonly Applied[]) => void)[] = [];
  let committed: readonly Applied[] = [];
  return {
    journal: {
      tip: () => journal.tip(),
      commit: (ledgers) => {
        journal.commit(ledgers);
        committed = ledgers;
      },
    },
    machine: {
      apply: (input) => machine.apply(input),
      reset: () => machine.reset(),
      committed: (sequence) => {
        machine.committed(sequence);
        invariant(committed.at(-1)?.sequence === sequence, "what is committed was journaled");
        for (const listener of listeners) listener(committed);
        committed = [];
      },
    },
    onLedger: (listener) => {
      listeners.push(listener);
    },
  };
}
