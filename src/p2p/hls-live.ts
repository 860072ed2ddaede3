/**
 * A live stream as HLS: one list for all who watch it, begun when the first asks.
 *
 * Who knows what comes next may ask for it before it is there, and is answered when it is: for a list
 * that has a part (`wanted`), and for the part that the list hinted at.
 *
 * Errors  `CONTENT_UNREACHABLE` when no segment or no hinted part comes; `PLAYLIST_LATE` when the list does
 *         not grow as far as was asked; `NOT_FOUND` for what is no longer kept; `REQUEST_INVALID` for what is
 *         too far ahead.
 * Source  draft-pantos-hls-rfc8216bis, 6.2.5.2 (blocking reload) and 6.2.6 (hints).
 */
import { AceError } from "../lib/errors.ts";
import { Growth } from "./hls-growth.ts";
import { HLS_NEAR_MS, HLS_SETTLE_MS_MAX, HLS_WAIT_MS_MAX, HLS_WAIT_TARGETS } from "./hls-limits.ts";
import { HlsList, type HlsWanted } from "./hls-list.ts";
import type { HlsUrls } from "./hls-playlist.ts";
import type { Part, Segment } from "./hls-segment.ts";
import { HLS_BEHIND_MS, STALL_MS } from "./limits.ts";
import type { LivePiece, LiveStream } from "./live-port.ts";

export class HlsLive implements AsyncDisposable {
  readonly #stream: LiveStream;
  readonly #list = new HlsList();
  readonly #over = new AbortController();
  readonly #growth = new Growth();
  #running: Promise<void> | undefined;
  #fault: unknown;
  #last: LivePiece | undefined;
  /** What is in the window already comes all at once: a player that read the list before would begin far behind. */
  #isSettled = false;

  constructor(stream: LiveStream) {
    this.#stream = stream;
  }

  /**
   * Waits for the first segments when there are none yet, and for what is wanted. After a fault who asks
   * begins anew, from where it was.
   */
  async playlist(
    segmentUrl: HlsUrls["segmentUrl"],
    signal: AbortSignal,
    more: { readonly partUrl?: HlsUrls["partUrl"]; readonly wanted?: HlsWanted | undefined } = {},
  ): Promise<string> {
    await this.#begin(signal);
    const { wanted } = more;
    if (wanted !== undefined && this.#list.isTooFar(wanted)) throw tooFar(wanted);
    if (wanted !== undefined) await this.#until(() => this.#list.has(wanted), signal);
    if (this.#fault !== undefined) throw this.#fault;
    if (this.#list.size === 0) {
      const what = `nothing of "${this.#stream.title}" arrived in ${STALL_MS / 1_000} s`;
      throw new AceError("CONTENT_UNREACHABLE", what);
    }
    if (wanted !== undefined && !this.#list.has(wanted)) {
      const what = `${nameOf(wanted)} of "${this.#stream.title}" does not come`;
      throw new AceError("PLAYLIST_LATE", what);
    }
    return this.#list.playlist(segmentUrl, more.partUrl);
  }

  segment(number: number): Segment {
    const segment = this.#list.find(number);
    if (segment !== undefined) return segment;
    throw new AceError("NOT_FOUND", `segment ${number} is not kept; read the list again`);
  }

  /** Waits for the part that the list says comes next. */
  async part(number: number, part: number, signal: AbortSignal): Promise<Part> {
    if (this.#list.isHinted(number, part)) {
      await this.#until(() => !this.#list.isHinted(number, part), signal);
    }
    const found = this.#list.findPart(number, part);
    if (found !== undefined) return found;
    if (this.#fault !== undefined) throw this.#fault;
    const name = nameOf({ number, part });
    if (this.#list.isHinted(number, part)) {
      throw new AceError("CONTENT_UNREACHABLE", `${name} of "${this.#stream.title}" does not come`);
    }
    throw new AceError("NOT_FOUND", `${name} is not kept; read the list again`);
  }

  /** Requests that wait for something to come. */
  get waiting(): number {
    return this.#growth.waiting;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over.abort();
    await this.#running;
  }

  async #begin(signal: AbortSignal): Promise<void> {
    if (this.#running === undefined || this.#fault !== undefined) {
      this.#fault = undefined;
      this.#isSettled = false;
      this.#running = this.#run();
    }
    if (this.#list.size === 0) await this.#firstSegment(signal);
    const untilMs = performance.now() + HLS_SETTLE_MS_MAX;
    while (!this.#isSettled && this.#fault === undefined && this.#list.size > 0) {
      const isNear = this.#behindMs() <= HLS_NEAR_MS;
      this.#isSettled = isNear || !(await this.#growth.wait(signal, untilMs - performance.now()));
    }
  }

  /** How far the list is behind what the stream has; of a source that began anew, by whatever clock. */
  #behindMs(): number {
    const newestMs = this.#stream.window()?.lastCaptureMs ?? 0;
    return Math.abs(newestMs - (this.#last?.captureMs ?? newestMs));
  }

  /** Waits until it is so, the stream fails or it takes too long. */
  async #until(isSo: () => boolean, signal: AbortSignal): Promise<void> {
    // How long a segment lasts is what the source says of it.
    const limitMs = Math.min(HLS_WAIT_MS_MAX, HLS_WAIT_TARGETS * this.#list.targetMs);
    const untilMs = performance.now() + limitMs;
    while (!isSo() && this.#fault === undefined) {
      if (!(await this.#growth.wait(signal, untilMs - performance.now()))) return;
    }
  }

  async #firstSegment(signal: AbortSignal): Promise<void> {
    const untilMs = performance.now() + STALL_MS;
    while (this.#list.size === 0 && this.#fault === undefined && !this.#list.isEnded) {
      if (!(await this.#growth.wait(signal, untilMs - performance.now()))) return;
    }
  }

  async #run(): Promise<void> {
    const { signal } = this.#over;
    const last = this.#last;
    if (last !== undefined) this.#list.interrupt();
    const from = last === undefined ? { behindMs: HLS_BEHIND_MS } : { fromMs: last.captureMs };
    try {
      for await (const piece of this.#stream.pieces(from, signal)) {
        if (isToldBy(last, piece)) continue;
        this.#last = piece;
        const before = this.#list.newest;
        this.#list.add(piece);
        const { number, parts } = this.#list.newest;
        if (number !== before.number || parts !== before.parts) this.#growth.tell();
      }
      this.#list.end();
    } catch (error) {
      this.#fault = error;
    }
    this.#growth.tell();
  }
}

/** Whether the list had this piece before the fault. A source that lost count numbers anew. */
function isToldBy(last: LivePiece | undefined, { epoch, seq }: LivePiece): boolean {
  return last !== undefined && epoch === last.epoch && seq <= last.seq;
}

function nameOf({ number, part }: HlsWanted): string {
  return part === undefined ? `segment ${number}` : `part ${part} of segment ${number}`;
}

function tooFar(wanted: HlsWanted): AceError {
  const what = `${nameOf(wanted)} is too far ahead: read the list again`;
  return new AceError("REQUEST_INVALID", what);
}
