/**
 * The processes that apply ledgers. With one, the next ledger is queued behind the one that runs. With
 * several, a ledger is shared out among them by call graph: what they did stands when they touched
 * nothing in common, and is run again by the first of them, whole, when they did. Outcomes are those
 * of one process, always.
 *
 * Errors  Those of the processes. A ledger that fails takes those with it that were queued behind it.
 */
import type { Call } from "../contracts/call.ts";
import type { Events } from "../lib/events.ts";
import { invariant } from "../lib/invariant.ts";
import { toByteText } from "./byte-text.ts";
import { CallGraph, type Share } from "./call-graph.ts";
import { edgesOf, type Footprint, readFootprints } from "./footprint.ts";
import { joined, type LedgerPart, verdictOn } from "./ledger-parts.ts";
import { LedgerWorker } from "./ledger-worker.ts";
import { firstRules, type Rules } from "./limits.ts";
import type { LedgerOutcome } from "./outcome-frame.ts";
import type { PendingState } from "./pending-state.ts";
import type { ProcessOptions } from "./process-host.ts";

export interface LedgerToRun {
  readonly sequence: number;
  readonly calls: readonly Call[];
  /** A ledger that is more than its calls. */
  readonly isWhole: boolean;
  /** The request, for some of the calls or all of them. */
  readonly encode: (calls: readonly Call[], isNoted: boolean) => Uint8Array;
}

export interface WorkersOptions {
  readonly workers: number;
  readonly state: PendingState;
  readonly events: Events;
  readonly processes: Omit<ProcessOptions, "onStart">;
}

export class LedgerWorkers implements AsyncDisposable {
  readonly #state: PendingState;
  readonly #events: Events;
  readonly #workers: readonly LedgerWorker[];
  readonly #first: LedgerWorker;
  readonly #rules: Rules;
  readonly #graph = new CallGraph();
  /** Settles when the ledger that came last has run; undefined when none runs. */
  #last: Promise<LedgerOutcome> | undefined;

  constructor({ workers, state, events, processes }: WorkersOptions) {
    this.#state = state;
    this.#events = events;
    this.#rules = processes.rules ?? firstRules;
    this.#workers = Array.from({ length: workers }, () => new LedgerWorker(state, processes));
    const [first] = this.#workers;
    invariant(first !== undefined, "somebody applies ledgers");
    this.#first = first;
  }

  get pids(): readonly (number | undefined)[] {
    return this.#workers.map(({ pid }) => pid);
  }

  run(ledger: LedgerToRun): Promise<LedgerOutcome> {
    return this.#workers.length === 1 ? this.#runAlone(ledger) : this.#runAfter(ledger);
  }

  async reset(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.reset()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker[Symbol.asyncDispose]()));
  }

  #runAlone({ sequence, calls, encode }: LedgerToRun): Promise<LedgerOutcome> {
    const payload = encode(calls, false);
    return this.#first.run({ sequence, calls, payload }, ({ writes }) => {
      this.#first.wrote(this.#state.take(sequence, writes));
    });
  }

  /** One ledger at a time: what the next one finds must be known to whichever worker runs it. */
  #runAfter(ledger: LedgerToRun): Promise<LedgerOutcome> {
    const before = this.#last;
    const run =
      before === undefined ? this.#runShared(ledger) : before.then(() => this.#runShared(ledger));
    this.#last = run;
    const clear = (): void => {
      if (this.#last === run) this.#last = undefined;
    };
    run.then(clear, clear);
    return run;
  }

  async #runShared(ledger: LedgerToRun): Promise<LedgerOutcome> {
    const { sequence, calls } = ledger;
    const whole = { worker: 0, places: calls.map((_, place) => place) };
    const shares = ledger.isWhole ? [whole] : this.#graph.shares(calls, this.#workers.length);
    const parts = await this.#runParts(ledger, shares);
    const verdict = verdictOn(parts, calls, this.#rules);
    for (const part of parts) this.#learn(calls, part);
    if (verdict.kind === "apart") {
      if (parts.length > 1) {
        this.#graph.wereApart();
        this.#events.info("contracts.shared", { ledger: sequence, parts: parts.length });
      }
      return this.#keep(sequence, parts);
    }
    this.#graph.met(verdict.kind === "met" ? verdict.edges : []);
    this.#events.info("contracts.rerun", {
      ledger: sequence,
      parts: parts.length,
      why: verdict.kind,
    });
    this.#undo(parts);
    const again = await this.#runParts(ledger, [whole]);
    for (const part of again) this.#learn(calls, part);
    return this.#keep(sequence, again);
  }

  /** Waits for all of them, also when one fails: what the others did must be forgotten. */
  async #runParts(ledger: LedgerToRun, shares: readonly Share[]): Promise<readonly LedgerPart[]> {
    const running = shares.map((share) => this.#runPart(ledger, share));
    const settled = await Promise.allSettled(running);
    const parts = settled.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
    if (parts.length === shares.length) return parts;
    this.#undo(parts);
    await Promise.all(running);
    return parts;
  }

  async #runPart({ sequence, calls, encode }: LedgerToRun, share: Share): Promise<LedgerPart> {
    const worker = this.#workers[share.worker];
    invariant(worker !== undefined, "a share is for one of the workers");
    const own = share.places.flatMap((place) => calls[place] ?? []);
    const work = { sequence, calls: own, payload: encode(own, true) };
    let footprints: readonly Footprint[] = [];
    const outcome = await worker.run(work, ({ notes }) => {
      footprints = readFootprints(notes);
      for (const { contracts } of footprints) worker.holds(contracts);
    });
    return { share, outcome, footprints };
  }

  #learn(calls: readonly Call[], { footprints }: LedgerPart): void {
    this.#graph.learn(calls, footprints, edgesOf(footprints));
  }

  /** Each part is known to its worker, and news to all others. */
  #keep(sequence: number, parts: readonly LedgerPart[]): LedgerOutcome {
    const [only] = parts;
    invariant(only !== undefined, "a ledger runs in parts, or in one");
    const outcome = parts.length === 1 ? only.outcome : joined(parts);
    this.#state.take(sequence, outcome.writes);
    for (const part of parts) {
      const keys = keysOf(part);
      for (const [number, worker] of this.#workers.entries()) {
        if (number === part.share.worker) worker.wrote(keys);
        else worker.isOld(keys);
      }
    }
    return outcome;
  }

  #undo(parts: readonly LedgerPart[]): void {
    for (const part of parts) this.#workers[part.share.worker]?.isOld(keysOf(part));
  }
}

function keysOf({ outcome }: LedgerPart): readonly string[] {
  return outcome.writes.map(({ key }) => toByteText(key));
}
