/**
 * Turn of a link: whether its peer is served, for how long it has waited, and what went both ways.
 *
 * Units   Bytes of payload; speeds are bytes a second.
 */
import type { ChokeCandidate } from "./choker.ts";
import { Speed } from "./swarm-stats.ts";
import type { Wire } from "./wire.ts";

interface Bytes {
  readonly upBytes: number;
  readonly downBytes: number;
}

const NO_BYTES: Bytes = { upBytes: 0, downBytes: 0 };

export class LinkTurn {
  readonly #wire: Wire;
  readonly #up: Speed;
  readonly #down: Speed;
  #waitsSinceMs: number;
  /** What had gone both ways when the last round of the choker began, and the one before. */
  #rounds: readonly [Bytes, Bytes] = [NO_BYTES, NO_BYTES];

  constructor(wire: Wire, nowMs: number) {
    this.#wire = wire;
    this.#waitsSinceMs = nowMs;
    this.#up = new Speed(nowMs);
    this.#down = new Speed(nowMs);
  }

  get speeds(): { readonly bytesUpPerS: number; readonly bytesDownPerS: number } {
    return {
      bytesUpPerS: Math.round(this.#up.bytesPerS),
      bytesDownPerS: Math.round(this.#down.bytesPerS),
    };
  }

  candidate(id: string, isAlways: boolean): ChokeCandidate {
    const wire = this.#wire;
    const [before] = this.#rounds;
    return {
      id,
      isInterested: wire.isPeerInterested,
      isUnchoked: !wire.isChoking,
      isAlways,
      receivedBytes: wire.payload.downBytes - before.downBytes,
      sentBytes: wire.payload.upBytes - before.upBytes,
      waitsSinceMs: this.#waitsSinceMs,
    };
  }

  setChoking(isChoking: boolean, nowMs: number): void {
    if (isChoking === this.#wire.isChoking || this.#wire.isClosed) return;
    this.#waitsSinceMs = nowMs;
    this.#wire.setChoking(isChoking);
  }

  endRound(): void {
    this.#rounds = [this.#rounds[1], this.#wire.payload];
  }

  tick(nowMs: number): void {
    const { upBytes, downBytes } = this.#wire.payload;
    this.#up.update(upBytes, nowMs);
    this.#down.update(downBytes, nowMs);
  }
}
