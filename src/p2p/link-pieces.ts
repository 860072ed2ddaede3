/**
 * What one peer has: counted into the rarity of pieces, and how much of it we lack.
 *
 * Each change is one step; only a peer that says anew what it has costs a pass over the pieces.
 */
import { Bitfield } from "./bitfield.ts";
import type { PieceOrder } from "./piece-order.ts";

export interface PiecesTerms {
  readonly order: PieceOrder;
  /** What we have. */
  readonly had: Bitfield;
  peerHas(index: number): boolean;
  /** How many pieces the peer has. */
  peerPieces(): number;
}

export class LinkPieces {
  /** Pieces that the peer has and we do not. */
  lacking = 0;
  readonly #terms: PiecesTerms;
  #counted: Bitfield | "all" | undefined;

  constructor(terms: PiecesTerms) {
    this.#terms = terms;
  }

  /** The peer has everything. */
  get isSeed(): boolean {
    return this.#terms.peerPieces() === this.#terms.had.size;
  }

  /** The peer said which pieces it has, all at once. */
  recount(): void {
    this.clear();
    const { order, had, peerHas } = this.#terms;
    if (this.isSeed) {
      order.seeds += 1;
      this.#counted = "all";
      this.lacking = had.size - had.count;
      return;
    }
    const counted = new Bitfield(had.size);
    for (let index = 0; index < had.size; index += 1) {
      if (!peerHas(index)) continue;
      counted.set(index);
      order.raise(index);
      if (!had.has(index)) this.lacking += 1;
    }
    this.#counted = counted;
  }

  /** The peer has one piece more. */
  add(index: number): void {
    if (this.#counted === "all") return;
    this.#counted ??= new Bitfield(this.#terms.had.size);
    if (this.#counted.has(index)) return;
    this.#counted.set(index);
    this.#terms.order.raise(index);
    if (!this.#terms.had.has(index)) this.lacking += 1;
  }

  /** We have one piece more. */
  gained(index: number): void {
    if (this.#terms.peerHas(index)) this.lacking -= 1;
  }

  /** We have one piece less. */
  lost(index: number): void {
    if (this.#terms.peerHas(index)) this.lacking += 1;
  }

  /** The peer is gone, or says anew what it has. */
  clear(): void {
    const counted = this.#counted;
    this.#counted = undefined;
    this.lacking = 0;
    if (counted === "all") this.#terms.order.seeds -= 1;
    if (counted === undefined || counted === "all") return;
    for (let index = 0; index < counted.size; index += 1) {
      if (counted.has(index)) this.#terms.order.lower(index);
    }
  }
}
