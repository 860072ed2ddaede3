/**
 * Follow: the one loop through which state enters this node.
 *
 * Flow    closed ledger, then calls, then applied (writes, receipts, roots), then one commit. When more
 *         ledgers wait, the next is applied meanwhile, and several are committed at once; ledgers
 *         without a call, of which catching up has most, wait a moment for the next.
 * Range   At most `GROUP_CALL_LEDGERS_MAX` ledgers with calls and `GROUP_MAX` in all a commit. While
 *         nothing is under way, none waits longer than `QUIET_MS` for it.
 * Errors  Whatever source, runtime or journal throw. Nothing is lost, because the cursor is written
 *         in the same transaction as the state it belongs to; the caller reopens and follows on.
 */
import { setTimeout as sleep } from "node:timers/promises";
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
/** Ledgers with calls of one transaction while more of them wait. A live one is committed at once. */
const GROUP_CALL_LEDGERS_MAX = 8;
const GROUP_MAX = 256;
const QUIET_MS = 25;

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
  | { readonly kind: "applied"; readonly done: Done }
  | { readonly kind: "due" };

interface Done {
  readonly applied: Applied;
  readonly isQuiet: boolean;
  readonly startedMs: number;
}

/** Ledgers on their way: applied in order, a few at once, and committed in order. */
class Line {
  readonly #parts: FollowParts;
  readonly #running: Promise<Done>[] = [];
  /** Applied and not committed yet. */
  #group: Done[] = [];
  #hold: Hold | undefined;
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
      if (step.kind === "due") {
        await this.#commit();
      } else if (step.kind === "applied") {
        await this.#finish(step.done);
      } else if (step.next.done === true) {
        next = undefined;
      } else {
        this.#begin(step.next.value);
        next = closed(incoming);
      }
    }
    await this.#commit();
  }

  /** Waits for what was begun, so that nothing of it comes later. */
  async drop(): Promise<void> {
    this.#hold?.end();
    await Promise.allSettled(this.#running.splice(0));
  }

  /** The next ledger when there is room for it, the oldest of those that run, or the end of waiting. */
  async #first(next: Promise<Step> | undefined): Promise<Step> {
    const [oldest] = this.#running;
    const steps: Promise<Step>[] = [];
    if (next !== undefined && this.#running.length < AHEAD_MAX) steps.push(next);
    if (oldest !== undefined) {
      steps.push(oldest.then((done) => ({ kind: "applied", done })));
    } else if (this.#group.length > 0) {
      this.#hold ??= new Hold();
      steps.push(this.#hold.due);
    }
    try {
      return await Promise.race(steps);
    } catch (error) {
      await this.#keepWhole();
      throw error;
    }
  }

  /** What is whole already need not be done again; what is not was never applied. */
  async #keepWhole(): Promise<void> {
    let isWhole = true;
    for (const settled of await Promise.allSettled(this.#running.splice(0))) {
      isWhole &&= settled.status === "fulfilled";
      if (isWhole && settled.status === "fulfilled") this.#group.push(settled.value);
    }
    await this.#commit();
    if (!isWhole) await this.#parts.machine.reset();
  }

  #begin(ledger: ClosedLedger): void {
    const { machine, vault, nowMs } = this.#parts;
    const follows = this.#last === undefined || ledger.sequence === this.#last + 1;
    invariant(follows, "ledgers arrive in order, without gaps");
    this.#last = ledger.sequence;
    const startedMs = nowMs();
    const input = ledgerInput(ledger, vault);
    const isQuiet = input.calls.length === 0;
    const running = machine.apply(input).then((applied): Done => ({ applied, isQuiet, startedMs }));
    running.catch(() => undefined);
    this.#running.push(running);
  }

  async #finish(done: Done): Promise<void> {
    this.#running.shift();
    this.#group.push(done);
    const mayGrow = this.#running.length > 0 || this.#group.every(({ isQuiet }) => isQuiet);
    if (this.#isFull || !mayGrow) await this.#commit();
  }

  get #isFull(): boolean {
    const loud = this.#group.filter(({ isQuiet }) => !isQuiet);
    return this.#group.length >= GROUP_MAX || loud.length >= GROUP_CALL_LEDGERS_MAX;
  }

  async #commit(): Promise<void> {
    const { journal, machine, events, nowMs } = this.#parts;
    const group = this.#group;
    const [first, last] = [group[0], group.at(-1)];
    this.#group = [];
    this.#hold?.end();
    this.#hold = undefined;
    if (first === undefined || last === undefined) return;
    try {
      journal.commit(group.map(({ applied }) => applied));
      machine.committed(last.applied.sequence);
    } catch (error) {
      await this.drop();
      await machine.reset();
      throw error;
    }
    const { sequence: ledger, ledgerHash } = last.applied;
    const calls = group.reduce((sum, { applied }) => sum + applied.encodedReceipts.length, 0);
    const tookMs = nowMs() - first.startedMs;
    events.info("ledger.applied", { ledger, ledgers: group.length, calls, tookMs, ledgerHash });
  }
}

/** A moment in which the next ledger may come. */
class Hold {
  readonly #timer = new AbortController();
  readonly due: Promise<Step>;

  constructor() {
    const { signal } = this.#timer;
    const waited = sleep(QUIET_MS, undefined, { signal }).catch(() => undefined);
    this.due = waited.then(() => ({ kind: "due" }));
  }

  end(): void {
    this.#timer.abort();
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
