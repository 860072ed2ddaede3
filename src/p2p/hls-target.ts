/**
 * How long the segments of a live list may be. What a list has promised once it keeps: its target duration
 * is measured until somebody reads it, and then segments are made to fit. The longest way between places to
 * begin at is taken for the encoder's own when it was seen twice; where they differ, one that was seen once may
 * be followed by a longer one, and there is room for it: segments need not end between places to begin at.
 *
 * Units   Milliseconds of the stream's own clock, which is what its source says.
 * Range   1 to `HLS_TARGET_S_MAX` seconds.
 * Source  RFC 8216, 4.3.3.1 (no segment, rounded, is longer) and 6.2.1 (what of a list may change).
 */
import { HLS_TARGET_S_MAX } from "./hls-limits.ts";
import type { LivePiece } from "./live-port.ts";

/** So much more is rounded off. */
const ROUNDED_MS = 499;
/** Two ways that differ by less than this are of one length. */
const ALIKE = 0.1;
/** So much longer than the longest that was seen once may the next be. */
const ROOM = 2;

export class HlsTarget {
  #seconds = 1;
  #isTold = false;
  #beginningMs: number | undefined;
  /** The most that was seen between places where a player can begin; later what that was lately. */
  #gapMs = 0;
  /** How often that was seen. */
  #longestCount = 0;
  /** All that were seen are of one length. */
  #areAlike = true;

  get seconds(): number {
    return this.#seconds;
  }

  /** No segment lasts longer. */
  get limitMs(): number {
    return (this.#isTold ? this.#seconds : HLS_TARGET_S_MAX) * 1_000 + ROUNDED_MS;
  }

  /** A piece that joins on to the one before. */
  pass({ isRandomAccess, mediaMs }: LivePiece): void {
    if (!isRandomAccess) return;
    if (this.#beginningMs !== undefined) this.#see(mediaMs - this.#beginningMs);
    this.#beginningMs = mediaMs;
  }

  /** The next piece does not join on. */
  interrupt(): void {
    this.#beginningMs = undefined;
  }

  /** Whether a segment may get too long that goes on to the next place where a player can begin. */
  isNear(durationMs: number): boolean {
    return durationMs + this.#gapMs > this.limitMs;
  }

  /**
   * Whether a segment gets too long with what goes on to `endMs`, and no place where a player can begin
   * is due before.
   */
  isPassed(
    endMs: number,
    { first, last, durationMs }: { first: LivePiece; last: LivePiece; durationMs: number },
  ): boolean {
    if (endMs <= this.limitMs) return false;
    const dueMs = (this.#beginningMs ?? first.mediaMs) + this.#gapMs;
    const isDue = last.mediaMs <= dueMs && dueMs - first.mediaMs <= this.limitMs;
    return durationMs > this.limitMs || !isDue;
  }

  /** How long a segment is that is whole. */
  measure(durationMs: number): void {
    if (this.#isTold) return;
    this.#seconds = Math.max(this.#seconds, Math.round(durationMs / 1_000));
  }

  /** @param growingMs What is known of the segment that is not whole: it lasts longer. */
  tell(growingMs: number): void {
    this.measure(growingMs + 1);
    const mayGrow = !this.#areAlike && this.#longestCount < 2;
    if (mayGrow) this.measure(Math.min(HLS_TARGET_S_MAX * 1_000, ROOM * this.#gapMs));
    this.#isTold = true;
  }

  #see(gapMs: number): void {
    const isLonger = gapMs > this.#gapMs * (1 + ALIKE);
    const isShorter = gapMs < this.#gapMs * (1 - ALIKE);
    this.#areAlike &&= this.#gapMs === 0 || !(isLonger || isShorter);
    if (isLonger) this.#longestCount = 1;
    else if (!isShorter) this.#longestCount += 1;
    else if (this.#isTold) this.#gapMs *= 1 - ALIKE;
    this.#gapMs = Math.max(this.#gapMs, Math.min(gapMs, this.limitMs));
  }
}
