/**
 * Answers of an HLS origin: whether they are the bytes that were asked for, and these cut into pieces.
 *
 * Units   Bytes of a segment.
 * Errors  `NOT_FOUND` for a segment that is gone, `CONTENT_UNREACHABLE` for every other bad answer.
 * Source  RFC 9110 section 14 (ranges).
 */
import { AceError } from "../lib/errors.ts";
import type { WebAnswer } from "./web-request.ts";

const GONE: ReadonlySet<number> = new Set([404, 410, 416]);

/** True when the whole segment comes: not every server has ranges. */
export function requireSpan(
  { status, headers }: Pick<WebAnswer, "status" | "headers">,
  { offset, length }: { readonly offset: number; readonly length: number },
): boolean {
  if (GONE.has(status)) throw new AceError("NOT_FOUND", `the origin answered ${status}`);
  const { "content-encoding": encoding = "identity", "content-range": range } = headers;
  if (encoding !== "identity") throw unusable("it is compressed");
  if (status === 200) return true;
  if (status !== 206) throw unusable(`it answered ${status}`);
  const [, first, last] = /^bytes (\d+)-(\d+)\//.exec(String(range)) ?? [];
  if (Number(first) === offset && Number(last) === offset + length - 1) return false;
  throw unusable("its Content-Range is not what was asked for");
}

interface Wish {
  /** The body is the whole segment, not the span alone. */
  readonly isWhole: boolean;
  readonly span: { readonly offset: number };
  /** What follows one another in the span. */
  readonly parts: readonly { readonly length: number }[];
}

/** The parts, one after the other, as they become whole. */
export async function* originParts(
  body: AsyncIterable<Uint8Array>,
  { isWhole, span, parts }: Wish,
): AsyncGenerator<{ readonly at: number; readonly bytes: Uint8Array }> {
  const cutter = new PartCutter(parts, isWhole ? span.offset : 0);
  for await (const chunk of body) {
    yield* cutter.take(chunk);
    if (cutter.isDone && isWhole) return;
    if (cutter.hasMore) throw unusable("more bytes than were asked for");
  }
  if (!cutter.isDone) throw unusable("the answer ended too early");
}

class PartCutter {
  hasMore = false;
  readonly #parts: Wish["parts"];
  #skip: number;
  #at = 0;
  #part: Uint8Array;
  #filled = 0;

  constructor(parts: Wish["parts"], skip: number) {
    this.#parts = parts;
    this.#skip = skip;
    this.#part = new Uint8Array(parts[0]?.length ?? 0);
  }

  get isDone(): boolean {
    return this.#at >= this.#parts.length;
  }

  *take(chunk: Uint8Array): Generator<{ readonly at: number; readonly bytes: Uint8Array }> {
    let rest = chunk.subarray(Math.min(this.#skip, chunk.length));
    this.#skip -= chunk.length - rest.length;
    while (rest.length > 0 && !this.isDone) {
      const taken = rest.subarray(0, this.#part.length - this.#filled);
      this.#part.set(taken, this.#filled);
      this.#filled += taken.length;
      rest = rest.subarray(taken.length);
      if (this.#filled === this.#part.length) yield this.#next();
    }
    this.hasMore = rest.length > 0;
  }

  #next(): { readonly at: number; readonly bytes: Uint8Array } {
    const whole = { at: this.#at, bytes: this.#part };
    this.#at += 1;
    this.#part = new Uint8Array(this.#parts[this.#at]?.length ?? 0);
    this.#filled = 0;
    return whole;
  }
}

function unusable(why: string): AceError {
  return new AceError("CONTENT_UNREACHABLE", `the origin's answer is of no use: ${why}`);
}
