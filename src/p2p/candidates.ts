/**
 * Candidates: the addresses where peers of one swarm may be, and when to try each again.
 *
 * Range   At most `CANDIDATES_MAX`; those that failed most often make room for new ones.
 */
import { CANDIDATES_MAX, REDIAL_MS_MAX, REDIAL_MS_MIN } from "./limits.ts";

interface Candidate {
  failures: number;
  nextMs: number;
  isBusy: boolean;
  readonly isStatic: boolean;
}

export class Candidates {
  readonly #known = new Map<string, Candidate>();

  add(address: string, isStatic = false): void {
    if (this.#known.has(address)) return;
    if (this.#known.size >= CANDIDATES_MAX && !this.#makeRoom()) return;
    this.#known.set(address, { failures: 0, nextMs: 0, isBusy: false, isStatic });
  }

  /** At most `count` addresses to dial now; each is busy until `release`. */
  due(nowMs: number, count: number): readonly string[] {
    const free = [...this.#known].filter(([, known]) => !known.isBusy && known.nextMs <= nowMs);
    const chosen = free
      .sort(([, a], [, b]) => a.failures - b.failures)
      .slice(0, Math.max(0, count));
    for (const [, known] of chosen) known.isBusy = true;
    return chosen.map(([address]) => address);
  }

  /** The connection is over. One that was of use is tried again soon, others ever later. */
  release(address: string, wasUseful: boolean, nowMs: number): void {
    const known = this.#known.get(address);
    if (known === undefined) return;
    known.isBusy = false;
    known.failures = wasUseful ? 0 : known.failures + 1;
    known.nextMs =
      nowMs + Math.min(REDIAL_MS_MAX, REDIAL_MS_MIN * 2 ** Math.min(known.failures, 10));
  }

  remove(address: string): void {
    this.#known.delete(address);
  }

  /** Somebody waits: try all of them now. */
  hurry(): void {
    for (const known of this.#known.values()) known.nextMs = 0;
  }

  /** A tracker may name thousands at once: each is looked at once, and nothing is sorted. */
  #makeRoom(): boolean {
    let worst: string | undefined;
    let failures = 0;
    for (const [address, known] of this.#known) {
      if (known.isBusy || known.isStatic || known.failures <= failures) continue;
      worst = address;
      failures = known.failures;
    }
    return worst !== undefined && this.#known.delete(worst);
  }
}
