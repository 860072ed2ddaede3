/**
 * The last pieces that were read, shared while they are being read: many peers and players that ask
 * for one piece cost one read of the disk.
 */
import { CACHED_BYTES_MAX, CACHED_PIECES_MIN } from "./limits.ts";
import type { PieceStore } from "./piece-store.ts";

export class PieceCache {
  readonly #store: PieceStore;
  readonly #pieces = new Map<number, Promise<Uint8Array>>();

  readonly #piecesMax: number;

  constructor(store: PieceStore, pieceBytes: number) {
    this.#store = store;
    this.#piecesMax = Math.max(CACHED_PIECES_MIN, Math.floor(CACHED_BYTES_MAX / pieceBytes));
  }

  get(index: number): Promise<Uint8Array> {
    const known = this.#pieces.get(index);
    if (known !== undefined) {
      this.#pieces.delete(index);
      this.#pieces.set(index, known);
      return known;
    }
    const reading = this.#store.get(index);
    // A failed read is not remembered: the disk may be back at the next.
    reading.catch(() => this.#pieces.delete(index));
    this.#keep(index, reading);
    return reading;
  }

  /** A piece that has just come is what others ask for next. */
  remember(index: number, piece: Uint8Array): void {
    this.#keep(index, Promise.resolve(piece));
  }

  #keep(index: number, piece: Promise<Uint8Array>): void {
    this.#pieces.set(index, piece);
    for (const oldest of this.#pieces.keys()) {
      if (this.#pieces.size <= this.#piecesMax) break;
      this.#pieces.delete(oldest);
    }
  }
}
