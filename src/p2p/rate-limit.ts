/**
 * Rate limits: a bucket of bytes that fills at a rate. One may be shared by all swarms of a node.
 *
 * What passes is booked at once, though it has to wait: those who wait are served in the order they
 * came, and the rate is kept exactly.
 *
 * Units   Bytes a second; 0 is without a limit.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { RATE_BURST_MS } from "./engine-limits.ts";
import { BLOCK_MAX_BYTES } from "./limits.ts";

export class RateLimit {
  readonly bytesPerS: number;
  readonly #burstBytes: number;
  #bytes: number;
  #atMs: number | undefined;

  constructor(bytesPerS: number) {
    this.bytesPerS = bytesPerS;
    // Less than a few blocks would never let a request through.
    this.#burstBytes = Math.max(2 * BLOCK_MAX_BYTES, (bytesPerS * RATE_BURST_MS) / 1_000);
    this.#bytes = this.#burstBytes;
  }

  /** How many bytes may pass now without waiting. */
  available(nowMs: number): number {
    if (this.bytesPerS === 0) return Number.POSITIVE_INFINITY;
    const elapsedMs = Math.max(0, nowMs - (this.#atMs ?? nowMs));
    this.#atMs = nowMs;
    this.#bytes = Math.min(this.#burstBytes, this.#bytes + (elapsedMs * this.bytesPerS) / 1_000);
    return this.#bytes;
  }

  /** Books the bytes; answers how long they have to wait. */
  book(bytes: number, nowMs: number): number {
    if (this.bytesPerS === 0) return 0;
    this.#bytes = this.available(nowMs) - bytes;
    return Math.max(0, (-this.#bytes / this.bytesPerS) * 1_000);
  }
}

/** Books the bytes with all the limits; answers how long they have to wait. */
export function bookAll(limits: readonly RateLimit[], bytes: number, nowMs: number): number {
  let waitMs = 0;
  for (const limit of limits) waitMs = Math.max(waitMs, limit.book(bytes, nowMs));
  return waitMs;
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

/** How many of `count` blocks may be asked for now; those are booked. */
export function allowBlocks(limits: readonly RateLimit[], count: number, nowMs: number): number {
  const bytes = Math.min(...limits.map((limit) => limit.available(nowMs)));
  const allowed = Math.min(count, Math.max(0, Math.floor(bytes / BLOCK_MAX_BYTES)));
  for (const limit of limits) limit.book(allowed * BLOCK_MAX_BYTES, nowMs);
  return allowed;
}
