/**
 * Spans: values that lie inside bytes, found but not read.
 *
 * Units   Offsets are bytes; start and end of each value in turns, in ascending order.
 */
import { invariant } from "../lib/invariant.ts";

const WORD_BYTES = 4;

export class Spans {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly #offsets: readonly number[];
  readonly #origin: number;

  /** @param origin What is taken off every offset, where they count from further ahead. */
  constructor(bytes: Uint8Array, offsets: readonly number[], origin = 0) {
    this.bytes = bytes;
    this.view = viewOf(bytes);
    this.#offsets = offsets;
    this.#origin = origin;
  }

  get length(): number {
    return this.#offsets.length >> 1;
  }

  start(index: number): number {
    return this.#offset(2 * index);
  }

  end(index: number): number {
    return this.#offset(2 * index + 1);
  }

  /** A slice of the input, not a copy. */
  at(index: number): Uint8Array {
    return this.bytes.subarray(this.start(index), this.end(index));
  }

  /** Which value holds all bytes from `start` to `end`, if one does. */
  around(start: number, end: number): number | undefined {
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.end(middle) < end) low = middle + 1;
      else high = middle;
    }
    return low < this.length && this.start(low) <= start ? low : undefined;
  }

  #offset(place: number): number {
    const offset = this.#offsets[place];
    invariant(offset !== undefined, "no span is asked for that there is not");
    return offset - this.#origin;
  }
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The values one after another, behind their count: an XDR array of them. */
export function joinSpans(bytes: Uint8Array, offsets: readonly number[]): Spans {
  let size = WORD_BYTES;
  offsets.forEach((offset, place) => {
    size += place % 2 === 0 ? -offset : offset;
  });
  const joined = new Uint8Array(size);
  viewOf(joined).setUint32(0, offsets.length >> 1);
  const places: number[] = [];
  let place = WORD_BYTES;
  for (let index = 0; index < offsets.length; index += 2) {
    places.push(place);
    const value = bytes.subarray(offsets[index], offsets[index + 1]);
    joined.set(value, place);
    place += value.length;
    places.push(place);
  }
  return new Spans(joined, places);
}
