/**
 * Reading: one open range of a player, and how much of it is fetched before it is needed.
 *
 * Units   `playhead` and `last` count pieces.
 */
import {
  AHEAD_BYTES,
  AHEAD_BYTES_MAX,
  AHEAD_PIECES_MAX,
  BUFFER_S_MAX,
  BUFFER_S_MIN,
} from "./engine-limits.ts";

/** How quickly the speed of a player follows what it does. */
const SPEED_S = 5;

export class Reading {
  readonly last: number;
  /** What was asked for on its behalf: whoever got least is next. */
  takenBytes = 0;
  readonly #pieceLength: number;
  readonly #bufferS: number;
  #playhead: number;
  /** Since when the player waits for the piece at its playhead; undefined when it does not. */
  #waitsSinceMs: number | undefined;
  #movedAtMs: number;
  #bytesPerS = 0;

  constructor(range: {
    readonly first: number;
    readonly last: number;
    readonly pieceLength: number;
    readonly bufferS: number;
    readonly nowMs: number;
  }) {
    this.last = range.last;
    this.#playhead = range.first;
    this.#pieceLength = range.pieceLength;
    this.#bufferS = Math.min(BUFFER_S_MAX, Math.max(BUFFER_S_MIN, range.bufferS));
    this.#movedAtMs = range.nowMs;
  }

  get playhead(): number {
    return this.#playhead;
  }

  get aheadPieces(): number {
    const wished = this.#bufferS * this.#bytesPerS;
    const bytes = Math.min(AHEAD_BYTES_MAX, Math.max(AHEAD_BYTES, wished));
    return Math.min(AHEAD_PIECES_MAX, Math.ceil(bytes / this.#pieceLength));
  }

  /** How long the player has been waiting for the piece at its playhead. */
  waitedMs(nowMs: number): number | undefined {
    return this.#waitsSinceMs === undefined ? undefined : nowMs - this.#waitsSinceMs;
  }

  waits(nowMs: number): void {
    this.#waitsSinceMs ??= nowMs;
  }

  waitsNoMore(): void {
    this.#waitsSinceMs = undefined;
  }

  /** The player took the piece at its playhead. */
  move(nowMs: number): void {
    const elapsedS = Math.max(0.001, (nowMs - this.#movedAtMs) / 1_000);
    const weight = 1 - Math.exp(-elapsedS / SPEED_S);
    this.#bytesPerS += (this.#pieceLength / elapsedS - this.#bytesPerS) * weight;
    this.#movedAtMs = nowMs;
    this.#playhead += 1;
  }

  /** How long what is here lasts at the player's speed; undefined before it took a piece. */
  bufferMs(isHere: (index: number) => boolean): number | undefined {
    if (this.#bytesPerS === 0) return undefined;
    const end = Math.min(this.last + 1, this.#playhead + AHEAD_PIECES_MAX);
    let next = this.#playhead;
    while (next < end && isHere(next)) next += 1;
    const bytes = (next - this.#playhead) * this.#pieceLength;
    return Math.round((1_000 * bytes) / this.#bytesPerS);
  }

  covers(index: number): boolean {
    return (
      index >= this.#playhead && index <= Math.min(this.last, this.#playhead + this.aheadPieces)
    );
  }

  took(bytes: number): void {
    this.takenBytes += bytes;
  }
}

/** Of the player that has the least. */
export function leastBufferMs(
  readings: readonly Reading[],
  isHere: (index: number) => boolean,
): number | undefined {
  const buffers = readings.flatMap((reading) => reading.bufferMs(isHere) ?? []);
  return buffers.length === 0 ? undefined : Math.min(...buffers);
}
