/**
 * The sliding list of HLS: pieces of a live stream in, segments, their parts and their playlist out.
 *
 * A segment begins where a player can begin and is a run of whole pieces; it ends with the first
 * such place after `HLS_SEGMENT_MS_MIN`, or before it where it would be too big, or longer than the list
 * has promised: the next one then joins on and lasts until a player can begin. Its number is its own: pieces
 * are counted otherwise. A stream breaks off where it says so, and where its clock does what no source's
 * clock does; what was listed in parts becomes a segment all the same.
 *
 * Source  RFC 8216: media sequence (4.3.3.2), discontinuity sequence (4.3.3.3), target duration (4.3.3.1); how
 *         long a list lasts at least (6.2.2).
 *         draft-pantos-hls-rfc8216bis: parts (4.4.4.9), what may be asked ahead (6.2.5.2).
 */
import {
  HLS_AHEAD_PARTS_MIN,
  HLS_AHEAD_PARTS_MS,
  HLS_AHEAD_SEGMENTS_MAX,
  HLS_PART_HOLD_BACK_MS,
  HLS_PART_HOLD_BACK_PARTS_MIN,
  HLS_PART_MS,
} from "./hls-limits.ts";
import { type HlsUrls, writeHlsList } from "./hls-playlist.ts";
import { GrowingSegment, type Part, type Segment } from "./hls-segment.ts";
import { HlsTarget } from "./hls-target.ts";
import {
  HLS_KEPT_SHARE,
  HLS_LISTED,
  HLS_LISTED_MAX,
  HLS_LISTED_TARGETS,
  HLS_SEGMENT_MAX_BYTES,
  HLS_SEGMENT_MS_MIN,
  PCR_JUMP_MS,
} from "./limits.ts";
import type { LivePiece } from "./live-port.ts";

/** However big they are, so many segments are kept, and no more bytes than those may have. */
const HLS_KEPT_MIN = HLS_KEPT_SHARE * HLS_LISTED;
const HLS_KEPT_MAX_BYTES = HLS_KEPT_MIN * HLS_SEGMENT_MAX_BYTES;

/** What a player asks the list to have: a whole segment, or a part of one. */
export interface HlsWanted {
  readonly number: number;
  readonly part: number | undefined;
}

export class HlsList {
  readonly #segments: Segment[] = [];
  #growing: GrowingSegment | undefined;
  #nextNumber = 0;
  #discontinuities = 0;
  /** Something was left out, so the next segment does not join on. */
  #isBroken = false;
  readonly #target = new HlsTarget();
  #partMs = HLS_PART_MS;
  #isEnded = false;

  /** True when a segment became whole. */
  add(piece: LivePiece): boolean {
    const growing = this.#growing;
    if (growing === undefined || this.#breaksOff(growing, piece)) {
      this.#close(undefined);
      this.#isBroken ||= growing !== undefined || piece.isDiscontinuity;
      if (piece.isRandomAccess) this.#begin(piece);
      else this.#isBroken = true;
      return growing !== undefined;
    }
    if (this.#endsBefore(growing, piece)) {
      this.#close(piece);
      this.#begin(piece);
      return true;
    }
    this.#target.pass(piece);
    growing.add(piece, this.#target.limitMs);
    this.#measureParts(growing);
    return false;
  }

  /** Pieces were missed: what comes next does not join on. */
  interrupt(): void {
    this.#close(undefined);
    this.#isBroken = true;
  }

  /** The stream is over: the last segment is whole, and the list grows no more. */
  end(): void {
    this.#close(undefined);
    this.#isEnded = true;
  }

  get size(): number {
    return this.#segments.length;
  }

  /** Where the list ends: it has grown when this has changed. */
  get newest(): { readonly number: number; readonly parts: number } {
    return { number: this.#nextNumber, parts: this.#growing?.parts.length ?? 0 };
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** What the list promises that no whole segment is longer than, in milliseconds. */
  get targetMs(): number {
    return this.#target.seconds * 1_000;
  }

  find(number: number): Segment | undefined {
    return this.#segments.find((segment) => segment.number === number);
  }

  findPart(number: number, part: number): Part | undefined {
    const parts = number === this.#nextNumber ? this.#growing?.parts : this.find(number)?.parts;
    return parts?.[part];
  }

  /** Whether this is what the list said comes next. */
  isHinted(number: number, part: number): boolean {
    const { newest } = this;
    return !this.#isEnded && number === newest.number && part === newest.parts;
  }

  /** Whether the list has come as far as this; a part beyond the last of a segment is the next one's first. */
  has({ number, part }: HlsWanted): boolean {
    if (this.#isEnded) return true;
    const { newest } = this;
    if (part === undefined) return number < newest.number;
    if (number >= newest.number) return number === newest.number && part < newest.parts;
    const isBeyond = part >= (this.find(number)?.parts.length ?? Number.POSITIVE_INFINITY);
    return number < newest.number - 1 || !isBeyond || newest.parts > 0;
  }

  /** Further ahead than players ask for who read the list. */
  isTooFar({ number, part = 0 }: HlsWanted): boolean {
    if (this.#isEnded) return false;
    const { newest } = this;
    if (number > newest.number - 1 + HLS_AHEAD_SEGMENTS_MAX) return true;
    const known = number === newest.number ? newest.parts : 0;
    const aheadMax = Math.max(HLS_AHEAD_PARTS_MIN, HLS_AHEAD_PARTS_MS / this.#partMs);
    return number >= newest.number && part - known + 1 > aheadMax;
  }

  /** In parts too when it is said where they are. What it promises once it keeps. */
  playlist(segmentUrl: HlsUrls["segmentUrl"], partUrl?: HlsUrls["partUrl"]): string {
    const growing = this.#growing;
    if (this.size > 0) this.#target.tell(growing?.knownMs ?? 0);
    const listed = this.#segments.slice(-this.#listedCount());
    const holdBackMs = Math.max(HLS_PART_HOLD_BACK_MS, HLS_PART_HOLD_BACK_PARTS_MIN * this.#partMs);
    return writeHlsList(
      {
        segments: listed,
        growing: growing && {
          ...growing.place,
          captureMs: growing.first.captureMs,
          parts: growing.parts,
        },
        next: { number: this.#nextNumber, discontinuities: this.#discontinuities },
        targetS: this.#target.seconds,
        partMs: this.#partMs,
        holdBackMs,
        isEnded: this.#isEnded,
      },
      { segmentUrl, partUrl },
    );
  }

  /** Sources say where their clock jumps: one that does so unsaid is not believed. */
  #breaksOff({ last }: GrowingSegment, { isDiscontinuity, mediaMs }: LivePiece): boolean {
    const stepMs = mediaMs - last.mediaMs;
    const isPossible = stepMs >= 0 && stepMs <= Math.min(PCR_JUMP_MS, this.#target.limitMs);
    return isDiscontinuity || !isPossible;
  }

  #endsBefore({ first, last, sizeBytes }: GrowingSegment, piece: LivePiece): boolean {
    if (sizeBytes + piece.bytes.length > HLS_SEGMENT_MAX_BYTES) return true;
    const durationMs = piece.mediaMs - first.mediaMs;
    if (!piece.isRandomAccess) {
      // The piece is taken to last as long as the one before.
      const endMs = durationMs + (piece.mediaMs - last.mediaMs);
      return this.#target.isPassed(endMs, { first, last, durationMs });
    }
    const isLong = durationMs >= HLS_SEGMENT_MS_MIN;
    return isLong || !first.isRandomAccess || this.#target.isNear(durationMs);
  }

  #begin(piece: LivePiece): void {
    const isDiscontinuity = this.#isBroken && this.#nextNumber > 0;
    this.#isBroken = false;
    if (isDiscontinuity) this.#discontinuities += 1;
    const place = {
      number: this.#nextNumber,
      isDiscontinuity,
      discontinuities: this.#discontinuities,
    };
    this.#target.pass(piece);
    this.#growing = new GrowingSegment(piece, place, this.#target.limitMs);
    this.#measureParts(this.#growing);
  }

  #close(next: LivePiece | undefined): void {
    const growing = this.#growing;
    if (next === undefined) this.#target.interrupt();
    if (growing === undefined) return;
    this.#growing = undefined;
    const segment = growing.finish(next, this.#target.limitMs);
    this.#measureParts(growing);
    this.#target.measure(segment.durationMs);
    this.#segments.push(segment);
    this.#nextNumber += 1;
    this.#forgetOld();
  }

  /** A player reads the list once in a target duration: what it has not seen must still be there. */
  #listedCount(): number {
    let leftMs = HLS_LISTED_TARGETS * this.targetMs;
    let count = 0;
    for (const { durationMs } of this.#segments.toReversed()) {
      if (count >= HLS_LISTED_MAX || (count >= HLS_LISTED && leftMs <= 0)) break;
      leftMs -= durationMs;
      count += 1;
    }
    return count;
  }

  #forgetOld(): void {
    const keptMax = HLS_KEPT_SHARE * Math.max(HLS_LISTED, this.#listedCount());
    let bytes = this.#segments.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    const isTooMuch = () => this.size > HLS_KEPT_MIN && bytes > HLS_KEPT_MAX_BYTES;
    while (this.size > keptMax || isTooMuch()) bytes -= this.#segments.shift()?.sizeBytes ?? 0;
  }

  /** A stream whose pictures are far apart has longer parts. */
  #measureParts({ parts }: GrowingSegment): void {
    for (const { durationMs } of parts) this.#partMs = Math.max(this.#partMs, durationMs);
  }
}
