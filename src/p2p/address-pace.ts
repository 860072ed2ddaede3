/** A bucket per address: a stranger cannot keep us busy all day. */
import type { Clock } from "../lib/clock.ts";
import { ADDRESSES_MAX } from "./limits.ts";

export interface PaceLimits {
  /** This many at once, then `perS` a second. */
  readonly burst: number;
  readonly perS: number;
}

export class AddressPace {
  readonly #clock: Clock;
  readonly #limits: PaceLimits;
  readonly #buckets = new Map<string, { tokens: number; atMs: number }>();

  constructor(clock: Clock, limits: PaceLimits) {
    this.#clock = clock;
    this.#limits = limits;
  }

  allows(address: string): boolean {
    const { burst, perS } = this.#limits;
    const nowMs = this.#clock.nowMs();
    const bucket = this.#buckets.get(address) ?? { tokens: burst, atMs: nowMs };
    const gained = (Math.max(0, nowMs - bucket.atMs) / 1_000) * perS;
    const tokens = Math.min(burst, bucket.tokens + gained);
    this.#buckets.delete(address);
    this.#buckets.set(address, { tokens: Math.max(0, tokens - 1), atMs: nowMs });
    for (const oldest of this.#buckets.keys()) {
      if (this.#buckets.size <= ADDRESSES_MAX) break;
      this.#buckets.delete(oldest);
    }
    return tokens >= 1;
  }
}
