/** What ends a live stream for its readers: a broadcaster that signs two different things. */
import { AceError } from "../lib/errors.ts";
import type { Events } from "../lib/events.ts";
import type { HeadBatch } from "./live-head.ts";

export class LiveFault {
  readonly #events: Events;
  readonly #stream: { readonly title: string; readonly streamId: string };
  #error: AceError | undefined;

  constructor(events: Events, stream: { readonly title: string; readonly streamId: string }) {
    this.#events = events;
    this.#stream = stream;
  }

  /** Keeps the proof in the log; false when there was one before. */
  equivocation(batches: readonly [HeadBatch, HeadBatch]): boolean {
    if (this.#error !== undefined) return false;
    const { title, streamId } = this.#stream;
    const [first, second] = batches.map(({ bytes }) => bytes.toHex());
    this.#events.warn("live.equivocation", { stream: streamId, first, second });
    const what = `the broadcaster of "${title}" signed two different things of one piece`;
    this.#error = new AceError("LIVE_EQUIVOCATION", what);
    return true;
  }

  check(): void {
    if (this.#error !== undefined) throw this.#error;
  }
}
