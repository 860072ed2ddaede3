/**
 * Follow: the one loop through which state enters this node.
 *
 * Flow    closed ledger, then calls, then applied (writes, receipts, roots), then one commit. Ledgers
 *         without a call that come quickly, one after another, share a commit: most of what makes
 *         catching up slow is waiting for the disk.
 * Range   At most `BATCH_LEDGERS_MAX` ledgers a commit, and none waits longer than `BATCH_MS` for it.
 * Errors  Whatever source, runtime or journal throw. Nothing is lost, because the cursor is written
 *         in the same transaction as the state it belongs to; the caller reopens and follows on.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { callsOf } from "../contracts/inbox.ts";
import type { ClosedLedger } from "../ledger/closed-ledger.ts";
import type { Events } from "../lib/events.ts";
import { invariant } from "../lib/invariant.ts";
import type { Applied, LedgerInput } from "../runtime/applied.ts";

const BATCH_LEDGERS_MAX = 256;
const BATCH_MS = 25;

/** Closed ledgers in order and without gaps, after the journal's tip. */
export interface Ledgers {
  after(tip: Cursor | undefined, signal: AbortSignal): AsyncIterable<ClosedLedger>;
}

export interface Cursor {
  readonly sequence: number;
  readonly headerHash: string;
  readonly ledgerHash: string;
  readonly stateRoot: string;
  readonly closeTime: bigint;
}

export interface Journal {
  tip(): Cursor | undefined;
  /** Ledgers in order: all of them, or none. */
  commit(batch: readonly Applied[]): void;
}

export interface Machine {
  apply(input: LedgerInput): Promise<Applied>;
  /** Forgets what was applied but not committed: the next ledger is the one after `tip`. */
  reset(tip?: Cursor): Promise<void>;
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
  const { ledgers, journal, machine, vault } = parts;
  const batch = new Batch(parts);
  // A fault of ours must end the stream as well, even while it waits for a ledger.
  const ended = new AbortController();
  const either = AbortSignal.any([signal, ended.signal]);
  const stream = ledgers.after(journal.tip(), either)[Symbol.asyncIterator]();
  try {
    for (let next = stream.next(); ; next = stream.next()) {
      await batch.commitUnlessSoon(next);
      const { done, value: closed } = await next;
      if (done === true) break;
      const input = ledgerInput(closed, vault);
      // What a call may read must be committed before it runs.
      if (input.calls.length > 0) await batch.commit();
      const applied = await machine.apply(input);
      batch.add(applied);
      if (input.calls.length > 0 || batch.isFull) await batch.commit();
    }
    await batch.commit();
  } finally {
    ended.abort();
    await stream.return?.();
  }
}

/** Applied and not committed yet. */
class Batch {
  readonly #parts: FollowParts;
  #applied: Applied[] = [];
  #startedMs = 0;
  #timer = new AbortController();
  /** Settles when the batch may wait no longer. */
  #due: Promise<unknown> | undefined;
  #last: number | undefined;

  constructor(parts: FollowParts) {
    this.#parts = parts;
    this.#last = parts.journal.tip()?.sequence;
  }

  get isFull(): boolean {
    return this.#applied.length >= BATCH_LEDGERS_MAX;
  }

  add(applied: Applied): void {
    const follows = this.#last === undefined || applied.sequence === this.#last + 1;
    invariant(follows, "ledgers arrive in order, without gaps");
    if (this.#applied.length === 0) {
      this.#startedMs = this.#parts.nowMs();
      this.#timer = new AbortController();
      const { signal } = this.#timer;
      this.#due = sleep(BATCH_MS, undefined, { signal }).catch(() => undefined);
    }
    this.#applied.push(applied);
    this.#last = applied.sequence;
  }

  /** Commits when the next ledger lets wait for itself. */
  async commitUnlessSoon(next: Promise<unknown>): Promise<void> {
    if (this.#applied.length === 0) return;
    const isSoon = await Promise.race([
      next.then(
        () => true,
        () => false,
      ),
      this.#due?.then(() => false),
    ]);
    if (isSoon !== true) await this.commit();
  }

  async commit(): Promise<void> {
    const batch = this.#applied;
    const last = batch.at(-1);
    if (last === undefined) return;
    const { journal, machine, events, nowMs } = this.#parts;
    this.#applied = [];
    this.#timer.abort();
    try {
      journal.commit(batch);
    } catch (error) {
      await machine.reset(journal.tip());
      throw error;
    }
    const { sequence, ledgerHash } = last;
    const calls = batch.reduce((sum, { receipts }) => sum + receipts.length, 0);
    const tookMs = nowMs() - this.#startedMs;
    const ledgers = batch.length;
    events.info("ledger.applied", { ledger: sequence, ledgers, calls, tookMs, ledgerHash });
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
