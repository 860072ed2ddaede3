/**
 * Memory of pieces, used again when nobody needs it any more.
 *
 * A page of memory that is new costs more than reading or copying into it, and each piece that is
 * thrown away brings the collector nearer: without this they take half the time of a seed.
 *
 * Rules   Who gets a piece from `lend` holds it once. Who passes it on to somebody that needs it for
 *         longer calls `hold` first; who is done calls `release`, once for each. At the last release it
 *         may be overwritten. To forget a release is harmless: the collector takes the piece.
 *         Who may keep a piece for ever, or does not know for how long, calls `keep`.
 * Units   Bytes.
 */
import { invariant } from "../lib/invariant.ts";
import { FREE_PIECES_BYTES_MAX } from "./limits.ts";

/** By its memory: how many hold a piece. Memory from elsewhere is not in it, and never used again. */
const holds = new WeakMap<ArrayBufferLike, number>();
const free = new Map<number, Uint8Array[]>();
let freeBytes = 0;

/** Memory with anything in it, held once: every byte is to be written before any is read. */
export function lendPiece(sizeBytes: number): Uint8Array {
  const used = free.get(sizeBytes)?.pop();
  if (used !== undefined) freeBytes -= sizeBytes;
  const piece = used ?? Buffer.allocUnsafeSlow(sizeBytes);
  holds.set(piece.buffer, 1);
  return piece;
}

/** One more needs it. Answers the piece. */
export function holdPiece(piece: Uint8Array): Uint8Array {
  const count = holds.get(piece.buffer);
  if (count !== undefined) holds.set(piece.buffer, count + 1);
  return piece;
}

/** Takes the whole piece as it was lent, not a part of it. */
export function releasePiece(piece: Uint8Array): void {
  const count = holds.get(piece.buffer);
  if (count === undefined) return;
  invariant(count > 0, "a piece is released once by each that held it");
  invariant(piece.length === piece.buffer.byteLength, "a piece is released whole");
  holds.set(piece.buffer, count - 1);
  if (count === 1) makeFree(piece);
}

/** From here on it is never overwritten. Answers the piece. */
export function keepPiece(piece: Uint8Array): Uint8Array {
  holds.delete(piece.buffer);
  return piece;
}

function makeFree(piece: Uint8Array): void {
  const same = free.get(piece.length) ?? [];
  same.push(piece);
  // The size that was freed last stays longest.
  free.delete(piece.length);
  free.set(piece.length, same);
  freeBytes += piece.length;
  for (const [size, pieces] of free) {
    while (freeBytes > FREE_PIECES_BYTES_MAX && pieces.pop() !== undefined) freeBytes -= size;
    if (pieces.length === 0) free.delete(size);
    if (freeBytes <= FREE_PIECES_BYTES_MAX) return;
  }
}
