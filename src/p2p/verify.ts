/** Verification of what a store already holds: done once, before any of it is served. */
import { isAceError } from "../lib/errors.ts";
import { Bitfield } from "./bitfield.ts";
import { releasePiece } from "./piece-memory.ts";
import type { PieceStore } from "./piece-store.ts";
import { isPieceGood, type Torrent } from "./torrent.ts";

export interface VerifyOptions {
  readonly onProgress?: (pieces: number, total: number) => void;
  readonly signal?: AbortSignal;
}

/** Which pieces are there and good. A piece that cannot be read is one that is not there. */
export async function verifyStore(
  torrent: Torrent,
  store: PieceStore,
  options: VerifyOptions = {},
): Promise<Bitfield> {
  const total = torrent.pieceHashes.length;
  const had = new Bitfield(total);
  if (store.isNew) return had;
  for (let index = 0; index < total; index += 1) {
    options.signal?.throwIfAborted();
    if (await isStoredGood(torrent, store, index)) had.set(index);
    options.onProgress?.(index + 1, total);
  }
  return had;
}

/** A piece that cannot be read is not good. */
export async function isStoredGood(
  torrent: Torrent,
  store: PieceStore,
  index: number,
): Promise<boolean> {
  if (store.mayHold?.(index) === false) return false;
  try {
    const piece = await store.get(index);
    const isGood = isPieceGood(torrent, index, piece);
    releasePiece(piece);
    return isGood;
  } catch (error) {
    if (isAceError(error, "FILE_UNREADABLE")) return false;
    throw error;
  }
}
