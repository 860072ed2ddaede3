/**
 * Witness: what the sources say about one ledger of our chain, by its header hash.
 *
 * The hash of one ledger stands for all before it. A vote against is counted only from a source that
 * sent the ledger itself, with every hash in it right: to contradict costs more than a word.
 */
import { type AceError, isAceError } from "../lib/errors.ts";
import { headerHashAt, readOne } from "./header-hash-at.ts";
import type { LedgerPoint } from "./ledger-point.ts";
import type { RawLedger } from "./ledger-source.ts";
import { type VerifiedLedger, verifyRaw } from "./verify-ledger.ts";
import type { WatchedSource } from "./watched-source.ts";

export interface WitnessPoint extends LedgerPoint {
  readonly isSigned: boolean;
  /** Who sent it; undefined for the ledger that we began with. */
  readonly supplier: WatchedSource | undefined;
  /** As it was sent. */
  readonly raw: RawLedger | undefined;
}

export interface VoteEvent {
  readonly kind: "vote";
  readonly seat: WatchedSource;
  readonly point: WitnessPoint;
  readonly answer: VoteAnswer;
}

export type VoteAnswer =
  | { readonly kind: "hash"; readonly hash: string }
  /** The ledger that it holds in place of ours, as it was sent and verified by itself. */
  | { readonly kind: "rival"; readonly raw: RawLedger; readonly ledger: VerifiedLedger }
  | { readonly kind: "unknown" }
  /** It contradicts us with a ledger that does not hold together. */
  | { readonly kind: "forged"; readonly raw: RawLedger; readonly error: AceError }
  | { readonly kind: "failed"; readonly error: unknown };

export type Verdict =
  | "open"
  | "agreed"
  | "refuted"
  /** Everybody has spoken, and no hash has enough voices. */
  | "split";

export interface Rival {
  readonly seat: WatchedSource;
  readonly hash: string;
  /** The ledger it sent in place of ours, or the one after that. */
  readonly raw: RawLedger | undefined;
}

export class Witness {
  readonly point: WitnessPoint;
  /** Not to ask again before this time those who did not know. */
  askAgainMs = 0;
  readonly #votes = new Map<WatchedSource, string>();
  /** What those who contradict sent in its place. */
  readonly #rivals = new Map<WatchedSource, RawLedger>();
  readonly #asked = new Set<WatchedSource>();
  readonly #ours: number;

  constructor(point: WitnessPoint) {
    this.point = point;
    // A ledger that was applied before this run speaks for itself; any other by whoever sent it.
    this.#ours = point.supplier === undefined ? 1 : 0;
    if (point.supplier !== undefined) this.#votes.set(point.supplier, point.hash);
  }

  /** Who has not been heard yet. */
  unheard(usable: readonly WatchedSource[]): readonly WatchedSource[] {
    return usable.filter((seat) => !this.#votes.has(seat) && !this.#asked.has(seat));
  }

  asking(seat: WatchedSource): void {
    this.#asked.add(seat);
  }

  heard(seat: WatchedSource, hash: string | undefined, raw?: RawLedger): void {
    this.#asked.delete(seat);
    if (hash === undefined) return;
    this.#votes.set(seat, hash);
    if (raw !== undefined) this.#rivals.set(seat, raw);
  }

  verdict(usable: readonly WatchedSource[], agreeing: number): Verdict {
    const counts = this.#counts(usable);
    const ours = counts.get(this.point.hash) ?? 0;
    const theirs = Math.max(
      0,
      ...[...counts].filter(([hash]) => hash !== this.point.hash).map(([, count]) => count),
    );
    if (ours >= agreeing) return theirs >= agreeing ? "split" : "agreed";
    if (theirs >= agreeing) return "refuted";
    const isEverybodyHeard = usable.every((seat) => this.#votes.has(seat));
    return isEverybodyHeard && counts.size > 1 ? "split" : "open";
  }

  /** Those who do not hold our ledger. */
  against(): readonly Rival[] {
    return [...this.#votes]
      .filter(([, hash]) => hash !== this.point.hash)
      .map(([seat, hash]) => ({ seat, hash, raw: this.#rivals.get(seat) }));
  }

  #counts(usable: readonly WatchedSource[]): ReadonlyMap<string, number> {
    const counts = new Map<string, number>();
    if (this.#ours > 0) counts.set(this.point.hash, this.#ours);
    for (const [seat, hash] of this.#votes) {
      if (usable.includes(seat)) counts.set(hash, (counts.get(hash) ?? 0) + 1);
    }
    return counts;
  }
}

interface Question {
  readonly seat: WatchedSource;
  readonly point: WitnessPoint;
  readonly passphrase: string;
  readonly signal: AbortSignal;
}

/** Asks one source. Never rejects. */
export async function askWitness({
  seat,
  point,
  passphrase,
  signal,
}: Question): Promise<VoteAnswer> {
  const question = { sequence: point.sequence, passphrase, signal };
  try {
    const hash = await headerHashAt(seat.source, question);
    if (hash === undefined) return { kind: "unknown" };
    if (hash === point.hash) return { kind: "hash", hash };
    const raw = await readOne(seat.source, question);
    return raw === undefined ? { kind: "unknown" } : judge(raw, question);
  } catch (error) {
    if (isAceError(error, "LEDGER_RETENTION_EXCEEDED")) return { kind: "unknown" };
    return { kind: "failed", error };
  }
}

function judge(raw: RawLedger, expected: { sequence: number; passphrase: string }): VoteAnswer {
  try {
    return { kind: "rival", raw, ledger: verifyRaw(raw, expected) };
  } catch (error) {
    if (isAceError(error, "LEDGER_HASH_MISMATCH")) return { kind: "forged", raw, error };
    return { kind: "failed", error };
  }
}
