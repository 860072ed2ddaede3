/**
 * A figure: one measured number, and what the same work costs a peer in the same run.
 *
 * Units   The name ends in its unit; `unit` says it in words. `ratio` is `value` over `peer`.
 */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly peer?: number;
  readonly ratio?: number;
  /** What was measured on, and how strictly, where a topic has several of either. */
  readonly input?: string;
}

/** What the command line gives to every topic. */
export interface BenchOptions {
  /** A folder of real Stellar data; without it the small pieces of `test/fixtures` are taken. */
  readonly dataDir: string | undefined;
  /** Megabytes of the file that swarms are measured with; absent, what the topic takes by itself. */
  readonly sizeMb?: number;
}

/** The middle of `values`. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}
