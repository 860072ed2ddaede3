/**
 * Suppliers: sources of pieces with a price, such as web seeds. Peers come first; a supplier is asked
 * when they are not enough, and let go when they are.
 *
 * Flow    `start` once; `tick` several times a second with what is needed; the supplier answers by
 *         taking blocks, and puts or gives back each one it took. `stop` once, at the end.
 * Source  BEP 19.
 */
import type { Block } from "./wire-guard.ts";

/**
 * Without need a supplier begins nothing new. `late`: no peer delivers what a player waits for, and
 * `take` answers only that. `alone`: there is no peer to ask, and `take` answers all that is wanted.
 */
export type SupplyNeed = "none" | "late" | "alone";

/** What a supplier may do with its swarm's download. */
export interface SupplierDesk {
  /** At most `count` blocks, most urgent first; those of one piece follow one another. */
  take(count: number): readonly Block[];
  put(block: Block, bytes: Uint8Array): void;
  giveBack(block: Block): void;
  /** False when the block came from elsewhere or nobody wants it any more: it need not be fetched. */
  isWanted(block: Block): boolean;
}

export interface Supplier {
  /** Names it among the suppliers and peers of the swarm; shown to people. */
  readonly id: string;
  /** How long what a player waits for is left to peers. `CDN_AFTER_MS` when absent; 0 comes before them. */
  readonly afterMs?: number;
  start(desk: SupplierDesk): void;
  tick(need: SupplyNeed, nowMs: number): void;
  /** It alone gave this piece, and the piece is not what its hash says: it is asked no more. */
  onBad(index: number): void;
  stop(): void;
}
