/** What a node tells its peers of a live stream: heads at once, pieces to whom it is time to. */

import { LIVE_JOIN_HEADS } from "./limits.ts";
import type { LiveFan } from "./live-fan.ts";
import type { HeadBatch } from "./live-head.ts";
import type { LiveHeads } from "./live-heads.ts";
import type { LiveLink } from "./live-link.ts";
import type { LiveRun } from "./live-run.ts";
import type { LiveRuns } from "./live-runs.ts";

export interface TalkHost {
  readonly heads: LiveHeads;
  readonly runs: LiveRuns;
  readonly pieces: { has(seq: number): boolean };
  readonly peers: { readonly admitted: readonly LiveLink[]; nowMs(): number };
  readonly fan: LiveFan;
}

export class LiveTalk {
  readonly #host: TalkHost;

  constructor(host: TalkHost) {
    this.#host = host;
  }

  /** A peer may be told everything from now on: the last heads, and what is here. */
  greet(link: LiveLink): void {
    const { heads, pieces, fan } = this.#host;
    const end = (heads.newest?.seq ?? -1) + 1;
    // Runs are told ahead of the pieces that they place.
    this.tellBefore(link, { seq: end, count: LIVE_JOIN_HEADS }, Number.POSITIVE_INFINITY);
    for (const { seq } of heads.from(0)) {
      if (pieces.has(seq) && !fan.isHeldBack(seq)) link.wire.sendHave(seq);
    }
  }

  /** Heads of pieces before `seq`, and where the origin holds these. */
  tellBefore(
    link: LiveLink,
    { seq, count }: { readonly seq: number; readonly count: number },
    runsUntilSeq = seq,
  ): void {
    const { heads, runs } = this.#host;
    const batches = heads.batchesBefore(seq, count);
    const firstSeq = batches[0]?.heads[0]?.seq ?? seq;
    // Before the heads: who hears of a piece then knows where else it is.
    for (const { bytes } of runs.between(firstSeq, runsUntilSeq))
      link.send({ kind: "run", run: bytes });
    for (const { bytes } of batches) link.send({ kind: "heads", batch: bytes });
  }

  passOnRun(run: LiveRun, from?: LiveLink): void {
    for (const link of this.#host.peers.admitted) {
      if (link !== from) link.send({ kind: "run", run: run.bytes });
    }
  }

  passOn(batch: HeadBatch, from?: LiveLink): void {
    const seq = batch.heads[0]?.seq ?? -1;
    for (const link of this.#host.peers.admitted) {
      // Who has the piece has its head.
      if (link === from || link.has(seq)) continue;
      link.send({ kind: "heads", batch: batch.bytes });
    }
  }

  /** The source has a new piece: only some know of it for now. */
  tellFew(seq: number): void {
    const { fan, peers } = this.#host;
    const { admitted } = peers;
    const lively = admitted.filter(({ isQuiet, wire }) => !isQuiet && !wire.isChoking);
    const able = lively.length > 0 ? lively : admitted;
    const chosen = new Set(fan.begin(seq, able, peers.nowMs()));
    for (const link of admitted) {
      if (chosen.has(link.id)) link.wire.sendHave(seq);
    }
  }

  tell(seq: number): void {
    for (const link of this.#host.peers.admitted) {
      if (!link.has(seq)) link.wire.sendHave(seq);
    }
  }

  warn([first, second]: readonly [HeadBatch, HeadBatch]): void {
    for (const link of this.#host.peers.admitted) {
      link.send({ kind: "proof", batches: [first.bytes, second.bytes] });
    }
  }

  gone(link: LiveLink): void {
    for (const seq of this.#host.fan.gone(link.id)) this.tellFew(seq);
  }

  tick(): void {
    const { fan, peers } = this.#host;
    for (const seq of fan.due(peers.admitted, peers.nowMs())) this.tell(seq);
  }
}
