/**
 * Which piece to ask of which peer, and when to ask another.
 *
 * A piece is asked of the peer with the fewest pieces under way among those that have it, ties by
 * chance. Who refuses is not asked again while another has it; who does not answer in time is not
 * waited for, though what comes late is still taken.
 */
import { LIVE_ANSWER_MAX_MS, LIVE_ANSWER_MS, LIVE_REJECT_MS, LIVE_REQUESTS_MAX } from "./limits.ts";

export interface FetchPeer {
  readonly id: string;
  /** Pieces asked of it and not here yet. */
  readonly outstanding: number;
  has(seq: number): boolean;
}

interface Want {
  readonly sinceMs: number;
  asked: { readonly peer: string; readonly atMs: number } | undefined;
  notBeforeMs: number;
  /** Who has refused, or has let us wait. */
  readonly passed: Set<string>;
}

export interface PlanTerms {
  /** Puts the most urgent first. */
  rank(seq: number): number;
  /** Whether the piece may be asked for now; asked of one after the other until it may not. */
  mayAsk(seq: number): boolean;
}

export interface Ask {
  readonly seq: number;
  readonly peer: string;
}

export class LiveFetch {
  readonly #wants = new Map<number, Want>();
  readonly #chance: () => number;

  constructor(chance: () => number) {
    this.#chance = chance;
  }

  get size(): number {
    return this.#wants.size;
  }

  /** @param notBeforeMs Until then peers are not asked. */
  want(seq: number, nowMs: number, notBeforeMs = 0): void {
    if (this.#wants.has(seq)) return;
    const want = { sinceMs: nowMs, asked: undefined, notBeforeMs, passed: new Set<string>() };
    this.#wants.set(seq, want);
  }

  /** What is wanted for longer than it may be left to peers, in the order of the stream. */
  overdue(nowMs: number, patienceMs: (seq: number) => number): readonly number[] {
    const overdue = [...this.#wants].filter(
      ([seq, { sinceMs }]) => nowMs - sinceMs >= patienceMs(seq),
    );
    return overdue.map(([seq]) => seq).sort((a, b) => a - b);
  }

  wants(seq: number): boolean {
    return this.#wants.has(seq);
  }

  /** It is here, or of no use any more. */
  forget(seq: number): void {
    this.#wants.delete(seq);
  }

  clear(): void {
    this.#wants.clear();
  }

  refused(seq: number, peer: string, nowMs: number): void {
    const want = this.#wants.get(seq);
    if (want === undefined) return;
    want.passed.add(peer);
    if (want.asked?.peer !== peer) return;
    want.asked = undefined;
    want.notBeforeMs = nowMs + LIVE_REJECT_MS;
  }

  gone(peer: string): void {
    for (const want of this.#wants.values()) {
      want.passed.delete(peer);
      if (want.asked?.peer === peer) want.asked = undefined;
    }
  }

  /** Answers that are late: each is told once, and its piece may then be asked of another. */
  late(nowMs: number, peers: readonly FetchPeer[]): readonly Ask[] {
    const late: Ask[] = [];
    for (const [seq, want] of this.#wants) {
      const { asked } = want;
      if (asked === undefined) continue;
      const hasOther = peers.some((peer) => peer.id !== asked.peer && peer.has(seq));
      const limitMs = hasOther ? LIVE_ANSWER_MS : LIVE_ANSWER_MAX_MS;
      if (nowMs - asked.atMs < limitMs) continue;
      want.passed.add(asked.peer);
      want.asked = undefined;
      late.push({ seq, peer: asked.peer });
    }
    return late;
  }

  /** What to ask now. */
  plan(nowMs: number, peers: readonly FetchPeer[], { rank, mayAsk }: PlanTerms): readonly Ask[] {
    const load = new Map(peers.map(({ id, outstanding }) => [id, outstanding]));
    const open = [...this.#wants].filter(
      ([, want]) => want.asked === undefined && want.notBeforeMs <= nowMs,
    );
    const asks: Ask[] = [];
    for (const [seq, want] of open.sort(([a], [b]) => rank(a) - rank(b) || a - b)) {
      const peer = this.#choose(seq, want, peers, load);
      if (peer === undefined) continue;
      if (!mayAsk(seq)) break;
      want.asked = { peer, atMs: nowMs };
      load.set(peer, (load.get(peer) ?? 0) + 1);
      asks.push({ seq, peer });
    }
    return asks;
  }

  #choose(
    seq: number,
    want: Want,
    peers: readonly FetchPeer[],
    load: ReadonlyMap<string, number>,
  ): string | undefined {
    const holders = peers.filter((peer) => peer.has(seq));
    let able = holders.filter(({ id }) => !want.passed.has(id));
    if (able.length === 0 && holders.length > 0) {
      want.passed.clear();
      able = holders;
    }
    const least = Math.min(...able.map(({ id }) => load.get(id) ?? 0));
    if (least >= LIVE_REQUESTS_MAX) return undefined;
    const best = able.filter(({ id }) => load.get(id) === least);
    return best[Math.floor(this.#chance() * best.length)]?.id;
  }
}
