/**
 * Mending store: what the disk has lost is given up, so that it is fetched again.
 *
 * Somebody may empty the folder while a film plays, or a second engine may have been given the same
 * one and make room in it.
 *
 * Errors  As the store's: a piece that goes again and again is a fault of the disk.
 */
import { isAceError } from "../lib/errors.ts";
import { LOST_PIECE_TRIES_MAX } from "./limits.ts";
import type { PieceStore } from "./piece-store.ts";

export function mendingStore(store: PieceStore): PieceStore {
  const losses = new Map<number, number>();
  let tell: (index: number) => void = () => {};
  store.onEvicted?.((index) => tell(index));
  return {
    isNew: store.isNew,
    ...(store.capBytes === undefined ? {} : { capBytes: store.capBytes }),
    get: async (index) => {
      try {
        return await store.get(index);
      } catch (error) {
        const lost = losses.get(index) ?? 0;
        if (!isAceError(error, "FILE_UNREADABLE") || lost >= LOST_PIECE_TRIES_MAX) throw error;
        losses.set(index, lost + 1);
        tell(index);
        throw error;
      }
    },
    put: (index, piece) => store.put(index, piece),
    close: () => store.close(),
    mayHold: (index) => store.mayHold?.(index) ?? true,
    onEvicted: (listener) => {
      tell = listener;
    },
  };
}
