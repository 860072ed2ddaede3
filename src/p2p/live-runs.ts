/**
 * The runs that a node knows of a live stream: where its origin holds the pieces of the window.
 *
 * Range   `LIVE_RUNS_MAX`; beyond it the ones that came first are dropped.
 */

import type { LiveHead } from "./live-head.ts";
import { LIVE_RUNS_MAX } from "./live-limits.ts";
import type { LiveRun, OriginPart } from "./live-run.ts";

export interface OriginPlace extends OriginPart {
  readonly path: string;
}

export class LiveRuns {
  /** By the number of the first piece. */
  readonly #runs = new Map<number, LiveRun>();
  #epoch = 0;

  get count(): number {
    return this.#runs.size;
  }

  /** True for one that there is no use in checking: it is here, or of an epoch that is over. */
  isKnown({ epoch, firstSeq }: LiveRun): boolean {
    return epoch < this.#epoch || (epoch === this.#epoch && this.#runs.has(firstSeq));
  }

  /** Keeps a run whose signature is good. */
  put(run: LiveRun): void {
    if (run.epoch < this.#epoch) return;
    if (run.epoch > this.#epoch) this.#runs.clear();
    this.#epoch = run.epoch;
    this.#runs.set(run.firstSeq, run);
    for (const firstSeq of this.#runs.keys()) {
      if (this.#runs.size <= LIVE_RUNS_MAX) break;
      this.#runs.delete(firstSeq);
    }
  }

  /** Pieces before `seq` have fallen out of the window. */
  forgetBefore(seq: number): void {
    for (const [firstSeq, { parts }] of this.#runs) {
      if (firstSeq + parts.length <= seq) this.#runs.delete(firstSeq);
    }
  }

  placeOf({ epoch, seq }: Pick<LiveHead, "epoch" | "seq">): OriginPlace | undefined {
    if (epoch !== this.#epoch) return undefined;
    for (const { firstSeq, path, parts } of this.#runs.values()) {
      const part = parts[seq - firstSeq];
      if (part !== undefined) return { ...part, path };
    }
    return undefined;
  }

  /** Those that place a piece from `firstSeq` on, and before `endSeq`. */
  between(firstSeq: number, endSeq: number): readonly LiveRun[] {
    return [...this.#runs.values()].filter(
      (run) => run.firstSeq < endSeq && run.firstSeq + run.parts.length > firstSeq,
    );
  }
}
