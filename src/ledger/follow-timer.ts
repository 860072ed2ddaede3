/** One timer for all deadlines of the follower: it goes off at the first of them. */
import type { Pace } from "../lib/pace.ts";

export class FollowTimer {
  readonly #pace: Pace;
  readonly #fire: () => void;
  #atMs: number | undefined;
  #aborter = new AbortController();

  constructor(pace: Pace, fire: () => void) {
    this.#pace = pace;
    this.#fire = fire;
  }

  /** A timer that goes off too early does no harm; it is armed anew then. */
  arm(deadlinesMs: readonly number[], nowMs: number): void {
    const atMs = Math.min(...deadlinesMs.filter((deadlineMs) => deadlineMs > nowMs));
    if (!Number.isFinite(atMs)) return;
    if (this.#atMs !== undefined && this.#atMs <= atMs) return;
    this.cancel();
    this.#atMs = atMs;
    const { signal } = this.#aborter;
    this.#pace.wait(atMs - nowMs, signal).then(
      () => {
        if (signal.aborted) return;
        this.#atMs = undefined;
        this.#fire();
      },
      () => undefined,
    );
  }

  cancel(): void {
    this.#aborter.abort();
    this.#aborter = new AbortController();
    this.#atMs = undefined;
  }
}
