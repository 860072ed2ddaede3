/**
 * Requests of one link: what the peer was asked for, how much more to ask, and when it is silent.
 *
 * Units   Depth counts blocks that may be under way; rates are bytes a second.
 */
import type { Download } from "./download.ts";
import {
  BULK_AHEAD_MS,
  DEPTH_MAX,
  DEPTH_MIN,
  DEPTH_START,
  PATIENCE_MS_MAX,
  PATIENCE_MS_MIN,
  REFUSED_MS,
  RTT_MS_MIN,
  SNUB_MS_MIN,
  SNUB_REST_MS,
  URGENT_DEPTH,
} from "./engine-limits.ts";
import { BLOCK_MAX_BYTES, UNREQUESTED_BLOCKS_MAX } from "./limits.ts";
import { type RateLimit, takeWithin } from "./rate-limit.ts";
import type { Wire } from "./wire.ts";
import type { Block } from "./wire-guard.ts";
import { placeOf } from "./wire-protocol.ts";

export interface RequestsHost {
  readonly id: string;
  readonly wire: Wire;
  readonly fetching: Download;
  nowMs(): number;
  /** What is asked for is held to these. */
  rates(): readonly RateLimit[];
  /** The block came; these others were asked for it too. */
  onLate(peers: readonly string[], block: Block): void;
}

interface Asked {
  readonly block: Block;
  readonly askedMs: number;
}

export class LinkRequests {
  readonly #host: RequestsHost;
  /** By place of the block: what was asked has its one right length. */
  readonly #asked = new Map<number, Asked>();
  /** Blocks that were cancelled and may be on their way already, with their lengths: they are not
   * thrown away. */
  readonly #cancelled = new Map<number, number>();
  /** Pieces that the peer said it has and did not give, until when. */
  readonly #refused = new Map<number, number>();
  #isSnubbing = false;
  /** What the peer has shown that it can bring; falls slowly while it is not asked for more. */
  #capacityBytesPerS = 0;
  #rttMs: number | undefined;
  /** When the last block came, or the first of these requests left. */
  #heardMs = 0;
  #tickMs: number;
  #tickBytes = 0;

  constructor(host: RequestsHost) {
    this.#host = host;
    this.#tickMs = host.nowMs();
  }

  get count(): number {
    return this.#asked.size;
  }

  get isSnubbing(): boolean {
    return this.#isSnubbing;
  }

  get capacityBytesPerS(): number {
    return this.#capacityBytesPerS;
  }

  /** Asks for as many blocks as this peer can bring soon. */
  fill(): void {
    const depth = this.#depth();
    const room = depth - this.#asked.size;
    if (this.#isSnubbing && this.#host.nowMs() - this.#heardMs < SNUB_REST_MS) return;
    // Half a pipeline at a time: picking one block per block would look at the pieces each time.
    if (room >= Math.ceil(depth / 2)) this.#take(room, "all");
  }

  /** Asks for what a player waits for, on top of what is under way; at most `count` blocks. */
  fillUrgent(count: number): void {
    const room = this.#depth() + URGENT_DEPTH - this.#asked.size;
    if (!this.#isSnubbing && room > 0) this.#take(Math.min(count, room), "urgent");
  }

  /** Takes back what was asked and nobody wants any more, or what another peer has brought. */
  cancelWhere(isUnwanted: (block: Block) => boolean): void {
    for (const { block } of [...this.#asked.values()]) {
      if (isUnwanted(block)) this.#cancel(block);
    }
  }

  /** True when the block was asked for once: it is late, and of use. */
  late(block: Block, bytes: Uint8Array): boolean {
    const place = placeOf(block.index, block.offset);
    // What comes late must be exactly what was asked for.
    if (this.#cancelled.get(place) !== block.length) return false;
    this.#cancelled.delete(place);
    this.#heardMs = this.#host.nowMs();
    this.#put(block, bytes);
    return true;
  }

  tick(nowMs: number, downBytes: number): void {
    const elapsedS = Math.max(0.001, (nowMs - this.#tickMs) / 1_000);
    const bytesPerS = (downBytes - this.#tickBytes) / elapsedS;
    const isBusy = this.#asked.size > 0;
    if (bytesPerS > this.#capacityBytesPerS) this.#capacityBytesPerS = bytesPerS;
    else if (isBusy) this.#capacityBytesPerS += (bytesPerS - this.#capacityBytesPerS) * FALL;
    this.#tickBytes = downBytes;
    this.#tickMs = nowMs;
    for (const [index, untilMs] of this.#refused) if (nowMs >= untilMs) this.#refused.delete(index);
    if (!isBusy || nowMs - this.#heardMs < this.#snubMs()) return;
    this.#isSnubbing = true;
    this.cancelWhere(() => true);
    this.#host.fetching.release(this.#host.id);
    this.#heardMs = nowMs;
  }

  close(): void {
    const { fetching, id } = this.#host;
    for (const { block } of this.#asked.values()) fetching.giveBack(id, block);
    this.#asked.clear();
    fetching.release(id);
  }

  #take(count: number, reach: "urgent" | "all"): void {
    const { wire, fetching, id } = this.#host;
    const nowMs = this.#host.nowMs();
    const has = (index: number) => wire.peerHas(index) && !this.#refused.has(index);
    const patienceMs = this.#patienceMs();
    const isTrusted = !this.#isSnubbing;
    const terms = { nowMs, patienceMs, reach, isTrusted, has };
    const blocks = takeWithin(this.#host.rates(), { count, nowMs }, (allowed) => {
      return fetching.take(id, { ...terms, count: allowed });
    });
    if (blocks.length > 0 && this.#asked.size === 0) this.#heardMs = nowMs;
    for (const block of blocks) this.#ask(block, nowMs);
  }

  #ask(block: Block, askedMs: number): void {
    const key = placeOf(block.index, block.offset);
    this.#cancelled.delete(key);
    this.#asked.set(key, { block, askedMs });
    this.#host.wire.request(block, (bytes) => {
      const wasAsked = this.#asked.delete(key);
      if (bytes === undefined) {
        if (wasAsked) this.#host.fetching.giveBack(this.#host.id, block);
        if (!this.#cancelled.has(key)) this.#onRefused(block, askedMs);
        return;
      }
      this.#heard(askedMs);
      this.#put(block, bytes);
      if (!this.#host.wire.isClosed && !this.#host.wire.isPeerChoking) this.fill();
    });
  }

  /** A peer that does not give what it says it has is not asked for it again at once. */
  #onRefused({ index }: Block, askedMs: number): void {
    const { wire } = this.#host;
    if (!wire.isClosed && !wire.isPeerChoking) this.#refused.set(index, askedMs + REFUSED_MS);
  }

  #heard(askedMs: number): void {
    const nowMs = this.#host.nowMs();
    this.#heardMs = nowMs;
    this.#isSnubbing = false;
    const tookMs = nowMs - askedMs;
    // Most answers waited behind others: the shortest ones tell the way, and that may get longer.
    if (this.#rttMs === undefined || tookMs < this.#rttMs) this.#rttMs = tookMs;
    else this.#rttMs += (tookMs - this.#rttMs) * RTT_RISE;
  }

  #put(block: Block, bytes: Uint8Array): void {
    const others = this.#host.fetching.put(this.#host.id, block, bytes);
    if (others.length > 0) this.#host.onLate(others, block);
  }

  #cancel(block: Block): void {
    this.#cancelled.set(placeOf(block.index, block.offset), block.length);
    for (const oldest of this.#cancelled.keys()) {
      if (this.#cancelled.size <= UNREQUESTED_BLOCKS_MAX) break;
      this.#cancelled.delete(oldest);
    }
    this.#host.wire.cancel(block);
  }

  /**
   * Twice what is on the way there and back, so that a seek does not wait behind a long queue. Where
   * nobody watches there is no such hurry: a busy machine, of either end, is not to leave the line idle.
   */
  #depth(): number {
    if (this.#isSnubbing) return 1;
    if (this.#capacityBytesPerS === 0) return DEPTH_START;
    const isBulk = this.#host.fetching.readerCount === 0;
    const aheadMs = Math.max(2 * this.#rtt(), isBulk ? BULK_AHEAD_MS : 0);
    const blocks = Math.ceil((this.#capacityBytesPerS * aheadMs) / 1_000 / BLOCK_MAX_BYTES);
    return Math.min(DEPTH_MAX, Math.max(isBulk ? DEPTH_START : DEPTH_MIN, blocks));
  }

  #patienceMs(): number {
    const queuedBytes = this.#asked.size * BLOCK_MAX_BYTES;
    const queueMs = (queuedBytes / Math.max(1, this.#capacityBytesPerS)) * 1_000;
    const expectedMs = 2 * (this.#rtt() + queueMs);
    return Math.min(PATIENCE_MS_MAX, Math.max(PATIENCE_MS_MIN, expectedMs));
  }

  #snubMs(): number {
    return Math.max(SNUB_MS_MIN, 4 * this.#rtt());
  }

  #rtt(): number {
    return Math.max(RTT_MS_MIN, this.#rttMs ?? 0);
  }
}

const FALL = 0.05;
const RTT_RISE = 0.01;
