/** How the chain grows: how long a ledger takes to close, and how long none has come. */

const CLOSE_MS = 5_000;
const CLOSE_MS_RANGE = { min: 1_000, max: 30_000 };
/** A new measurement moves the average by this part of the difference. */
const AVERAGE_PART = 0.1;
/** So many times the usual, and a second source is asked. */
const HEDGE_CLOSES = 1.5;

export class Growth {
  /** When the chain last grew. */
  grownMs: number;
  readonly #lagAlarmMs: number;
  #closeMs = CLOSE_MS;
  #closeTime: bigint | undefined;
  #isAlarmed = false;

  constructor(nowMs: number, lagAlarmMs: number) {
    this.grownMs = nowMs;
    this.#lagAlarmMs = lagAlarmMs;
  }

  grown(closeTime: bigint, nowMs: number): void {
    if (this.#closeTime !== undefined) {
      const { min, max } = CLOSE_MS_RANGE;
      const tookMs = Math.min(Math.max(Number(closeTime - this.#closeTime) * 1_000, min), max);
      this.#closeMs += (tookMs - this.#closeMs) * AVERAGE_PART;
    }
    this.#closeTime = closeTime;
    this.grownMs = nowMs;
    this.#isAlarmed = false;
  }

  /** Silence for longer than this is worth asking a second source. */
  get hedgeAtMs(): number {
    return this.grownMs + HEDGE_CLOSES * this.#closeMs;
  }

  /** For how long none has come, once for each time that this is too long. */
  alarm(nowMs: number): number | undefined {
    const lagMs = nowMs - this.grownMs;
    if (this.#isAlarmed || lagMs < this.#lagAlarmMs) return undefined;
    this.#isAlarmed = true;
    return lagMs;
  }

  get deadlines(): readonly number[] {
    return [this.hedgeAtMs, ...(this.#isAlarmed ? [] : [this.grownMs + this.#lagAlarmMs])];
  }
}
