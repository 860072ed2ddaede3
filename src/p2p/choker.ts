/**
 * Choker: who may ask us for blocks.
 *
 * While we download, those who give us most come first, so that giving pays. While we seed, those we
 * reach fastest, then those who wait longest. One more place goes round in turn: a newcomer has
 * nothing to give yet. Peers that are to be served always come on top.
 *
 * Units   Bytes of the last two rounds.
 * Source  BEP 3, "Choking and Optimistic Unchoking".
 */
import type { Chance } from "./chance.ts";
import { OPTIMISTIC_MS, RECHOKE_MS } from "./engine-limits.ts";

/** A peer whose gate is open. Others are no candidates. */
export interface ChokeCandidate {
  readonly id: string;
  readonly isInterested: boolean;
  readonly isUnchoked: boolean;
  /** A support node of ours, or whoever else must not wait. */
  readonly isAlways: boolean;
  readonly receivedBytes: number;
  readonly sentBytes: number;
  /** Since when it has been choked. */
  readonly waitsSinceMs: number;
}

export interface ChokeTerms {
  readonly slots: number;
  readonly isSeeding: boolean;
  /** Between two rounds nobody who is served loses the place to somebody better. */
  readonly isNewRound: boolean;
  readonly optimistic: string | undefined;
}

/** The ids of all that are to be served. Free places go to who may become interested. */
export function chooseUnchoked(
  candidates: readonly ChokeCandidate[],
  terms: ChokeTerms,
): ReadonlySet<string> {
  const ranked = candidates
    .filter(({ isAlways, id }) => !isAlways && id !== terms.optimistic)
    .sort((a, b) => compare(a, b, terms));
  const served = ranked.slice(0, terms.slots).map(({ id }) => id);
  const always = candidates.filter(({ isAlways }) => isAlways).map(({ id }) => id);
  const chosen = new Set([...always, ...served]);
  if (candidates.some(({ id }) => id === terms.optimistic)) chosen.add(terms.optimistic ?? "");
  return chosen;
}

/** Who has waited longest among those who want something and are not served; ties by chance. */
function chooseOptimistic(
  candidates: readonly ChokeCandidate[],
  chance: Chance,
): string | undefined {
  const waiting = candidates.filter(
    ({ isAlways, isInterested, isUnchoked }) => isInterested && !isUnchoked && !isAlways,
  );
  const since = Math.min(...waiting.map(({ waitsSinceMs }) => waitsSinceMs));
  const longest = waiting.filter(({ waitsSinceMs }) => waitsSinceMs === since);
  return longest[chance.below(longest.length)]?.id;
}

/** Keeps the rounds: when places are given anew, and whose turn the optimistic place is. */
export class Choker {
  readonly #chance: Chance;
  readonly #slots: number;
  #nextRoundMs: number;
  #nextTurnMs = 0;
  #optimistic: string | undefined;

  constructor(options: {
    readonly slots: number;
    readonly chance: Chance;
    readonly nowMs: number;
  }) {
    this.#slots = options.slots;
    this.#chance = options.chance;
    this.#nextRoundMs = options.nowMs + RECHOKE_MS;
  }

  /** True when a round is over: counts of bytes begin anew then. */
  isRoundDue(nowMs: number): boolean {
    return nowMs >= this.#nextRoundMs;
  }

  choose(
    candidates: readonly ChokeCandidate[],
    { nowMs, isSeeding }: { readonly nowMs: number; readonly isSeeding: boolean },
  ): ReadonlySet<string> {
    const isNewRound = this.isRoundDue(nowMs);
    if (isNewRound) this.#nextRoundMs = nowMs + RECHOKE_MS;
    const isThere = candidates.some(
      ({ id, isInterested }) => id === this.#optimistic && isInterested,
    );
    if (!isThere) this.#optimistic = undefined;
    const isTurnOver = isNewRound && nowMs >= this.#nextTurnMs;
    if (this.#optimistic === undefined || isTurnOver) {
      const next = chooseOptimistic(candidates, this.#chance);
      if (next !== undefined) {
        this.#optimistic = next;
        this.#nextTurnMs = nowMs + OPTIMISTIC_MS;
      }
    }
    const { optimistic } = { optimistic: this.#optimistic };
    return chooseUnchoked(candidates, { slots: this.#slots, isSeeding, isNewRound, optimistic });
  }
}

function compare(a: ChokeCandidate, b: ChokeCandidate, terms: ChokeTerms): number {
  if (a.isInterested !== b.isInterested) return a.isInterested ? -1 : 1;
  if (!terms.isNewRound && a.isUnchoked !== b.isUnchoked) return a.isUnchoked ? -1 : 1;
  const better = terms.isSeeding ? b.sentBytes - a.sentBytes : b.receivedBytes - a.receivedBytes;
  return better === 0 ? a.waitsSinceMs - b.waitsSinceMs : better;
}
