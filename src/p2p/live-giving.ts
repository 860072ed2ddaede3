/**
 * What the peers of a live stream are sent: within the limits of rate, ahead of films.
 *
 * A piece that comes late is worth nothing, and another may have it: who asks for more than there is
 * room for is told so by CHOKE, and let in again by UNCHOKE, who waits longest first. A piece that was
 * begun is given to its end.
 *
 * Source  docs/spec/live.md, limits.
 */
import type { Grant } from "./access-port.ts";
import { BLOCK_MAX_BYTES } from "./limits.ts";
import { LIVE_GIVE_MS } from "./live-limits.ts";
import { bookAll, type RateLimit, waitOfAll, waitTurn } from "./rate-limit.ts";
import type { SwarmRates } from "./swarm-rates.ts";
import type { Block } from "./wire-guard.ts";

interface Taker {
  readonly grant: Grant | undefined;
  readonly wire: { setChoking(isChoking: boolean): void };
}

export class LiveGiving {
  readonly #rates: SwarmRates;
  readonly #limits = new Map<Taker, readonly RateLimit[]>();
  /** In the order in which they were told to wait. */
  readonly #waiting = new Set<Taker>();

  constructor(rates: SwarmRates) {
    this.#rates = rates;
  }

  /** It may have everything from now on, or its right is another. */
  admit(taker: Taker): void {
    this.#limits.set(taker, this.#rates.of(taker.grant).up);
    if (!this.#waiting.has(taker)) taker.wire.setChoking(false);
  }

  isWaiting(taker: Taker): boolean {
    return this.#waiting.has(taker);
  }

  /** True when it is the block's turn; false when the peer has to wait with all it asks for. */
  async turn(
    taker: Taker,
    { offset, length }: Block,
    { nowMs, signal }: { readonly nowMs: number; readonly signal: AbortSignal },
  ): Promise<boolean> {
    const limits = this.#limits.get(taker) ?? [];
    if (limits.length === 0) return true;
    if (offset === 0 && waitOfAll(limits, length, nowMs, "ahead") > LIVE_GIVE_MS) {
      this.#waiting.add(taker);
      taker.wire.setChoking(true);
      return false;
    }
    const waitMs = bookAll(limits, length, nowMs, "ahead");
    if (waitMs > 0) await waitTurn(waitMs, signal);
    return true;
  }

  /** Lets in who waits longest among those that there is room for: one a turn, so that it is kept. */
  tick(nowMs: number): void {
    for (const taker of this.#waiting) {
      const limits = this.#limits.get(taker) ?? [];
      if (waitOfAll(limits, BLOCK_MAX_BYTES, nowMs, "ahead") > 0) continue;
      this.#waiting.delete(taker);
      taker.wire.setChoking(false);
      return;
    }
  }

  gone(taker: Taker): void {
    this.#limits.delete(taker);
    this.#waiting.delete(taker);
  }
}
