/** A bucket per address: a stranger cannot keep us busy all day. Who has one IPv6 address has its /64. */
import { isIP } from "node:net";
import type { Clock } from "../lib/clock.ts";
import { ADDRESSES_MAX } from "./limits.ts";
import { ipv6Net } from "./places.ts";

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
    const payer = payerOf(address);
    const bucket = this.#buckets.get(payer) ?? { tokens: burst, atMs: nowMs };
    const gained = (Math.max(0, nowMs - bucket.atMs) / 1_000) * perS;
    const tokens = Math.min(burst, bucket.tokens + gained);
    this.#buckets.delete(payer);
    this.#buckets.set(payer, { tokens: Math.max(0, tokens - 1), atMs: nowMs });
    for (const oldest of this.#buckets.keys()) {
      if (this.#buckets.size <= ADDRESSES_MAX) break;
      this.#buckets.delete(oldest);
    }
    return tokens >= 1;
  }
}

/** Whom an address is counted for. */
export function payerOf(address: string): string {
  const host = address.replace(/^::ffff:(?=\d+\.)/, "");
  return isIP(host) === 6 ? ipv6Net(host, 64) : host;
}
