/**
 * A live stream as HLS: one list for all who watch it, begun when the first asks.
 *
 * Errors  `CONTENT_UNREACHABLE` when no segment comes; `NOT_FOUND` for one that is no longer kept.
 */
import { once } from "node:events";
import { AceError } from "../lib/errors.ts";
import { HlsList, type Segment } from "./hls-list.ts";
import { HLS_BEHIND_MS, HLS_KEPT, STALL_MS } from "./limits.ts";
import type { LivePiece, LiveStream } from "./live-port.ts";

/** Segments that are here already come within this time of one another. */
const SETTLE_MS = 60;

export class HlsLive implements AsyncDisposable {
  readonly #stream: LiveStream;
  readonly #list = new HlsList();
  readonly #over = new AbortController();
  readonly #grown = new EventTarget();
  #running: Promise<void> | undefined;
  #fault: unknown;
  #last: LivePiece | undefined;

  constructor(stream: LiveStream) {
    this.#stream = stream;
  }

  /**
   * Waits for the first segments when there are none yet. After a fault who asks begins anew, from
   * where it was.
   */
  async playlist(urlOf: (segment: Segment) => string, signal: AbortSignal): Promise<string> {
    if (this.#running === undefined || this.#fault !== undefined) {
      this.#fault = undefined;
      this.#running = this.#run();
      await this.#grow(signal, this.#list.size === 0 ? STALL_MS : SETTLE_MS);
      // What is in the window already comes all at once: a list of one would let players begin thin.
      while (this.#list.size < HLS_KEPT && (await this.#grow(signal, SETTLE_MS)));
    }
    if (this.#list.size === 0) await this.#grow(signal, STALL_MS);
    if (this.#fault !== undefined) throw this.#fault;
    if (this.#list.size > 0) return this.#list.playlist(urlOf);
    const what = `nothing of "${this.#stream.title}" arrived in ${STALL_MS / 1_000} s`;
    throw new AceError("CONTENT_UNREACHABLE", what);
  }

  segment(number: number): Segment {
    const segment = this.#list.find(number);
    if (segment !== undefined) return segment;
    throw new AceError("NOT_FOUND", `segment ${number} is not kept; read the list again`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over.abort();
    await this.#running;
  }

  /** False when no segment came in that time. */
  async #grow(signal: AbortSignal, limitMs: number): Promise<boolean> {
    try {
      await once(this.#grown, "grown", {
        signal: AbortSignal.any([signal, AbortSignal.timeout(limitMs)]),
      });
      return this.#fault === undefined;
    } catch {
      signal.throwIfAborted();
      return false;
    }
  }

  async #run(): Promise<void> {
    const { signal } = this.#over;
    const last = this.#last;
    if (last !== undefined) this.#list.interrupt();
    const from = last === undefined ? { behindMs: HLS_BEHIND_MS } : { fromMs: last.captureMs };
    try {
      for await (const piece of this.#stream.pieces(from, signal)) {
        if (last !== undefined && piece.seq <= last.seq) continue;
        this.#last = piece;
        if (this.#list.add(piece)) this.#tell();
      }
      this.#list.end();
    } catch (error) {
      this.#fault = error;
    }
    this.#tell();
  }

  #tell(): void {
    this.#grown.dispatchEvent(new Event("grown"));
  }
}
