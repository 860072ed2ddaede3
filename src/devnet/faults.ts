/**
 * Faults: what is to go wrong, where, when and how often. Sources ask here before they answer.
 *
 * A fault never touches the true chain, except those of the group `network`. What a fault alters is
 * computed from the ledger it alters, so a run with the same faults repeats.
 *
 * Errors  `DEVNET_FAULT_INVALID` for a fault that does not exist or does not fit its source.
 */
import { AceError } from "../lib/errors.ts";
import {
  type FaultKind,
  type FaultName,
  type FaultSource,
  faultKinds,
  faultSources,
  isFaultName,
} from "./fault-catalogue.ts";

export interface FaultRequest {
  readonly source: string;
  readonly what: string;
  /** Only this ledger; `next` is the one after the latest. Any when not given. */
  readonly at?: number | "next" | undefined;
  readonly value?: number | undefined;
  /** After so many uses it is over. */
  readonly times?: number | undefined;
}

export interface Fault {
  readonly id: number;
  readonly source: FaultSource;
  readonly what: FaultName;
  readonly at: number | undefined;
  readonly value: number;
  readonly timesLeft: number;
  /** The latest ledger when it was added. */
  readonly since: number;
}

const FAULTS_MAX = 1_000;
const TEXT =
  /^([a-z]+):([a-z0-9-]+?)(?:=(\d{1,9}(?:\.\d{1,3})?))?(?:@(\d{1,10}|next))?(?:\*(\d{1,9}))?$/;

export class Faults {
  readonly #latest: () => number;
  readonly #listeners = new Set<(fault: Fault) => void>();
  #faults: readonly Fault[] = [];
  #lastId = 0;

  constructor(latest: () => number) {
    this.#latest = latest;
  }

  list(): readonly Fault[] {
    return this.#faults;
  }

  /** Errors `DEVNET_FAULT_INVALID`. */
  add(request: FaultRequest): Fault {
    const since = this.#latest();
    const { source, what, kind } = checkedKind(request);
    const at = request.at === "next" ? since + 1 : request.at;
    checkNumbers(request, kind);
    checkTime({ ...request, at }, kind, since);
    if (this.#faults.length >= FAULTS_MAX) throw invalid(`there are ${FAULTS_MAX} faults already`);
    this.#lastId += 1;
    const value = request.value ?? kind.value?.default ?? 0;
    const timesLeft = request.times ?? Number.POSITIVE_INFINITY;
    const fault = { id: this.#lastId, source, what, at, value, timesLeft, since };
    for (const listener of this.#listeners) listener(fault);
    this.#faults = [...this.#faults, fault];
    return fault;
  }

  remove(id: number): boolean {
    const before = this.#faults.length;
    this.#faults = this.#faults.filter((fault) => fault.id !== id);
    return this.#faults.length < before;
  }

  clear(): void {
    this.#faults = [];
  }

  /** The fault that applies, if any, without using it up. */
  find(source: FaultSource, what: FaultName, sequence?: number): Fault | undefined {
    return this.#faults.find(
      (fault) =>
        fault.source === source &&
        fault.what === what &&
        (fault.at === undefined || sequence === undefined || fault.at === sequence),
    );
  }

  /** The fault that applies, one use of it taken. */
  take(source: FaultSource, what: FaultName, sequence?: number): Fault | undefined {
    const found = this.find(source, what, sequence);
    if (found === undefined) return undefined;
    const timesLeft = found.timesLeft - 1;
    this.#faults = this.#faults.flatMap((fault) => {
      if (fault !== found) return [fault];
      return timesLeft > 0 ? [{ ...fault, timesLeft }] : [];
    });
    return found;
  }

  /** Calls `listener` with each fault before it is added; what it throws refuses the fault. */
  onAdd(listener: (fault: Fault) => void): void {
    this.#listeners.add(listener);
  }
}

/** Reads `source:what=value@ledger*times`. Errors `DEVNET_FAULT_INVALID`. */
export function parseFault(text: string): FaultRequest {
  const [matched, source = "", what = "", value, at, times] = TEXT.exec(text) ?? [];
  if (matched === undefined) {
    throw invalid(`"${text}" is not source:fault=value@ledger*times`);
  }
  const ledger = at === undefined || at === "next" ? at : Number(at);
  return { source, what, at: ledger, value: numberOf(value), times: numberOf(times) };
}

/** The same text again. */
export function faultText({ source, what, at, value, timesLeft }: Fault): string {
  const kind: FaultKind = faultKinds[what];
  const given = kind.value === undefined ? "" : `=${value}`;
  const ledger = at === undefined ? "" : `@${at}`;
  return `${source}:${what}${given}${ledger}${Number.isFinite(timesLeft) ? `*${timesLeft}` : ""}`;
}

function numberOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text);
}

function checkedKind({ source: sourceName, what, at }: FaultRequest): {
  readonly source: FaultSource;
  readonly what: FaultName;
  readonly kind: FaultKind;
} {
  if (!isFaultName(what)) throw invalid(`there is no fault "${what}"`);
  const kind: FaultKind = faultKinds[what];
  const source = faultSources.find((each) => each === sourceName);
  if (source === undefined || !kind.sources.includes(source)) {
    throw invalid(`"${what}" is a fault of ${kind.sources.join(", ")}, not of "${sourceName}"`);
  }
  if (kind.ledger === "needed" && at === undefined) {
    throw invalid(`"${what}" needs a ledger: ${source}:${what}@100, or @next`);
  }
  return { source, what, kind };
}

/** What would be taken and then mean nothing is refused. */
function checkTime({ what, at, times }: FaultRequest, kind: FaultKind, latest: number): void {
  if (at !== undefined && kind.ledger === undefined) {
    throw invalid(`"${what}" concerns no single ledger: leave out @${at}`);
  }
  if (times !== undefined && kind.isLasting === true) {
    const instead = kind.group === "network" ? "happens once" : "goes on until it is removed";
    throw invalid(`"${what}" ${instead}: leave out *${times}`);
  }
  if (kind.group === "network" && typeof at === "number" && at <= latest) {
    throw invalid(`ledger ${at} has closed already, and "${what}" changes the ledger itself`);
  }
}

function checkNumbers({ what, at, value, times }: FaultRequest, kind: FaultKind): void {
  if (value !== undefined && kind.value === undefined) throw invalid(`"${what}" takes no value`);
  if (value !== undefined && kind.value !== undefined) checkValue(what, value, kind.value);
  if (typeof at === "number" && !(Number.isInteger(at) && at > 0)) {
    throw invalid("a ledger is a whole number above 0");
  }
  if (times !== undefined && !(Number.isInteger(times) && times > 0)) {
    throw invalid("a number of times is a whole number above 0");
  }
}

function checkValue(what: string, value: number, rule: NonNullable<FaultKind["value"]>): void {
  const { unit, min, max, isFraction = false } = rule;
  if (value >= min && value <= max && (isFraction || Number.isInteger(value))) return;
  const number = isFraction ? "a number" : "a whole number";
  throw invalid(`"${what}" takes ${number} from ${min} to ${max} (${unit}), not ${value}`);
}

function invalid(what: string): AceError {
  return new AceError("DEVNET_FAULT_INVALID", what);
}
