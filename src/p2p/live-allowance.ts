/**
 * What a live stream may ask for within the limits of rate, of peers and of an origin.
 *
 * What is asked for is booked with the limits, ahead of films. What of it does not come is given back,
 * and what comes all the same is booked again: what stays booked are the bytes that came.
 *
 * Units   Bytes of payload.
 */
import { allowAhead, bookAll, giveBackAll, type RateLimit } from "./rate-limit.ts";

export class LiveAllowance {
  readonly #limits: readonly RateLimit[];
  readonly #nowMs: () => number;

  constructor(limits: readonly RateLimit[], nowMs: () => number) {
    this.#limits = limits;
    this.#nowMs = nowMs;
  }

  /** Whether so many bytes may be asked for now; they are booked then. */
  mayAsk(bytes: number): boolean {
    return allowAhead(this.#limits, bytes, this.#nowMs());
  }

  /** They were refused, taken back, or not asked for after all. */
  giveBack(bytes: number): void {
    giveBackAll(this.#limits, bytes, "ahead");
  }

  /** They have come though they were given back, or were never asked for. */
  take(bytes: number): void {
    bookAll(this.#limits, bytes, this.#nowMs(), "ahead");
  }
}
