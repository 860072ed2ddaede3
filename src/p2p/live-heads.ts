/**
 * The heads that a node knows of a live stream: the newest, in order, each with the batch that it
 * came in.
 *
 * Range   At most `size` heads, none further than `size` numbers behind the newest.
 */
import type { HeadBatch, LiveHead } from "./live-head.ts";

interface Known {
  readonly head: LiveHead;
  readonly batch: HeadBatch;
}

export type HeadFate =
  | { readonly kind: "new" }
  | { readonly kind: "known" }
  /** Fallen out of the window, or of an epoch before. */
  | { readonly kind: "old" }
  /** The broadcaster has signed something else of this piece. */
  | { readonly kind: "conflict"; readonly batch: HeadBatch };

export class LiveHeads {
  readonly #size: number;
  readonly #known = new Map<number, Known>();
  /** Numbers of pieces, rising. */
  #order: number[] = [];
  #epoch = 0;

  constructor(size: number) {
    this.#size = size;
  }

  get epoch(): number {
    return this.#epoch;
  }

  get count(): number {
    return this.#order.length;
  }

  get newest(): LiveHead | undefined {
    return this.get(this.#order.at(-1) ?? -1);
  }

  get oldest(): LiveHead | undefined {
    return this.get(this.#order[0] ?? -1);
  }

  get(seq: number): LiveHead | undefined {
    return this.#known.get(seq)?.head;
  }

  /** The next head after `seq` that is known. */
  after(seq: number): LiveHead | undefined {
    return this.get(this.#order[this.#placeAfter(seq)] ?? -1);
  }

  /** From the oldest to the newest, beginning with `fromSeq`. */
  *from(fromSeq: number): Iterable<LiveHead> {
    for (let place = this.#placeAfter(fromSeq - 1); place < this.#order.length; place += 1) {
      const head = this.get(this.#order[place] ?? -1);
      if (head !== undefined) yield head;
    }
  }

  /** Batches of the last `count` heads before `seq`, the oldest first. */
  batchesBefore(seq: number, count: number): readonly HeadBatch[] {
    const end = this.#placeAfter(seq - 1);
    const numbers = this.#order.slice(Math.max(0, end - count), end);
    return [...new Set(numbers.flatMap((number) => this.#known.get(number)?.batch ?? []))];
  }

  /** What has become of a head whose signature was not looked at. */
  fateOf(head: LiveHead): HeadFate {
    if (head.epoch < this.#epoch) return { kind: "old" };
    if (head.epoch > this.#epoch) return { kind: "new" };
    const known = this.#known.get(head.seq);
    if (known === undefined) return { kind: this.isTooOld(head.seq) ? "old" : "new" };
    const isSame = areEqual(known.head, head);
    return isSame ? { kind: "known" } : { kind: "conflict", batch: known.batch };
  }

  /** Keeps a head whose signature is good; answers what had to go for it. */
  put(head: LiveHead, batch: HeadBatch): readonly number[] {
    let gone: number[] = [];
    if (head.epoch > this.#epoch) {
      gone = this.#order.splice(0);
      this.#known.clear();
      this.#epoch = head.epoch;
    }
    this.#known.set(head.seq, { head, batch });
    this.#order.splice(this.#placeAfter(head.seq), 0, head.seq);
    while (this.#order.length > 0 && this.#isOverfull()) {
      const oldest = this.#order.shift() ?? -1;
      this.#known.delete(oldest);
      gone.push(oldest);
    }
    return gone;
  }

  #isOverfull(): boolean {
    return this.#order.length > this.#size || this.isTooOld(this.#order[0] ?? 0);
  }

  /** Whether a piece of this number, of the epoch that runs, has fallen out of the window. */
  isTooOld(seq: number): boolean {
    const newest = this.#order.at(-1) ?? seq;
    const isBelow = this.#order.length >= this.#size && seq < (this.#order[0] ?? 0);
    return isBelow || seq <= newest - 2 * this.#size;
  }

  /** Where in the order the numbers above `seq` begin. */
  #placeAfter(seq: number): number {
    let low = 0;
    let high = this.#order.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#order[middle] ?? 0) <= seq) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function areEqual(left: LiveHead, right: LiveHead): boolean {
  return (
    left.length === right.length &&
    left.mediaMs === right.mediaMs &&
    left.captureMs === right.captureMs &&
    left.isRandomAccess === right.isRandomAccess &&
    left.isDiscontinuity === right.isDiscontinuity &&
    left.isEnd === right.isEnd &&
    Buffer.compare(left.sha256, right.sha256) === 0
  );
}
