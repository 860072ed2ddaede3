/**
 * The sliding list of HLS: pieces of a live stream in, segments and their playlist out.
 *
 * A segment begins where a player can begin and is a run of whole pieces; it ends with the first
 * such place after `HLS_SEGMENT_MS_MIN`. Its number is its own: pieces are counted otherwise.
 *
 * Source  RFC 8216: media sequence (4.3.3.2), discontinuity sequence (4.3.3.3), target duration (4.3.3.1).
 */
import { HLS_KEPT, HLS_LISTED, HLS_SEGMENT_MAX_BYTES, HLS_SEGMENT_MS_MIN } from "./limits.ts";
import type { LivePiece } from "./live-port.ts";

export interface Segment {
  /** Its number in the playlist. */
  readonly number: number;
  readonly durationMs: number;
  /** What comes before does not join on to it. */
  readonly isDiscontinuity: boolean;
  /** Discontinuities in the whole stream before this segment. */
  readonly discontinuities: number;
  readonly chunks: readonly Uint8Array[];
  readonly sizeBytes: number;
  readonly lastSeq: number;
  readonly captureMs: number;
}

interface Growing {
  readonly first: LivePiece;
  readonly pieces: LivePiece[];
  readonly isDiscontinuity: boolean;
  sizeBytes: number;
}

export class HlsList {
  readonly #segments: Segment[] = [];
  #growing: Growing | undefined;
  #nextNumber = 0;
  #discontinuities = 0;
  /** Something was left out, so the next segment does not join on. */
  #isBroken = false;
  #targetS = 1;
  #isEnded = false;

  /** True when a segment became whole. */
  add(piece: LivePiece): boolean {
    const growing = this.#growing;
    if (growing === undefined || piece.isDiscontinuity) {
      const isWhole = growing !== undefined && this.#close(growing, lastMediaMs(growing));
      this.#isBroken ||= piece.isDiscontinuity;
      this.#begin(piece);
      return isWhole;
    }
    const durationMs = piece.mediaMs - growing.first.mediaMs;
    if (piece.isRandomAccess && (durationMs >= HLS_SEGMENT_MS_MIN || durationMs < 0)) {
      const isWhole = this.#close(growing, piece.mediaMs);
      this.#begin(piece);
      return isWhole;
    }
    growing.pieces.push(piece);
    growing.sizeBytes += piece.bytes.length;
    if (growing.sizeBytes > HLS_SEGMENT_MAX_BYTES) this.interrupt();
    return false;
  }

  /** Pieces were missed: what comes next does not join on. */
  interrupt(): void {
    this.#growing = undefined;
    this.#isBroken = true;
  }

  /** The stream is over: the last segment is whole, and the list grows no more. */
  end(): void {
    if (this.#growing !== undefined) this.#close(this.#growing, lastMediaMs(this.#growing));
    this.#growing = undefined;
    this.#isEnded = true;
  }

  get size(): number {
    return this.#segments.length;
  }

  find(number: number): Segment | undefined {
    return this.#segments.find((segment) => segment.number === number);
  }

  playlist(urlOf: (segment: Segment) => string): string {
    const listed = this.#segments.slice(-HLS_LISTED);
    const [first] = listed;
    const lines = [
      "#EXTM3U",
      "#EXT-X-VERSION:3",
      `#EXT-X-TARGETDURATION:${this.#targetS}`,
      `#EXT-X-MEDIA-SEQUENCE:${first?.number ?? this.#nextNumber}`,
      `#EXT-X-DISCONTINUITY-SEQUENCE:${first?.discontinuities ?? this.#discontinuities}`,
    ];
    for (const [place, segment] of listed.entries()) {
      // The break before the first one is counted by the discontinuity sequence.
      if (segment.isDiscontinuity && place > 0) lines.push("#EXT-X-DISCONTINUITY");
      lines.push(`#EXT-X-PROGRAM-DATE-TIME:${new Date(segment.captureMs).toISOString()}`);
      lines.push(`#EXTINF:${(segment.durationMs / 1_000).toFixed(3)},`, urlOf(segment));
    }
    if (this.#isEnded) lines.push("#EXT-X-ENDLIST");
    return `${lines.join("\n")}\n`;
  }

  #begin(piece: LivePiece): void {
    this.#growing = undefined;
    if (!piece.isRandomAccess) {
      this.#isBroken = true;
      return;
    }
    const isDiscontinuity = this.#isBroken && this.#nextNumber > 0;
    this.#isBroken = false;
    this.#growing = {
      first: piece,
      pieces: [piece],
      isDiscontinuity,
      sizeBytes: piece.bytes.length,
    };
  }

  #close({ first, pieces, isDiscontinuity, sizeBytes }: Growing, endMediaMs: number): boolean {
    const last = pieces.at(-1);
    const durationMs = Math.max(1, endMediaMs - first.mediaMs);
    if (last === undefined) return false;
    if (isDiscontinuity) this.#discontinuities += 1;
    this.#targetS = Math.max(this.#targetS, Math.round(durationMs / 1_000));
    this.#segments.push({
      number: this.#nextNumber,
      durationMs,
      isDiscontinuity,
      discontinuities: this.#discontinuities,
      chunks: pieces.map((piece) => piece.bytes),
      sizeBytes,
      lastSeq: last.seq,
      captureMs: first.captureMs,
    });
    this.#nextNumber += 1;
    if (this.#segments.length > HLS_KEPT) this.#segments.shift();
    return true;
  }
}

/** Where a segment ends whose end nobody saw: its last piece is taken to be as long as the others. */
function lastMediaMs({ first, pieces }: Growing): number {
  const lastMs = pieces.at(-1)?.mediaMs ?? first.mediaMs;
  const spanMs = Math.max(0, lastMs - first.mediaMs);
  const pieceMs = pieces.length > 1 ? spanMs / (pieces.length - 1) : HLS_SEGMENT_MS_MIN / 4;
  return lastMs + pieceMs;
}
