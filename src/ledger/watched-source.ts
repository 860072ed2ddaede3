/**
 * One source as the follower knows it: what it claims, how fast it answers, when to ask it again.
 *
 * Units   Times are Unix milliseconds of the clock port, durations milliseconds.
 */
import type { AceError } from "../lib/errors.ts";
import { backOffMs, type Pace } from "../lib/pace.ts";
import { BusyError } from "./busy-error.ts";
import type { LedgerRange, LedgerSource } from "./ledger-source.ts";

const BACK_OFF_MS_MAX = 15_000;
/** A new measurement moves the average by this part of the difference. */
const AVERAGE_PART = 0.3;
/** What a source that has not been measured is taken to need. */
const LATENCY_MS_UNKNOWN = 500;
/** An answer without the ledger that the source claims to have costs it so much in the ranking. */
const EMPTY_PENALTY_MS = 1_000;
const EMPTY_ANSWERS_MAX = 20;

export interface SourceStatus {
  readonly id: string;
  readonly kind: LedgerSource["kind"];
  readonly state: "following" | "behind" | "backing off" | "quarantined";
  readonly fault?: { readonly code: string; readonly message: string };
  /** Until it is asked again. */
  readonly retryMs?: number;
  /** From asking to the first byte of an answer that helps, averaged. */
  readonly latencyMs?: number;
  /** Age of the newest ledger that it sent. */
  readonly lagMs?: number;
  /** The newest ledger that it claims to have: a hint. */
  readonly newest?: number;
}

export class WatchedSource {
  readonly source: LedgerSource;
  /** Not to be asked before this time. */
  retryAtMs = 0;
  /** Whether its founding ledger has been compared with the network's. */
  isStartSeen = false;
  /** Ledgers up to this one are gone from it. */
  goneUntil = 0;
  /** The ledger at which it sent something of a protocol that we do not read. */
  unknownAt = 0;
  #newest: number | undefined;
  #newestCloseMs: number | undefined;
  #latencyMs: number | undefined;
  #emptyAnswers = 0;
  #failures = 0;
  #malformed = 0;
  #fault: AceError | undefined;
  #isQuarantined = false;

  constructor(source: LedgerSource) {
    this.source = source;
  }

  get isQuarantined(): boolean {
    return this.#isQuarantined;
  }

  /** What it did wrong last, until it answers well again. */
  get fault(): AceError | undefined {
    return this.#fault;
  }

  get newest(): number | undefined {
    return this.#newest;
  }

  get failures(): number {
    return this.#failures;
  }

  get isBulk(): boolean {
    return this.source.kind !== "rpc";
  }

  isBackingOff(nowMs: number): boolean {
    return this.#fault !== undefined && this.retryAtMs > nowMs;
  }

  isReady(nowMs: number): boolean {
    return !this.#isQuarantined && this.retryAtMs <= nowMs;
  }

  claimsToHave(sequence: number): boolean {
    return this.#newest !== undefined && this.#newest >= sequence;
  }

  /** Smaller is better. */
  get cost(): number {
    return (this.#latencyMs ?? LATENCY_MS_UNKNOWN) + this.#emptyAnswers * EMPTY_PENALTY_MS;
  }

  claimed({ last }: LedgerRange, tookMs: number): void {
    this.#newest = last;
    this.#measured(tookMs);
    // It is there again; whether it sends ledgers as well is still to be seen.
    if (!this.#isQuarantined) this.#fault = undefined;
  }

  delivered(sequence: number, closeTime: bigint): void {
    this.#newest = Math.max(this.#newest ?? 0, sequence);
    this.#newestCloseMs = Number(closeTime) * 1_000;
    this.#emptyAnswers = 0;
    this.#malformed = 0;
    this.#wellAnswered();
  }

  /** From asking for a ledger to its coming. */
  deliveredAfter(tookMs: number): void {
    this.#measured(tookMs);
  }

  /** It answered, but not with the ledger that was asked for. */
  hadNothing(sequence: number, retryAtMs: number): void {
    if (this.claimsToHave(sequence)) {
      this.#emptyAnswers = Math.min(this.#emptyAnswers + 1, EMPTY_ANSWERS_MAX);
    }
    this.#wellAnswered();
    this.retryAtMs = retryAtMs;
  }

  failed(error: AceError, nowMs: number, pollMs: number, pace: Pace): void {
    this.#failures += 1;
    this.#fault = error;
    // Another server may answer at the same address by now.
    this.isStartSeen = false;
    if (error.code === "LEDGER_MALFORMED") {
      this.#malformed += 1;
      // Broken data may be an accident of one transfer: once more at once, then patiently.
      if (this.#malformed === 1) {
        this.retryAtMs = nowMs;
        return;
      }
    }
    const limits = { baseMs: pollMs, maxMs: Math.max(pollMs, BACK_OFF_MS_MAX) };
    const asked = error instanceof BusyError ? error.retryAfterMs : undefined;
    this.retryAtMs = nowMs + (asked ?? backOffMs(this.#failures + 1, limits, pace));
  }

  /** For the rest of this run. */
  quarantine(error: AceError): void {
    this.#fault = error;
    this.#isQuarantined = true;
  }

  status(tip: number | undefined, nowMs: number): SourceStatus {
    const fault = this.#fault;
    const latencyMs = this.#latencyMs;
    const newest = this.#newest;
    const closedMs = this.#newestCloseMs;
    return {
      id: this.source.id,
      kind: this.source.kind,
      state: this.#state(tip),
      ...(fault && { fault: { code: fault.code, message: fault.message } }),
      ...(fault && !this.#isQuarantined && { retryMs: Math.max(0, this.retryAtMs - nowMs) }),
      ...(latencyMs !== undefined && { latencyMs: Math.round(latencyMs) }),
      ...(closedMs !== undefined && { lagMs: Math.max(0, nowMs - closedMs) }),
      ...(newest !== undefined && { newest }),
    };
  }

  #state(tip: number | undefined): SourceStatus["state"] {
    if (this.#isQuarantined) return "quarantined";
    if (this.#fault !== undefined) return "backing off";
    const isBehind = tip !== undefined && this.#newest !== undefined && this.#newest < tip;
    return isBehind ? "behind" : "following";
  }

  #wellAnswered(): void {
    if (this.#isQuarantined) return;
    this.#failures = 0;
    this.#fault = undefined;
  }

  #measured(tookMs: number): void {
    const before = this.#latencyMs ?? tookMs;
    this.#latencyMs = before + (tookMs - before) * AVERAGE_PART;
  }
}
