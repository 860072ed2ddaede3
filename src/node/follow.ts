/**
 * Follow: the one loop through which state enters this node.
 *
 * Flow    closed ledger, then calls, then applied (writes, receipts, roots), then one commit. When more
 *         ledgers wait, the next is applied meanwhile, and several are committed at once.
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
  /** All of these ledgers in one transaction. */
  commit(ledgers: readonly Applied[]): void;
}

export interface Machine {
  /** May be asked for the next ledger before this one is committed. */
  apply(input: LedgerInput): Promise<Applied>;
  committed(sequence: number): void;
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

/** One is with the contract process, the next is queued behind it. */
const AHEAD_MAX = 2;
/** Ledgers of one transaction while more of them wait. A live ledger is committed alone, at once. */
const GROUP_MAX = 8;

export async function follow(parts: FollowParts, signal: AbortSignal): Promise<void> {
  const left = new AbortController();
  const ledgers = parts.ledgers.after(parts.journal.tip(), AbortSignal.any([signal, left.signal]));
  const incoming = ledgers[Symbol.asyncIterator]();
  const line = new Line(parts);
  try {
    await line.run(incoming);
  } finally {
    await line.drop();
    // It may be waiting for a ledger that nobody wants any more.
    left.abort();
    await incoming.return?.().catch(() => undefined);
  }
}

type Step =
  | { readonly kind: "closed"; readonly next: IteratorResult<ClosedLedger> }
  | { readonly kind: "applied"; readonly done: Done };

interface Done {
  readonly applied: Applied;
  readonly startedMs: number;
}

/** Ledgers on their way: applied in order, a few at once, and committed in order. */
class Line {
  readonly #parts: FollowParts;
  readonly #running: Promise<Done>[] = [];
  #group: Done[] = [];
  /** The last ledger that was handed to the machine. */
  #last: number | undefined;

  constructor(parts: FollowParts) {
    this.#parts = parts;
    this.#last = parts.journal.tip()?.sequence;
  }

  async run(incoming: AsyncIterator<ClosedLedger>): Promise<void> {
    let next: Promise<Step> | undefined = closed(incoming);
    while (next !== undefined || this.#running.length > 0) {
      const step: Step = await this.#first(next);
      if (step.kind === "applied") {
        await this.#finish(step.done);
      } else if (step.next.done === true) {
        next = undefined;
      } else {
        this.#begin(step.next.value);
        next = closed(incoming);
      }
    }
  }

  /** Waits for what was begun, so that nothing of it comes later. */
  async drop(): Promise<void> {
    await Promise.allSettled(this.#running.splice(0));
  }

  /** The next ledger when there is room for it, or the oldest of those that run. */
  async #first(next: Promise<Step> | undefined): Promise<Step> {
    const [oldest] = this.#running;
    const steps: Promise<Step>[] = [];
    if (next !== undefined && this.#running.length < AHEAD_MAX) steps.push(next);
    if (oldest !== undefined) steps.push(oldest.then((done) => ({ kind: "applied", done })));
    try {
      return await Promise.race(steps);
    } catch (error) {
      // What is whole already need not be done again.
      await this.drop();
      await this.#commit();
      throw error;
    }
  }

  #begin(ledger: ClosedLedger): void {
    const { machine, vault, nowMs } = this.#parts;
    const follows = this.#last === undefined || ledger.sequence === this.#last + 1;
    invariant(follows, "ledgers arrive in order, without gaps");
    this.#last = ledger.sequence;
    const startedMs = nowMs();
    const running = machine
      .apply(ledgerInput(ledger, vault))
      .then((applied): Done => ({ applied, startedMs }));
    running.catch(() => undefined);
    this.#running.push(running);
  }

  async #finish(done: Done): Promise<void> {
    this.#running.shift();
    this.#group.push(done);
    const isMoreComing = this.#running.length > 0 && this.#group.length < GROUP_MAX;
    if (!isMoreComing) await this.#commit();
  }

  async #commit(): Promise<void> {
    const { journal, machine, events, nowMs } = this.#parts;
    const group = this.#group;
    const last = group.at(-1);
    this.#group = [];
    if (last === undefined) return;
    try {
      journal.commit(group.map(({ applied }) => applied));
      machine.committed(last.applied.sequence);
    } catch (error) {
      await this.drop();
      await machine.reset();
      throw error;
    }
    for (const { applied, startedMs } of group) {
      const { sequence: ledger, encodedReceipts, ledgerHash } = applied;
      const tookMs = nowMs() - startedMs;
      events.info("ledger.applied", { ledger, calls: encodedReceipts.length, tookMs, ledgerHash });
    }
  }
}

function closed(incoming: AsyncIterator<ClosedLedger>): Promise<Step> {
  const step = incoming.next().then((next): Step => ({ kind: "closed", next }));
  // Nobody may be waiting for it when it fails.
  step.catch(() => undefined);
  return step;
}

function ledgerInput(closed: ClosedLedger, vault: string): LedgerInput {
  return {
    sequence: closed.sequence,
    closeTime: closed.closeTime,
    headerHash: closed.hash,
    calls: closed.transactions.flatMap((transaction) => callsOf(transaction, { vault })),
  };
}
