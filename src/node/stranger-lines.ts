/**
 * Log lines that strangers cause: any peer or passer-by may have one written, so they are let through at
 * a pace. Counts and bans are not touched: what is left out of the log stands in the metrics.
 *
 * Units   Milliseconds of Unix time.
 */
import type { Clock } from "../lib/clock.ts";

/** Lines of one event: this many at once, then one in so long. */
export const STRANGER_LINES_BURST = 20;
export const STRANGER_LINE_MS = 3_000;

/**
 * Events that need nobody's permission: a connection, a request or an announcement is enough. Those of
 * leases come with each play and each renewal.
 */
const STRANGER_EVENTS: ReadonlySet<string> = new Set([
  "access.lease_fallback",
  "access.lease_forwarded",
  "access.lease_refused",
  "live.denied",
  "live.peer_refused",
  "p2p.denied",
  "p2p.metadata_false",
  "p2p.metadata_refused",
  "p2p.peer_refused",
  "p2p.tracker_refused",
  "p2p.webseed_serving_failed",
]);

interface Bucket {
  readonly lines: number;
  readonly atMs: number;
  readonly leftOut: number;
}

export class StrangerLines {
  readonly #clock: Clock;
  readonly #buckets = new Map<string, Bucket>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How many lines were left out before this one; undefined when this one is left out too. */
  admit(event: string): number | undefined {
    if (!STRANGER_EVENTS.has(event)) return 0;
    const nowMs = this.#clock.nowMs();
    const before = this.#buckets.get(event) ?? {
      lines: STRANGER_LINES_BURST,
      atMs: nowMs,
      leftOut: 0,
    };
    const gained = Math.max(0, nowMs - before.atMs) / STRANGER_LINE_MS;
    const lines = Math.min(STRANGER_LINES_BURST, before.lines + gained);
    const isLine = lines >= 1;
    this.#buckets.set(event, {
      lines: isLine ? lines - 1 : lines,
      atMs: nowMs,
      leftOut: isLine ? 0 : before.leftOut + 1,
    });
    return isLine ? before.leftOut : undefined;
  }
}
