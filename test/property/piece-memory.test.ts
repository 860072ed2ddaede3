import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CACHED_BYTES_MAX } from "../../src/p2p/limits.ts";
import { PieceCache } from "../../src/p2p/piece-cache.ts";
import { holdPiece, keepPiece, lendPiece, releasePiece } from "../../src/p2p/piece-memory.ts";
import type { PieceStore } from "../../src/p2p/piece-store.ts";

const RUNS = 200;
const PIECE_BYTES = 4_096;

/** What a test writes into a piece and finds in it for as long as somebody holds it. */
function fill(piece: Uint8Array, mark: number): Uint8Array {
  return piece.fill(mark % 251);
}

function isWhole(piece: Uint8Array, mark: number): boolean {
  return piece.every((byte) => byte === mark % 251);
}

interface Marked {
  readonly piece: Uint8Array;
  readonly mark: number;
}

/** Everybody that holds memory of pieces, and what each wrote into its own. */
class Holders {
  readonly held: Marked[] = [];
  readonly #kept: Marked[] = [];

  do(kind: string, pick: number, mark: number): void {
    if (kind === "lend") this.held.push({ piece: fill(lendPiece(PIECE_BYTES), mark), mark });
    const at = pick % Math.max(1, this.held.length);
    const one = this.held[at];
    if (one === undefined) return;
    if (kind === "hold") this.held.push({ ...one, piece: holdPiece(one.piece) });
    if (kind === "keep") this.#kept.push({ ...one, piece: keepPiece(one.piece) });
    if (kind !== "release") return;
    this.held.splice(at, 1);
    releasePiece(one.piece);
  }

  get areAllWhole(): boolean {
    return [...this.held, ...this.#kept].every(({ piece, mark }) => isWhole(piece, mark));
  }
}

describe("memory of pieces", () => {
  it("is never lent again while anybody holds it, in whatever order it is held and released", () => {
    const step = fc.record({
      kind: fc.constantFrom("lend", "lend", "hold", "release", "release", "keep"),
      pick: fc.nat(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const holders = new Holders();
        for (const [mark, { kind, pick }] of steps.entries()) {
          holders.do(kind, pick, mark);
          expect(holders.areAllWhole).toBe(true);
        }
        for (const { piece } of holders.held) releasePiece(piece);
      }),
      { numRuns: RUNS },
    );
  });

  it("is used again once the last has let it go", () => {
    const first = lendPiece(PIECE_BYTES + 1);
    holdPiece(first);
    releasePiece(first);
    expect(lendPiece(PIECE_BYTES + 1).buffer).not.toBe(first.buffer);
    releasePiece(first);
    expect(lendPiece(PIECE_BYTES + 1).buffer).toBe(first.buffer);
  });

  it("refuses to be released more often than it was held", () => {
    const piece = lendPiece(PIECE_BYTES);
    releasePiece(piece);
    expect(() => releasePiece(piece)).toThrow("released once");
  });
});

/** Large, so that few of them are more than a cache keeps. */
const LARGE_BYTES = CACHED_BYTES_MAX / 8;
const LARGE_PIECES = 24;

function markedStore(): PieceStore {
  return {
    isNew: false,
    get: async (index) => {
      const piece = lendPiece(LARGE_BYTES);
      await Promise.resolve();
      piece[0] = index;
      piece[LARGE_BYTES - 1] = index;
      return piece;
    },
    put: async () => {},
    close: async () => {},
  };
}

function holds(piece: Uint8Array | undefined, index: number): boolean {
  return piece?.[0] === index && piece[LARGE_BYTES - 1] === index;
}

/** What is on its way to peers and players. */
class Sending {
  readonly #cache: PieceCache;
  #pieces: { readonly piece: Uint8Array; readonly index: number }[] = [];

  constructor(cache: PieceCache) {
    this.#cache = cache;
  }

  async do(kind: string, index: number): Promise<void> {
    if (kind === "get") await this.#get(index);
    if (kind === "player") this.#add(keepPiece(await this.#cache.get(index)), index);
    if (kind === "atHand") this.#add(this.#cache.atHand(index), index);
    if (kind === "sent") this.end(1);
  }

  end(count = this.#pieces.length): void {
    for (const { piece } of this.#pieces.splice(0, count)) releasePiece(piece);
  }

  get areAllRight(): boolean {
    return this.#pieces.every(({ piece, index }) => holds(piece, index));
  }

  /** Several at once: the later ones push the earlier ones out before they are read. */
  async #get(index: number): Promise<void> {
    const many = [0, 1, 2].map((more) => (index + more) % LARGE_PIECES);
    const pieces = await Promise.all(many.map((one) => this.#cache.get(one)));
    for (const [place, piece] of pieces.entries()) this.#add(piece, many[place] ?? 0);
  }

  #add(piece: Uint8Array | undefined, index: number): void {
    if (piece !== undefined) this.#pieces.push({ piece, index });
  }
}

describe("cache of pieces", () => {
  it("overwrites no piece that a peer is still being sent, though it has let it go itself", async () => {
    const step = fc.record({
      index: fc.nat({ max: LARGE_PIECES - 1 }),
      kind: fc.constantFrom("get", "atHand", "sent", "sent", "player"),
    });
    const cache = new PieceCache(markedStore(), LARGE_BYTES);
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const sending = new Sending(cache);
        for (const { index, kind } of steps) {
          await sending.do(kind, index);
          expect(sending.areAllRight).toBe(true);
        }
        sending.end();
      }),
      { numRuns: 30 },
    );
    cache.close();
  });

  it("reads a piece once for all that ask at the same time, and again after a read that failed", async () => {
    let reads = 0;
    const store: PieceStore = {
      ...markedStore(),
      get: async (index) => {
        reads += 1;
        if (reads === 1) throw new Error("the disk is away");
        return await markedStore().get(index);
      },
    };
    const cache = new PieceCache(store, LARGE_BYTES);
    await expect(cache.get(3)).rejects.toThrow("the disk is away");
    const [one, other] = await Promise.all([cache.get(3), cache.get(3)]);
    expect(one).toBe(other);
    expect(reads).toBe(2);
    expect(holds(cache.atHand(3), 3)).toBe(true);
    cache.close();
    expect(cache.atHand(3)).toBeUndefined();
  });

  it("keeps nothing of a content that was closed while a peer waited and a piece came", async () => {
    const cache = new PieceCache(markedStore(), LARGE_BYTES);
    const waiting = cache.get(1);
    cache.close();
    const pieces = [await waiting, await cache.get(2)];
    expect(pieces.map((piece, place) => holds(piece, place + 1))).toEqual([true, true]);
    const [come] = pieces;
    if (come !== undefined) cache.remember(1, come);
    expect([1, 2].some((index) => cache.atHand(index) !== undefined)).toBe(false);
    // Held once each, for who asked: the memory may be used again when that one is done.
    for (const piece of pieces) releasePiece(piece);
    for (const piece of pieces) expect(() => releasePiece(piece)).toThrow("released once");
  });
});
