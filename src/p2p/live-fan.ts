/**
 * Fan: whom a source tells first of a new piece, so that it uploads the stream about once.
 *
 * A few peers are told at once, all others after `lagMs`. Peers take turns, more often the further
 * what they got has spread; one that passes on nothing loses its turns for a while.
 *
 * Flow    `begin` names whom to tell; `due` those pieces that all may know of now.
 */
import { LIVE_FAN_STRIKE_MS, LIVE_FAN_STRIKES } from "./limits.ts";

export interface FanPeer {
  readonly id: string;
  has(seq: number): boolean;
}

interface Standing {
  /** How far pieces spread that it was told of first: 0 to 1, smoothed. */
  spread: number;
  credit: number;
  strikesMs: readonly number[];
  outUntilMs: number;
}

interface Pending {
  readonly chosen: readonly string[];
  readonly atMs: number;
}

const SPREAD_FLOOR = 0.1;
const SMOOTHING = 0.2;

export class LiveFan {
  readonly #fan: number;
  readonly #lagMs: number;
  readonly #standings = new Map<string, Standing>();
  readonly #pending = new Map<number, Pending>();

  constructor(options: { readonly fan: number; readonly lagMs: number }) {
    this.#fan = options.fan;
    this.#lagMs = options.lagMs;
  }

  begin(seq: number, peers: readonly FanPeer[], nowMs: number): readonly string[] {
    const chosen = this.#choose(peers, nowMs);
    this.#pending.set(seq, { chosen, atMs: nowMs });
    return chosen;
  }

  /** True while only some know of it. */
  isHeldBack(seq: number): boolean {
    return this.#pending.has(seq);
  }

  /** Pieces that everybody is told of now; judges those who knew first. */
  due(peers: readonly FanPeer[], nowMs: number): readonly number[] {
    const due: number[] = [];
    for (const [seq, { chosen, atMs }] of this.#pending) {
      if (nowMs - atMs < this.#lagMs) break;
      this.#pending.delete(seq);
      due.push(seq);
      for (const id of chosen) this.#judge(id, seq, peers, nowMs);
    }
    return due;
  }

  /** Pieces that went with a peer: somebody else must be told. */
  gone(peer: string): readonly number[] {
    this.#standings.delete(peer);
    const orphans = [...this.#pending].filter(([, { chosen }]) => chosen.includes(peer));
    for (const [seq] of orphans) this.#pending.delete(seq);
    return orphans.map(([seq]) => seq);
  }

  #choose(peers: readonly FanPeer[], nowMs: number): readonly string[] {
    const able = peers.filter(({ id }) => this.#standing(id).outUntilMs <= nowMs);
    const pool = able.length > 0 ? able : peers;
    const chosen: string[] = [];
    while (chosen.length < Math.min(this.#fan, pool.length)) {
      const id = this.#nextOf(pool.map((peer) => peer.id).filter((one) => !chosen.includes(one)));
      chosen.push(id);
    }
    return chosen;
  }

  /** Turns by weight, as evenly as they can be: each gains its weight, who has most pays for all. */
  #nextOf(ids: readonly string[]): string {
    let total = 0;
    let best = ids[0] ?? "";
    for (const id of ids) {
      const standing = this.#standing(id);
      const weight = Math.max(SPREAD_FLOOR, standing.spread);
      standing.credit += weight;
      total += weight;
      if (standing.credit > this.#standing(best).credit) best = id;
    }
    this.#standing(best).credit -= total;
    return best;
  }

  #judge(id: string, seq: number, peers: readonly FanPeer[], nowMs: number): void {
    const standing = this.#standings.get(id);
    const others = peers.filter((peer) => peer.id !== id);
    if (standing === undefined || others.length === 0) return;
    const reached = others.filter((peer) => peer.has(seq)).length;
    standing.spread += (reached / others.length - standing.spread) * SMOOTHING;
    if (reached > 0) return;
    const recent = standing.strikesMs.filter((ms) => nowMs - ms < LIVE_FAN_STRIKE_MS);
    standing.strikesMs = [...recent, nowMs];
    if (standing.strikesMs.length >= LIVE_FAN_STRIKES) {
      standing.outUntilMs = nowMs + LIVE_FAN_STRIKE_MS;
      standing.strikesMs = [];
    }
  }

  #standing(id: string): Standing {
    const known = this.#standings.get(id);
    if (known !== undefined) return known;
    const fresh: Standing = { spread: 1, credit: 0, strikesMs: [], outUntilMs: 0 };
    this.#standings.set(id, fresh);
    return fresh;
  }
}
