/**
 * One segment of live HLS while it grows: whole pieces in, parts out that are those bytes in order.
 *
 * A part ends at the first mark at which it is long enough; where the next mark would make it too long
 * it ends before. So a part is shorter or longer than it should be only in a stream whose pictures are
 * further apart than 15 % of a part.
 *
 * Units   Milliseconds, whole; durations of the parts add up to that of the segment.
 * Source  draft-pantos-hls-rfc8216bis, 4.4.4.9.
 */
import { HLS_PART_MS, HLS_PART_SHARE_MIN } from "./hls-limits.ts";
import { SegmentMarks } from "./hls-marks.ts";
import type { LivePiece } from "./live-port.ts";

export interface Part {
  readonly durationMs: number;
  /** A player can begin with it. */
  readonly isIndependent: boolean;
  readonly chunks: readonly Uint8Array[];
  readonly sizeBytes: number;
  readonly lastSeq: number;
  /** Unix time of its beginning at the source. */
  readonly captureMs: number;
}

export interface Segment extends Part {
  /** Its number in the playlist. */
  readonly number: number;
  /** What comes before does not join on to it. */
  readonly isDiscontinuity: boolean;
  /** Discontinuities in the whole stream before this segment. */
  readonly discontinuities: number;
  readonly parts: readonly Part[];
}

interface Place {
  /** Bytes of the segment before it. */
  readonly position: number;
  readonly atMs: number;
}

export interface SegmentPlace {
  readonly number: number;
  readonly isDiscontinuity: boolean;
  readonly discontinuities: number;
}

export class GrowingSegment {
  readonly place: SegmentPlace;
  readonly first: LivePiece;
  readonly parts: Part[] = [];
  readonly #marks: SegmentMarks;
  readonly #chunks: Uint8Array[] = [];
  /** Bytes that are in no part yet. */
  #pending: Uint8Array[] = [];
  #sizeBytes = 0;
  #last: LivePiece;
  #cut: Place = { position: 0, atMs: 0 };
  /** The last mark at which the part would not be too long. */
  #mark: Place | undefined;
  /** Bytes before each place that a player can begin at. */
  readonly #beginnings = new Set<number>();

  /** @param limitMs No segment lasts longer. */
  constructor(first: LivePiece, place: SegmentPlace, limitMs: number) {
    this.first = first;
    this.place = place;
    this.#last = first;
    this.#marks = new SegmentMarks(first);
    this.add(first, limitMs);
  }

  get last(): LivePiece {
    return this.#last;
  }

  /** What is known of its duration; it lasts longer. */
  get knownMs(): number {
    return this.#marks.lastMs;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  add(piece: LivePiece, limitMs: number): void {
    const before = this.#sizeBytes;
    if (piece.isRandomAccess) this.#beginnings.add(before);
    this.#chunks.push(piece.bytes);
    this.#pending.push(piece.bytes);
    this.#sizeBytes += piece.bytes.length;
    this.#last = piece;
    for (const { offset, atMs } of this.#marks.marksOf(piece, limitMs)) {
      this.#consider({ position: before + offset, atMs });
    }
  }

  /** @param next What follows without a break, if anything does. */
  finish(next: LivePiece | undefined, limitMs: number): Segment {
    const marks = this.#marks;
    const endMs = next === undefined ? marks.endGuess(limitMs) : marks.endBefore(next, limitMs);
    if (this.#mark !== undefined && endMs - this.#cut.atMs > HLS_PART_MS) this.#cutAt(this.#mark);
    this.#cutAt({ position: this.#sizeBytes, atMs: endMs });
    return {
      ...this.place,
      durationMs: endMs,
      isIndependent: this.first.isRandomAccess,
      chunks: this.#chunks,
      sizeBytes: this.#sizeBytes,
      lastSeq: this.#last.seq,
      captureMs: this.first.captureMs,
      parts: this.parts,
    };
  }

  #consider(place: Place): void {
    const { atMs } = place;
    if (this.#mark !== undefined && atMs - this.#cut.atMs > HLS_PART_MS) this.#cutAt(this.#mark);
    if (atMs - this.#cut.atMs >= HLS_PART_MS * HLS_PART_SHARE_MIN) this.#cutAt(place);
    else this.#mark = place;
  }

  #cutAt(place: Place): void {
    const { position, atMs } = this.#cut;
    const sizeBytes = place.position - position;
    if (sizeBytes <= 0) return;
    const [chunks, rest] = splitAt(this.#pending, sizeBytes);
    this.parts.push({
      durationMs: place.atMs - atMs,
      isIndependent: this.#beginnings.has(position),
      chunks,
      sizeBytes,
      lastSeq: this.#last.seq,
      captureMs: this.first.captureMs + atMs,
    });
    this.#pending = rest;
    this.#cut = place;
    this.#mark = undefined;
  }
}

function splitAt(
  chunks: readonly Uint8Array[],
  sizeBytes: number,
): readonly [Uint8Array[], Uint8Array[]] {
  const before: Uint8Array[] = [];
  const after: Uint8Array[] = [];
  let left = sizeBytes;
  for (const chunk of chunks) {
    const taken = Math.min(left, chunk.length);
    if (taken > 0) before.push(chunk.subarray(0, taken));
    if (taken < chunk.length) after.push(chunk.subarray(taken));
    left -= taken;
  }
  return [before, after];
}
