/**
 * Time that passes only when nothing else happens: clock and pace for code that waits. The same chances
 * give the same order of events, and hours pass in milliseconds.
 */
import { setImmediate as idle } from "node:timers/promises";
import type { Clock } from "../../src/lib/clock.ts";
import type { Pace } from "../../src/lib/pace.ts";

interface Sleeper {
  readonly atMs: number;
  readonly order: number;
  readonly wake: () => void;
}

export class VirtualTime implements Clock, Pace {
  readonly chance: () => number;
  /** Every wait asked for, in milliseconds. */
  readonly waitsMs: number[] = [];
  #nowMs: number;
  #sleepers: Sleeper[] = [];
  #order = 0;
  #isRunning = false;

  constructor(nowMs = 0, chance: () => number = () => 0.5) {
    this.#nowMs = nowMs;
    this.chance = chance;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  wait(durationMs: number, signal?: AbortSignal): Promise<void> {
    this.waitsMs.push(durationMs);
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const cancel = (): void => {
        this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
        reject(signal?.reason);
      };
      const wake = (): void => {
        signal?.removeEventListener("abort", cancel);
        resolve();
      };
      this.#order += 1;
      const sleeper = { atMs: this.#nowMs + Math.max(0, durationMs), order: this.#order, wake };
      this.#sleepers.push(sleeper);
      signal?.addEventListener("abort", cancel, { once: true });
      if (!this.#isRunning) void this.#run();
    });
  }

  /** Wakes one sleeper after another, each once all that could be done before it is done. */
  async #run(): Promise<void> {
    this.#isRunning = true;
    await idle();
    for (let next = this.#first(); next !== undefined; next = this.#first()) {
      this.#sleepers = this.#sleepers.filter((other) => other !== next);
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.wake();
      await idle();
    }
    this.#isRunning = false;
  }

  #first(): Sleeper | undefined {
    const [first, ...others] = this.#sleepers;
    if (first === undefined) return undefined;
    return others.reduce((best, next) => (isSooner(next, best) ? next : best), first);
  }
}

function isSooner(left: Sleeper, right: Sleeper): boolean {
  return left.atMs < right.atMs || (left.atMs === right.atMs && left.order < right.order);
}
