/**
 * What the peers of a live stream are sent: within the limits of rate, ahead of films.
 *
 * A piece that comes late is worth nothing, and another may have it: who asks for more than there is
 * room for is told so by CHOKE, and let in again by UNCHOKE, who waits longest first. A piece that was
 * begun is given to its end, block after block. While others leave no room at all, one is let in now and then
 * and given a piece all the same: it then is somebody else who waits.
 *
 * Source  docs/spec/live.md, limits.
 */
import type { Grant } from "./access-port.ts";
import { BLOCK_MAX_BYTES } from "./limits.ts";
import { LIVE_GIVE_LATE_MS, LIVE_GIVE_MS, LIVE_GIVE_TICKS } from "./live-limits.ts";
import { bookAll, giveBackAll, type RateLimit, waitOfAll, waitTurn } from "./rate-limit.ts";
import type { SwarmRates } from "./swarm-rates.ts";
import type { Block } from "./wire-guard.ts";

interface Taker {
  readonly grant: Grant | undefined;
  readonly wire: { setChoking(isChoking: boolean): void };
}

/** Where the piece goes on that a peer was given the beginning of. */
interface Begun {
  readonly index: number;
  readonly offset: number;
}

/** A block's turn, with what the limits were booked for. */
export interface GivingTurn {
  /** The block is not sent after all. */
  giveBack(): void;
}

const UNLIMITED: GivingTurn = { giveBack: () => {} };

export class LiveGiving {
  readonly #rates: SwarmRates;
  readonly #limits = new Map<Taker, readonly RateLimit[]>();
  readonly #begun = new Map<Taker, Begun>();
  /** In the order in which they were told to wait, with when that was, counted in ticks. */
  readonly #waiting = new Map<Taker, number>();
  /** Let in though there was no room: the next piece is theirs. */
  readonly #owed = new Set<Taker>();
  /** Time by the clock may go back; this does not. */
  #ticks = 0;
  #owedAtTick = 0;

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

  /** Undefined when the peer has to wait with all it asks for. */
  async turn(
    taker: Taker,
    block: Block,
    { nowMs, signal }: { readonly nowMs: number; readonly signal: AbortSignal },
  ): Promise<GivingTurn | undefined> {
    const { index, offset, length } = block;
    const limits = this.#limits.get(taker) ?? [];
    if (limits.length === 0) return UNLIMITED;
    if (!this.#mayHave(taker, block) && waitOfAll(limits, length, nowMs, "ahead") > LIVE_GIVE_MS) {
      this.#waiting.set(taker, this.#ticks);
      taker.wire.setChoking(true);
      return undefined;
    }
    this.#begun.set(taker, { index, offset: offset + length });
    const waitMs = bookAll(limits, length, nowMs, "ahead");
    if (waitMs > 0) await waitTurn(waitMs, signal);
    // Its right may be another by now: what was booked goes back to where it was booked.
    return { giveBack: () => giveBackAll(limits, length, "ahead") };
  }

  /** Lets in who waits longest among those that there is room for: one a turn, so that it is kept. */
  tick(nowMs: number): void {
    this.#ticks += 1;
    for (const [taker, sinceTick] of this.#waiting) {
      const limits = this.#limits.get(taker) ?? [];
      const waitMs = waitOfAll(limits, BLOCK_MAX_BYTES, nowMs, "ahead");
      if (waitMs > 0) {
        const fromTick = Math.max(sinceTick, this.#owedAtTick);
        if (this.#ticks - fromTick < LIVE_GIVE_TICKS || waitMs > LIVE_GIVE_LATE_MS) continue;
        this.#owedAtTick = this.#ticks;
        this.#owed.add(taker);
      }
      this.#waiting.delete(taker);
      taker.wire.setChoking(false);
      return;
    }
  }

  gone(taker: Taker): void {
    this.#limits.delete(taker);
    this.#begun.delete(taker);
    this.#waiting.delete(taker);
    this.#owed.delete(taker);
  }

  /** Whatever the line: a piece that was begun goes on, and one may begin that is owed. */
  #mayHave(taker: Taker, { index, offset }: Block): boolean {
    const begun = this.#begun.get(taker);
    if (begun?.index === index && begun.offset === offset) return true;
    return this.#owed.delete(taker);
  }
}
