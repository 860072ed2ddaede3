/**
 * Spans: values that lie inside bytes, found but not read.
 *
 * Units   Offsets are bytes from the start of `bytes`; start and end of each value in turns.
 */
import { invariant } from "../lib/invariant.ts";

const WORD_BYTES = 4;

export class Spans {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly offsets: readonly number[];

  constructor(bytes: Uint8Array, offsets: readonly number[]) {
    this.bytes = bytes;
    this.view = viewOf(bytes);
    this.offsets = offsets;
  }

  get length(): number {
    return this.offsets.length >> 1;
  }

  start(index: number): number {
    const offset = this.offsets[2 * index];
    invariant(offset !== undefined, "no span is asked for that there is not");
    return offset;
  }

  end(index: number): number {
    const offset = this.offsets[2 * index + 1];
    invariant(offset !== undefined, "no span is asked for that there is not");
    return offset;
  }

  /** A slice of the input, not a copy. */
  at(index: number): Uint8Array {
    return this.bytes.subarray(this.start(index), this.end(index));
  }

  /** Which value holds all bytes from `start` to `end`, if one does. Values lie in ascending order. */
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
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The values one after another, behind their count: an XDR array of them. */
export function joinSpans(bytes: Uint8Array, offsets: readonly number[]): Spans {
  const found = new Spans(bytes, offsets);
  let size = WORD_BYTES;
  for (let index = 0; index < found.length; index += 1)
    size += found.end(index) - found.start(index);
  const joined = new Uint8Array(size);
  viewOf(joined).setUint32(0, found.length);
  const places: number[] = [];
  let offset = WORD_BYTES;
  for (let index = 0; index < found.length; index += 1) {
    joined.set(found.at(index), offset);
    places.push(offset);
    offset += found.end(index) - found.start(index);
    places.push(offset);
  }
  return new Spans(joined, places);
}
