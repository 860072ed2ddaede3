/**
 * Backfill: heads of pieces that were before this node came, so that a viewer can go back.
 *
 * Range   `LIVE_JOIN_HEADS` heads a question; a peer is answered `LIVE_OLDER_PER_S` times a second.
 */

import { LIVE_JOIN_HEADS, LIVE_OLDER_PER_S } from "./limits.ts";
import type { LiveHeads } from "./live-heads.ts";
import type { LiveLink } from "./live-link.ts";
import type { LiveTalk } from "./live-talk.ts";

export interface BackfillHost {
  readonly heads: LiveHeads;
  /** Heads in a full window. */
  readonly size: number;
  readonly peers: { readonly serving: readonly LiveLink[] };
  readonly talk: Pick<LiveTalk, "tellBefore">;
}

const ASK_MS = 250;
/** Questions in a row that brought nothing, after which the next is put off. */
const TRIES_MAX = 3;
const REST_MS = 30_000;

export class LiveBackfill {
  readonly #host: BackfillHost;
  readonly #answered = new WeakMap<LiveLink, { count: number; sinceMs: number }>();
  #nextMs = 0;
  #askedSeq: number | undefined;
  #tries = 0;

  constructor(host: BackfillHost) {
    this.#host = host;
  }

  tick(nowMs: number): void {
    const { heads, size, peers } = this.#host;
    const { oldest } = heads;
    if (nowMs < this.#nextMs || oldest === undefined || heads.count >= size) return;
    const { serving } = peers;
    const link = serving[this.#tries % Math.max(1, serving.length)];
    if (link === undefined) return;
    this.#tries = oldest.seq === this.#askedSeq ? this.#tries + 1 : 0;
    this.#askedSeq = oldest.seq;
    this.#nextMs = nowMs + (this.#tries >= TRIES_MAX ? REST_MS : ASK_MS);
    if (this.#tries < TRIES_MAX) {
      link.send({ kind: "older", seq: oldest.seq, count: LIVE_JOIN_HEADS });
    } else {
      this.#tries = 0;
      this.#askedSeq = undefined;
    }
  }

  answer(
    link: LiveLink,
    question: { readonly seq: number; readonly count: number },
    nowMs: number,
  ): void {
    const known = this.#answered.get(link);
    const isSame = known !== undefined && nowMs - known.sinceMs < 1_000;
    const count = isSame ? known.count + 1 : 1;
    this.#answered.set(link, { count, sinceMs: isSame ? known.sinceMs : nowMs });
    if (count > LIVE_OLDER_PER_S) return;
    this.#host.talk.tellBefore(link, question);
  }
}
