/**
 * Spill: while the disk is full, pieces for players are kept in memory, and a player plays on.
 *
 * Pieces that were spilled go to the disk when it takes one again.
 */
import { type AceError, isAceError } from "../lib/errors.ts";
import { PieceLru } from "./piece-lru.ts";
import { keepPiece } from "./piece-memory.ts";
import type { PieceStore } from "./piece-store.ts";

export function spillStore(disk: PieceStore, capBytes: number): PieceStore {
  const spilled = new Map<number, Uint8Array>();
  const lru = new PieceLru(capBytes);
  let tell: (index: number) => void = () => {};
  let tellFull: (error: AceError) => void = () => {};
  disk.onEvicted?.((index) => tell(index));
  const forget = (index: number) => {
    spilled.delete(index);
    lru.remove(index);
  };
  const spill = (index: number, piece: Uint8Array) => {
    spilled.set(index, keepPiece(piece));
    for (const gone of lru.add(index, piece.length)) {
      spilled.delete(gone);
      tell(gone);
    }
  };
  const drain = async () => {
    for (const [index, piece] of [...spilled]) {
      await disk.put(index, piece);
      forget(index);
    }
  };
  const { sync } = disk;
  return {
    isNew: disk.isNew,
    ...(disk.capBytes === undefined ? {} : { capBytes: disk.capBytes }),
    get: async (index) => {
      lru.touch(index);
      return spilled.get(index) ?? (await disk.get(index));
    },
    put: async (index, piece) => {
      try {
        await disk.put(index, piece);
      } catch (error) {
        if (!isAceError(error, "STORE_FULL")) throw error;
        spill(index, piece);
        tellFull(error);
        return;
      }
      // What cannot follow now follows the next one.
      await drain().catch(() => {});
    },
    close: async () => {
      await drain().catch(() => {});
      await disk.close();
    },
    mayHold: (index) => spilled.has(index) || (disk.mayHold?.(index) ?? true),
    ...(sync === undefined ? {} : { sync: () => sync() }),
    onEvicted: (listener) => {
      tell = listener;
    },
    onFull: (listener) => {
      tellFull = listener;
    },
  };
}
