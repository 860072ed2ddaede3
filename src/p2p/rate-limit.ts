/**
 * Rate limits: a bucket of bytes that fills at a rate. One may be shared by all swarms of a node.
 *
 * What passes is booked at once, though it has to wait: those who wait are served in the order they
 * came, and the rate is kept exactly. What does not pass in the end is given back.
 *
 * What a live stream sends and asks for goes ahead of the line that films make: late it is worth
 * nothing. Of the rate it may take `AHEAD_SHARE` that way, so that films go on. It is booked in the line
 * as well: what comes after it waits longer. So the rate is kept but for what stood in line already.
 *
 * Units   Bytes a second; 0 is without a limit.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { AHEAD_SHARE, RATE_BURST_MS } from "./engine-limits.ts";
import { BLOCK_MAX_BYTES } from "./limits.ts";

export type Turn = "in line" | "ahead";

export class RateLimit {
  readonly bytesPerS: number;
  readonly #line: Bucket;
  readonly #ahead: Bucket;

  constructor(bytesPerS: number) {
    this.bytesPerS = bytesPerS;
    this.#line = new Bucket(bytesPerS);
    this.#ahead = new Bucket(bytesPerS * AHEAD_SHARE);
  }

  /** How many bytes may pass now without waiting. */
  available(nowMs: number, turn: Turn = "in line"): number {
    if (this.bytesPerS === 0) return Number.POSITIVE_INFINITY;
    const inLine = this.#line.bytes(nowMs);
    return turn === "in line" ? inLine : Math.max(inLine, this.#ahead.bytes(nowMs));
  }

  /** How long so many bytes would have to wait. */
  waitMs(bytes: number, nowMs: number, turn: Turn = "in line"): number {
    if (this.bytesPerS === 0) return 0;
    const inLineMs = this.#line.waitMs(bytes, nowMs);
    return turn === "in line" ? inLineMs : Math.min(inLineMs, this.#ahead.waitMs(bytes, nowMs));
  }

  /** Books the bytes; answers how long they have to wait. */
  book(bytes: number, nowMs: number, turn: Turn = "in line"): number {
    if (this.bytesPerS === 0) return 0;
    const waitMs = this.waitMs(bytes, nowMs, turn);
    this.#line.take(bytes);
    if (turn === "in line") return waitMs;
    this.#ahead.take(bytes);
    // While nobody stands in line all of the rate is there for who goes ahead of it.
    this.#ahead.raiseTo(this.#line.bytes(nowMs));
    return waitMs;
  }

  /** What was booked in this turn and does not pass: others may have it. */
  giveBack(bytes: number, turn: Turn = "in line"): void {
    this.#line.put(bytes);
    if (turn === "ahead") this.#ahead.put(bytes);
  }
}

class Bucket {
  readonly #bytesPerS: number;
  readonly #burstBytes: number;
  #bytes: number;
  #atMs: number | undefined;

  constructor(bytesPerS: number) {
    this.#bytesPerS = bytesPerS;
    // Less than a few blocks would never let a request through.
    this.#burstBytes = Math.max(2 * BLOCK_MAX_BYTES, (bytesPerS * RATE_BURST_MS) / 1_000);
    this.#bytes = this.#burstBytes;
  }

  bytes(nowMs: number): number {
    const elapsedMs = Math.max(0, nowMs - (this.#atMs ?? nowMs));
    this.#atMs = nowMs;
    this.#bytes = Math.min(this.#burstBytes, this.#bytes + (elapsedMs * this.#bytesPerS) / 1_000);
    return this.#bytes;
  }

  waitMs(bytes: number, nowMs: number): number {
    return Math.max(0, ((bytes - this.bytes(nowMs)) / this.#bytesPerS) * 1_000);
  }

  take(bytes: number): void {
    this.#bytes -= bytes;
  }

  put(bytes: number): void {
    this.#bytes = Math.min(this.#burstBytes, this.#bytes + bytes);
  }

  raiseTo(bytes: number): void {
    this.#bytes = Math.max(this.#bytes, Math.min(bytes, this.#burstBytes));
  }
}

/** Books the bytes with all the limits; answers how long they have to wait. */
export function bookAll(
  limits: readonly RateLimit[],
  bytes: number,
  nowMs: number,
  turn: Turn = "in line",
): number {
  let waitMs = 0;
  for (const limit of limits) waitMs = Math.max(waitMs, limit.book(bytes, nowMs, turn));
  return waitMs;
}

/** Gives back to all the limits what was booked with them. */
export function giveBackAll(limits: readonly RateLimit[], bytes: number, turn: Turn): void {
  for (const limit of limits) limit.giveBack(bytes, turn);
}

/** How long so many bytes would have to wait for all the limits. */
export function waitOfAll(limits: readonly RateLimit[], bytes: number, nowMs: number, turn: Turn) {
  return Math.max(0, ...limits.map((limit) => limit.waitMs(bytes, nowMs, turn)));
}

/** Whether bytes may be asked for ahead of the line; they are booked then, as a debt if need be. */
export function allowAhead(limits: readonly RateLimit[], bytes: number, nowMs: number): boolean {
  if (limits.some((limit) => limit.available(nowMs, "ahead") <= 0)) return false;
  bookAll(limits, bytes, nowMs, "ahead");
  return true;
}

/** Resolves when all the limits let the bytes through; at once when the signal ends the wait. */
export async function pass(
  limits: readonly RateLimit[],
  bytes: number,
  { nowMs, signal }: { readonly nowMs: number; readonly signal: AbortSignal },
): Promise<void> {
  const waitMs = bookAll(limits, bytes, nowMs);
  if (waitMs > 0) await waitTurn(waitMs, signal);
}

/** The wait of what was booked; over at once when the signal ends it. */
export async function waitTurn(waitMs: number, signal: AbortSignal): Promise<void> {
  // Whoever waits finds out by itself that its swarm is closed.
  await sleep(waitMs, undefined, { signal, ref: false }).catch(() => {});
}

/** Takes at most `count` blocks, as many as may be asked for now; what was taken is booked. */
export function takeWithin<T>(
  limits: readonly RateLimit[],
  { count, nowMs }: { readonly count: number; readonly nowMs: number },
  take: (count: number) => readonly T[],
): readonly T[] {
  const bytes = Math.min(...limits.map((limit) => limit.available(nowMs)));
  const allowed = Math.min(count, Math.floor(bytes / BLOCK_MAX_BYTES));
  if (allowed <= 0) return [];
  const taken = take(allowed);
  bookAll(limits, taken.length * BLOCK_MAX_BYTES, nowMs);
  return taken;
}
