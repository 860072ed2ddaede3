/**
 * Fetching of a live stream: where this node begins, what it wants, whom it asks, and whom it stops
 * trusting to answer.
 */
import type { EventFields } from "../lib/events.ts";
import { LIVE_ANSWER_MAX_MS, LIVE_ANSWER_MS, LIVE_BUFFER_MS, LIVE_WITHHELD_MAX } from "./limits.ts";
import type { LiveAllowance } from "./live-allowance.ts";
import { type Ask, LiveFetch } from "./live-fetch.ts";
import type { HeadBatch, LiveHead } from "./live-head.ts";
import type { LiveHeads } from "./live-heads.ts";
import { LIVE_ORIGIN_AFTER_MS, LIVE_ORIGIN_SPARE_MS } from "./live-limits.ts";
import type { LiveLink } from "./live-link.ts";
import type { Reading } from "./live-reader.ts";

export interface FetchingHost {
  readonly role: "source" | "support" | "viewer";
  readonly heads: LiveHeads;
  readonly pieces: { has(seq: number): boolean };
  readonly peers: {
    readonly serving: readonly LiveLink[];
    get(id: string): LiveLink | undefined;
    ban(link: LiveLink, reason: string, evidence: EventFields): void;
  };
  readonly readings: ReadonlySet<Reading>;
  readonly chance: () => number;
  /** Whether peers are to be asked for a piece only when an origin has not brought it. */
  isOriginFirst(head: LiveHead): boolean;
  readonly allowance: Pick<LiveAllowance, "mayAsk" | "giveBack">;
  /** The piece is here, or of no use any more: whoever was asked for it need not send it. */
  onSettled(seq: number): void;
  nowMs(): number;
}

/** The first heads come in a burst: with the first alone one would begin too early. */
const SETTLE_MS = 50;
/** Late answers count once in this time. */
const SUSPECT_MS = 1_000;
/** Pieces that a reader needs next. */
const URGENT_PIECES = 16;

export class LiveFetching {
  readonly #host: FetchingHost;
  readonly #fetch: LiveFetch;
  #fromSeq: number;
  #firstHeadMs: number | undefined;

  constructor(host: FetchingHost) {
    this.#host = host;
    this.#fetch = new LiveFetch(host.chance);
    this.#fromSeq = host.role === "support" ? 0 : Number.POSITIVE_INFINITY;
  }

  wants(seq: number): boolean {
    return this.#fetch.wants(seq);
  }

  /** New heads are known, and some pieces of no use any more. */
  onHeads(batch: HeadBatch, gone: readonly number[]): void {
    for (const seq of gone) this.#forget(seq);
    this.#firstHeadMs ??= this.#host.nowMs();
    for (const head of batch.heads) this.#want(head);
    this.fill();
  }

  /** Somebody reads from here on. */
  reach(seq: number): void {
    if (this.#host.role === "source" || seq >= this.#fromSeq) return;
    this.#fromSeq = seq;
    for (const head of this.#host.heads.from(seq)) this.#want(head);
    this.fill();
  }

  arrived(seq: number): void {
    this.#forget(seq);
    this.fill();
  }

  refused(link: LiveLink, seq: number): void {
    this.#fetch.refused(seq, link.id, this.#host.nowMs());
    // It has said that it gives nothing now.
    if (link.wire.isPeerChoking) return;
    const newest = this.#host.heads.newest?.seq ?? 0;
    const isRecent = seq > newest - this.#host.heads.count / 2;
    if (isRecent && !link.wire.isClosed) this.#suspect(link, seq, "refused");
  }

  gone(link: LiveLink): void {
    this.#fetch.gone(link.id);
  }

  fill(): void {
    if (this.#fetch.size === 0) return;
    const { heads, peers, nowMs, allowance } = this.#host;
    const lengthOf = (seq: number) => heads.get(seq)?.length ?? 0;
    const rank = (seq: number) => (this.#isUrgent(seq) ? 0 : 1);
    const mayAsk = (seq: number) => allowance.mayAsk(lengthOf(seq));
    for (const { seq, peer } of this.#fetch.plan(nowMs(), peers.serving, { rank, mayAsk })) {
      const length = lengthOf(seq);
      const link = peers.get(peer);
      if (length > 0 && link !== undefined) link.ask(seq, length);
      else allowance.giveBack(length);
    }
  }

  /** What an origin is to bring, the most urgent first: with `isFirst` whatever peers do not have to bring. */
  late(isFirst: boolean): readonly LiveHead[] {
    const { heads, nowMs } = this.#host;
    const patienceMs = (seq: number) => {
      if (isFirst) return 0;
      return this.#isUrgent(seq) ? LIVE_ORIGIN_AFTER_MS : LIVE_ORIGIN_SPARE_MS;
    };
    const late = this.#fetch.overdue(nowMs(), patienceMs).flatMap((seq) => heads.get(seq) ?? []);
    const isUrgent = ({ seq }: LiveHead) => this.#isUrgent(seq);
    const urgent = late.filter(isUrgent);
    return urgent.length > 0 ? urgent : late;
  }

  tick(): void {
    const nowMs = this.#host.nowMs();
    if (this.#fromSeq === Number.POSITIVE_INFINITY) this.#begin(nowMs);
    for (const late of this.#fetch.late(nowMs, this.#host.peers.serving)) this.#onLate(late, nowMs);
    this.fill();
  }

  /** A viewer begins where a player could that wants the usual buffer. */
  #begin(nowMs: number): void {
    const { heads } = this.#host;
    const { newest } = heads;
    if (newest === undefined || nowMs - (this.#firstHeadMs ?? nowMs) < SETTLE_MS) return;
    let start: LiveHead | undefined;
    for (const head of heads.from(0)) {
      const isEnough = head.captureMs > newest.captureMs - LIVE_BUFFER_MS;
      if (!head.isRandomAccess || (isEnough && start !== undefined)) continue;
      start = head;
    }
    this.reach(start?.seq ?? newest.seq);
  }

  #isUrgent(seq: number): boolean {
    const { readings } = this.#host;
    return [...readings].some(({ nextSeq }) => seq >= nextSeq && seq < nextSeq + URGENT_PIECES);
  }

  #forget(seq: number): void {
    this.#fetch.forget(seq);
    this.#host.onSettled(seq);
  }

  #want(head: LiveHead): void {
    const { seq } = head;
    const { pieces, nowMs, isOriginFirst } = this.#host;
    if (seq < this.#fromSeq || pieces.has(seq)) return;
    const waitMs = isOriginFirst(head) ? LIVE_ORIGIN_AFTER_MS : 0;
    this.#fetch.want(seq, nowMs(), nowMs() + waitMs);
  }

  #onLate({ peer, seq }: Ask, nowMs: number): void {
    const link = this.#host.peers.get(peer);
    if (link === undefined) return;
    const silentMs = nowMs - link.lastHeardMs;
    if (silentMs >= LIVE_ANSWER_MAX_MS) link.wire.close("CONNECTION_LOST");
    if (silentMs >= LIVE_ANSWER_MS || nowMs - link.suspectedMs < SUSPECT_MS) return;
    // A line that is down says nothing at all; who goes on talking chooses not to answer. One slow
    // moment makes many answers late and counts once.
    link.suspectedMs = nowMs;
    this.#suspect(link, seq, "not answered");
  }

  #suspect(link: LiveLink, seq: number, what: string): void {
    link.withheld += 1;
    if (link.withheld < LIVE_WITHHELD_MAX) return;
    this.#host.peers.ban(link, "PIECE_WITHHELD", { seq, what, pieces: link.withheld });
  }
}
