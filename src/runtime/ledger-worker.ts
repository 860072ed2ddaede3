/**
 * One contract process that applies ledgers, and what the node remembers of what it knows: keys that it
 * need not be told again, and keys that others wrote since.
 */
import type { Call } from "../contracts/call.ts";
import { keyOwner } from "./key-owner.ts";
import { allowanceMs, callName } from "./ledger-report.ts";
import { type LedgerOutcome, readOutcome } from "./outcome-frame.ts";
import type { PendingState } from "./pending-state.ts";
import { type FramePart, frameTypes, rowsFrame } from "./process-frames.ts";
import { type ContractProcess, type ProcessOptions, startContractProcess } from "./process-host.ts";
import { ReadAhead } from "./read-ahead.ts";

export interface LedgerWork {
  readonly sequence: number;
  readonly calls: readonly Call[];
  readonly payload: Uint8Array;
}

/** Keys that a worker must forget before its next part; with more of them it forgets everything. */
const OLD_KEYS_MAX = 50_000;

export class LedgerWorker implements AsyncDisposable {
  readonly #runner: ContractProcess;
  readonly #state: PendingState;
  readonly #readAhead = new ReadAhead();
  /** Contracts of whose entries the process may know some. */
  readonly #contracts = new Set<number>();
  #old: string[] = [];

  constructor(state: PendingState, options: Omit<ProcessOptions, "onStart">) {
    this.#state = state;
    this.#runner = startContractProcess({ ...options, onStart: () => this.#forget() });
  }

  get pid(): number | undefined {
    return this.#runner.pid;
  }

  /** `done` is told at once, before the process may ask about the ledger after this one. */
  run(work: LedgerWork, done: (outcome: LedgerOutcome) => void): Promise<LedgerOutcome> {
    const { sequence, calls, payload } = work;
    return this.#runner.ask({
      type: frameTypes.apply,
      retryType: frameTypes.applyOneByOne,
      isChained: true,
      payload,
      state: this.#state,
      allowanceMs: allowanceMs(calls),
      before: () => [...this.#oldKeys(), ...this.#warm(calls)],
      onMiss: (key, call) => this.#learn(calls[call], key),
      nameOf: (call) => callName(sequence, calls, call),
      read: (answer) => {
        const outcome = readOutcome(answer);
        demandReceipts(outcome, calls.length);
        done(outcome);
        return outcome;
      },
    });
  }

  /** The process wrote these, and they stand. */
  wrote(keys: readonly string[]): void {
    for (const key of keys) this.#readAhead.knows(key);
  }

  /** The process knows entries of these contracts. */
  holds(contracts: readonly number[]): void {
    for (const contract of contracts) this.#contracts.add(contract);
  }

  /** What the process may know of these is not so. */
  isOld(keys: readonly string[]): void {
    for (const key of keys) {
      const owner = keyOwner(key);
      if (owner !== 0 && !this.#contracts.has(owner)) continue;
      this.#readAhead.knowsNot(key);
      if (this.#old.length <= OLD_KEYS_MAX) this.#old.push(key);
    }
  }

  /** State may be another now. */
  async reset(): Promise<void> {
    this.#forget();
    const payload = new Uint8Array();
    const read = (): void => {};
    await this.#runner.ask({ type: frameTypes.drop, payload, state: this.#state, read });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#runner[Symbol.asyncDispose]();
  }

  #forget(): void {
    this.#readAhead.forget();
    this.#contracts.clear();
    this.#old = [];
  }

  #oldKeys(): readonly FramePart[] {
    const old = this.#old;
    this.#old = [];
    if (old.length === 0) return [];
    if (old.length <= OLD_KEYS_MAX) return [rowsFrame(frameTypes.old, old)];
    this.#forget();
    return [rowsFrame(frameTypes.fresh, [])];
  }

  #warm(calls: readonly Call[]): readonly FramePart[] {
    const rows = this.#readAhead.rowsFor(calls, this.#state);
    if (rows.length === 0) return [];
    for (let at = 0; at < rows.length; at += 2) this.#contracts.add(keyOwner(rows[at] ?? ""));
    return [rowsFrame(frameTypes.warm, rows)];
  }

  #learn(call: Call | undefined, key: string): void {
    this.#contracts.add(keyOwner(key));
    if (call !== undefined) this.#readAhead.learn(call, key);
  }
}

function demandReceipts({ receipts, genesisFault }: LedgerOutcome, calls: number): void {
  if (genesisFault === "" && receipts.length !== calls) {
    throw new RangeError(`${receipts.length} receipts of ${calls} calls`);
  }
}
