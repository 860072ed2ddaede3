/**
 * Piece order: the missing pieces nobody has begun, rarest first, ties in random order.
 *
 * Every change costs a few swaps, whatever the number of pieces: they stand in one array, in buckets
 * by how many peers have them. Peers that have everything are one number, not a change per piece.
 *
 * Units   `rarity` counts peers that have a piece, those with everything left out.
 */
import { invariant } from "../lib/invariant.ts";
import type { Chance } from "./chance.ts";

export class PieceOrder {
  /** Peers that have everything. */
  seeds = 0;
  readonly #chance: Chance;
  /** First the pieces that are taken out, then bucket after bucket. */
  readonly #pieces: Uint32Array;
  /** Where each piece stands in `#pieces`. */
  readonly #places: Uint32Array;
  readonly #rarities: Uint16Array;
  /** Where each bucket begins; the last one ends with the array. */
  readonly #starts: number[] = [0];

  /** All pieces are in, shuffled. */
  constructor(size: number, chance: Chance) {
    this.#chance = chance;
    this.#pieces = Uint32Array.from({ length: size }, (_, index) => index);
    this.#places = this.#pieces.slice();
    this.#rarities = new Uint16Array(size);
    for (let place = size - 1; place > 0; place -= 1) this.#swap(place, chance.below(place + 1));
  }

  get size(): number {
    return this.#pieces.length - this.#startOf(0);
  }

  has(index: number): boolean {
    return this.#placeOf(index) >= this.#startOf(0);
  }

  rarityOf(index: number): number {
    return this.#rarities[index] ?? 0;
  }

  /** One more peer has this piece. */
  raise(index: number): void {
    const rarity = this.rarityOf(index);
    this.#rarities[index] = rarity + 1;
    if (this.#starts.length < rarity + 2) this.#starts.push(this.#pieces.length);
    if (this.has(index)) this.#moveUp(index, rarity);
  }

  /** One peer less has this piece. */
  lower(index: number): void {
    const rarity = this.rarityOf(index);
    invariant(rarity > 0, "a peer that leaves was counted when it came");
    this.#rarities[index] = rarity - 1;
    if (this.has(index)) this.#moveDown(index, rarity);
  }

  /** It is begun, or here. */
  remove(index: number): void {
    if (!this.has(index)) return;
    for (let bucket = this.rarityOf(index); bucket >= 0; bucket -= 1) this.#moveDown(index, bucket);
  }

  /** It is missing again. */
  insert(index: number): void {
    if (this.has(index)) return;
    for (let bucket = -1; bucket < this.rarityOf(index); bucket += 1) this.#moveUp(index, bucket);
  }

  /**
   * At most `count` pieces that pass `has`, rarest first. Looks at `scanMax` pieces: half of them from
   * the rarest on, the rest from `cursor` on, so that a peer with few pieces is asked for them in the end.
   */
  find(has: (index: number) => boolean, limits: FindLimits): FoundPieces {
    const { count, scanMax, cursor } = limits;
    // Without a peer that has everything, nobody has what is in the first bucket.
    const start = this.#startOf(this.seeds > 0 ? 0 : 1);
    const end = this.#pieces.length;
    const found: number[] = [];
    const look = (from: number, to: number): number => {
      let place = from;
      for (; place < to && found.length < count; place += 1) {
        const index = this.#pieces[place] ?? 0;
        if (has(index)) found.push(index);
      }
      return place;
    };
    const half = Math.ceil(scanMax / 2);
    const seen = look(start, Math.min(end, start + half));
    const from = cursor < seen || cursor >= end ? seen : cursor;
    return { found, cursor: look(from, Math.min(end, from + half)) };
  }

  #moveUp(index: number, bucket: number): void {
    const next = bucket + 1;
    this.#starts[next] = this.#startOf(next) - 1;
    this.#swap(this.#placeOf(index), this.#startOf(next));
    this.#mix(index, next);
  }

  #moveDown(index: number, bucket: number): void {
    this.#swap(this.#placeOf(index), this.#startOf(bucket));
    this.#starts[bucket] = this.#startOf(bucket) + 1;
    if (bucket > 0) this.#mix(index, bucket - 1);
  }

  /** A piece that joins a bucket stands at its edge: without this, ties would go by who came last. */
  #mix(index: number, bucket: number): void {
    const start = this.#startOf(bucket);
    const end = this.#startOf(bucket + 1);
    this.#swap(this.#placeOf(index), start + this.#chance.below(end - start));
  }

  #swap(a: number, b: number): void {
    const pieceA = this.#pieces[a] ?? 0;
    const pieceB = this.#pieces[b] ?? 0;
    this.#pieces[a] = pieceB;
    this.#pieces[b] = pieceA;
    this.#places[pieceA] = b;
    this.#places[pieceB] = a;
  }

  #placeOf(index: number): number {
    return this.#places[index] ?? 0;
  }

  #startOf(bucket: number): number {
    return this.#starts[bucket] ?? this.#pieces.length;
  }
}

interface FindLimits {
  readonly count: number;
  readonly scanMax: number;
  /** Where the last look of this peer ended; 0 at first. */
  readonly cursor: number;
}

interface FoundPieces {
  readonly found: readonly number[];
  readonly cursor: number;
}
