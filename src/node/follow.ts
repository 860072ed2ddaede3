/**
 * Follow: the one loop through which state enters this node.
 *
 * Flow    closed ledger, then calls, then applied (writes, receipts, roots), then one commit.
 * Errors  Whatever source, runtime or journal throw. Nothing is lost, because the cursor is written
 *         in the same transaction as the state it belongs to; the caller reopens and follows on.
 */
import { callsOf } from "../contracts/inbox.ts";
import type { ClosedLedger } from "../ledger/closed-ledger.ts";
import type { Events } from "../lib/events.ts";
import { invariant } from "../lib/invariant.ts";
import type { Applied, LedgerInput } from "../runtime/applied.ts";

/** Closed ledgers in order and without gaps, after the journal's tip. */
export interface Ledgers {
  after(tip: Cursor | undefined, signal: AbortSignal): AsyncIterable<ClosedLedger>;
}

export interface Cursor {
  readonly sequence: number;
  readonly headerHash: string;
}

export interface Journal {
  tip(): Cursor | undefined;
  commit(applied: Applied): void;
}

export interface Machine {
  apply(input: LedgerInput): Promise<Applied>;
  /** Forgets what was applied but not committed. */
  reset(): Promise<void>;
}

export interface FollowParts {
  readonly ledgers: Ledgers;
  readonly journal: Journal;
  readonly machine: Machine;
  readonly vault: string;
  readonly events: Events;
  readonly nowMs: () => number;
}

export async function follow(parts: FollowParts, signal: AbortSignal): Promise<void> {
  const { ledgers, journal, machine, vault, events, nowMs } = parts;
  for await (const closed of ledgers.after(journal.tip(), signal)) {
    const startedMs = nowMs();
    const last = journal.tip()?.sequence;
    const follows = last === undefined || closed.sequence === last + 1;
    invariant(follows, "ledgers arrive in order, without gaps");
    const input = ledgerInput(closed, vault);
    const applied = await machine.apply(input);
    try {
      journal.commit(applied);
    } catch (error) {
      await machine.reset();
      throw error;
    }
    const { sequence, receipts, ledgerHash } = applied;
    const tookMs = nowMs() - startedMs;
    events.info("ledger.applied", { ledger: sequence, calls: receipts.length, tookMs, ledgerHash });
  }
}

function ledgerInput(closed: ClosedLedger, vault: string): LedgerInput {
  return {
    sequence: closed.sequence,
    closeTime: closed.closeTime,
    headerHash: closed.hash,
    calls: closed.transactions.flatMap((transaction) => callsOf(transaction, { vault })),
  };
}
