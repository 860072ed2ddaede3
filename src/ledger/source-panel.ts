/**
 * The panel of sources: which one to ask next, which to leave alone for a while, which for good.
 *
 * A claim is never trusted, it only changes whom to ask first. A source that lies is never asked again
 * in this run, and what it sent is handed to `Evidence`; any other fault costs it some time.
 */
import { type Clock, systemClock } from "../lib/clock.ts";
import { AceError } from "../lib/errors.ts";
import type { Events } from "../lib/events.ts";
import { type Pace, systemPace } from "../lib/pace.ts";
import type { LedgerSource, RawLedger } from "./ledger-source.ts";
import { type SourceStatus, WatchedSource } from "./watched-source.ts";

/** Further behind than this, sources of whole history are asked before those of the tip. */
export const BULK_LEDGERS = 128;
const POLL_MS = 500;

/** Where proof of a lie is kept: what was sent, as it was sent. */
export interface Evidence {
  keep(item: EvidenceItem): void;
}

export interface EvidenceItem {
  readonly source: string;
  readonly code: string;
  readonly message: string;
  readonly ledger: number;
  readonly bytes: readonly Uint8Array[];
}

export interface PanelOptions {
  readonly sources: readonly LedgerSource[];
  readonly events: Events;
  readonly evidence?: Evidence;
  /** Between two looks at a source that had nothing new. */
  readonly pollMs?: number;
  readonly pace?: Pace;
  readonly clock?: Clock;
}

/** What a source is accused of having sent. */
interface Sent {
  readonly ledger: number;
  readonly raw: RawLedger | undefined;
}

interface Wanted {
  readonly sequence: number;
  readonly nowMs: number;
  /** Whether the best source has been silent for too long. */
  readonly isHedging: boolean;
  /** Already being read. */
  readonly open: readonly WatchedSource[];
}

export class SourcePanel {
  readonly seats: readonly WatchedSource[];
  readonly events: Events;
  readonly pace: Pace;
  readonly clock: Clock;
  readonly pollMs: number;
  readonly #evidence: Evidence | undefined;

  constructor(options: PanelOptions) {
    this.seats = options.sources.map((source) => new WatchedSource(source));
    this.events = options.events;
    this.pace = options.pace ?? systemPace;
    this.clock = options.clock ?? systemClock;
    this.pollMs = options.pollMs ?? POLL_MS;
    this.#evidence = options.evidence;
  }

  get usable(): readonly WatchedSource[] {
    return this.seats.filter((seat) => !seat.isQuarantined);
  }

  /** The newest ledger that anybody claims to have; 0 when nobody does. */
  get newest(): number {
    return Math.max(0, ...this.usable.map((seat) => seat.newest ?? 0));
  }

  /** Whom to ask for this ledger now; undefined when it is better to wait. */
  next({ sequence, nowMs, isHedging, open }: Wanted): WatchedSource | undefined {
    const isBehind = this.newest - sequence > BULK_LEDGERS;
    const ranked = this.usable
      .filter((seat) => seat.goneUntil < sequence && !seat.isBackingOff(nowMs))
      .sort((left, right) => order(left, right, sequence, isBehind));
    const holders = ranked.filter((seat) => seat.claimsToHave(sequence));
    // At the tip one source is asked again and again, and the others only when it is silent.
    const asked = isHedging ? ranked : [...holders, ...ranked.slice(0, 1)];
    return asked.find((seat) => seat.isReady(nowMs) && !open.includes(seat));
  }

  failed(seat: WatchedSource, error: AceError): void {
    if (seat.isQuarantined) return;
    seat.failed(error, this.clock.nowMs(), this.pollMs, this.pace);
    const { code, message } = error;
    this.events.warn("ledger.source_failed", {
      source: seat.source.id,
      code,
      message,
      failures: seat.failures,
    });
  }

  /** For what no waiting cures: a lie, or another network. */
  quarantine(seat: WatchedSource, error: AceError, { ledger, raw }: Sent): void {
    if (seat.isQuarantined) return;
    seat.quarantine(error);
    const { code, message } = error;
    const source = seat.source.id;
    this.#evidence?.keep({ source, code, message, ledger, bytes: bytesOf(raw) });
    this.events.warn("ledger.source_quarantined", { source, code, message, ledger });
  }

  /** Why nothing can come, while no source is any good; undefined as long as one is. */
  get fault(): AceError | undefined {
    const faults = this.seats.map(({ fault }) => fault);
    const isAnyGood = faults.includes(undefined);
    return isAnyGood ? undefined : (this.usable[0]?.fault ?? this.verdict);
  }

  /** What ends the stream: every source has lied, or is of another network. */
  get verdict(): AceError | undefined {
    if (this.usable.length > 0) return undefined;
    const faults = this.seats.flatMap(({ fault }) => fault ?? []);
    const [first] = faults;
    const isOneKind = faults.every(({ code }) => code === first?.code);
    const isClear = faults.length === 1 || (isOneKind && first?.code === "NETWORK_MISMATCH");
    if (first === undefined || isClear) return first;
    const told = this.seats.map(({ source, fault }) => `${source.id}: ${fault?.message}`);
    return new AceError("LEDGER_FORK", `no source is left to believe\n${told.join("\n")}`);
  }

  status(tip: number | undefined): readonly SourceStatus[] {
    const nowMs = this.clock.nowMs();
    return this.seats.map((seat) => seat.status(tip, nowMs));
  }
}

/** Those that claim to have the ledger first, among them bulk sources while behind, then the fastest. */
function order(
  left: WatchedSource,
  right: WatchedSource,
  sequence: number,
  isBehind: boolean,
): number {
  const held = Number(right.claimsToHave(sequence)) - Number(left.claimsToHave(sequence));
  if (held !== 0) return held;
  const bulk = isBehind ? Number(right.isBulk) - Number(left.isBulk) : 0;
  return bulk !== 0 ? bulk : left.cost - right.cost;
}

function bytesOf(raw: RawLedger | undefined): readonly Uint8Array[] {
  if (raw === undefined) return [];
  if (raw.kind === "closeMeta") return [raw.bytes];
  return [raw.header, raw.set, raw.results].flatMap((part) => part ?? []);
}
