/**
 * The last pieces that were read or came, of all contents of the process, shared while they are being
 * read: many peers and players that ask for one piece cost one read of the disk.
 *
 * Units   Bytes; `index` counts pieces.
 */
import { CACHED_BYTES_MAX } from "./limits.ts";
import { holdPiece, releasePiece } from "./piece-memory.ts";
import type { PieceStore } from "./piece-store.ts";

interface Entry {
  /** There once it is read. */
  atHand?: Uint8Array;
  /** Held once for the cache. */
  readonly piece: Promise<Uint8Array>;
  readonly bytes: number;
  /** Takes it out of the cache that it is in. */
  forget(): void;
}

/** The entries of all caches; what was used longest ago comes first. */
const entries = new Set<Entry>();
let cachedBytes = 0;

export class PieceCache {
  readonly #store: PieceStore;
  readonly #pieceBytes: number;
  readonly #pieces = new Map<number, Entry>();
  /** Of a content that is closed nothing is kept, though somebody may still be reading. */
  #isOver = false;

  constructor(store: PieceStore, pieceBytes: number) {
    this.#store = store;
    this.#pieceBytes = pieceBytes;
  }

  /** The piece, when it is here now; held as by `get`. */
  atHand(index: number): Uint8Array | undefined {
    const known = this.#pieces.get(index);
    if (known?.atHand === undefined) return undefined;
    touch(known);
    return holdPiece(known.atHand);
  }

  /** The piece is held for the caller: it is to release or keep it. */
  get(index: number): Promise<Uint8Array> {
    const known = this.#pieces.get(index);
    if (known !== undefined) {
      touch(known);
      return known.piece.then(holdPiece);
    }
    const reading = this.#store.get(index);
    if (this.#isOver) return reading;
    const entry = this.#add(index, reading);
    // Asked for before the cache could let it go: whoever waits holds it first.
    const held = reading.then(holdPiece);
    // A failed read is not remembered: the disk may be back at the next.
    reading.then(
      (piece) => {
        entry.atHand = piece;
      },
      () => this.#remove(index, entry),
    );
    makeRoom();
    return held;
  }

  /** A piece that has just come is what others ask for next. */
  remember(index: number, piece: Uint8Array): void {
    if (this.#isOver) return;
    const former = this.#pieces.get(index);
    if (former !== undefined) this.#remove(index, former);
    this.#add(index, Promise.resolve(holdPiece(piece))).atHand = piece;
    makeRoom();
  }

  /** Nothing is remembered from here on. */
  close(): void {
    this.#isOver = true;
    for (const [index, entry] of [...this.#pieces]) this.#remove(index, entry);
  }

  #add(index: number, piece: Promise<Uint8Array>): Entry {
    const forget = () => this.#remove(index, entry);
    const entry: Entry = { piece, bytes: this.#pieceBytes, forget };
    this.#pieces.set(index, entry);
    entries.add(entry);
    cachedBytes += entry.bytes;
    return entry;
  }

  #remove(index: number, entry: Entry): void {
    if (!entries.delete(entry)) return;
    cachedBytes -= entry.bytes;
    this.#pieces.delete(index);
    entry.piece.then(releasePiece, () => {});
  }
}

function touch(entry: Entry): void {
  entries.delete(entry);
  entries.add(entry);
}

function makeRoom(): void {
  for (const oldest of entries) {
    if (cachedBytes <= CACHED_BYTES_MAX) return;
    oldest.forget();
  }
}
