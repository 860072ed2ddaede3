/** The pieces that a peer told us of last. What it makes up costs nobody but itself. */
import { LIVE_WINDOW_MAX_PIECES } from "./limits.ts";
import type { PieceSet } from "./wire-guard.ts";

export class RecentPieces implements PieceSet {
  readonly #seqs = new Set<number>();

  get count(): number {
    return this.#seqs.size;
  }

  has(seq: number): boolean {
    return this.#seqs.has(seq);
  }

  set(seq: number): void {
    this.#seqs.add(seq);
    for (const oldest of this.#seqs) {
      if (this.#seqs.size <= LIVE_WINDOW_MAX_PIECES) break;
      this.#seqs.delete(oldest);
    }
  }

  clear(): void {
    this.#seqs.clear();
  }
}
