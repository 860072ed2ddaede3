/**
 * Blame: who lied in a bad piece, by proof and never by suspicion.
 *
 * Alone in a bad piece, a peer lied. Of several, nobody is blamed yet: the piece is fetched again from
 * one peer alone, and what each had brought is compared with the good bytes when they are here. So
 * every bad piece finds a liar, and no honest peer is ever taken for one.
 *
 * Range   The blocks of at most `SUSPECT_PIECES_MAX` pieces are remembered.
 */
import { hash } from "node:crypto";
import { SUSPECT_PIECES_MAX } from "./engine-limits.ts";
import type { PieceParts } from "./piece-parts.ts";

/** The evidence: what the bytes should have been, and what they were, as SHA-1 in hexadecimal. */
export interface Lie {
  readonly giver: string;
  readonly piece: number;
  readonly expected: string;
  readonly got: string;
}

interface Suspicion {
  readonly giver: string;
  readonly digest: string;
}

export class Blame {
  readonly #suspects = new Map<number, readonly Suspicion[][]>();

  /** True when the piece must come from one peer alone. */
  isSuspect(index: number): boolean {
    return this.#suspects.has(index);
  }

  /** The piece is not what its hash says. */
  bad(parts: PieceParts, expected: string): Lie | undefined {
    const [giver, another] = parts.givers;
    if (giver !== undefined && another === undefined) {
      const got = hash("sha1", parts.bytes, "hex");
      return { giver, piece: parts.index, expected, got };
    }
    const known = this.#suspects.get(parts.index) ?? [];
    const suspicions = Array.from({ length: parts.blocks }, (_, place) => [
      ...(known[place] ?? []),
      suspicionOf(parts, place),
    ]);
    this.#suspects.set(parts.index, suspicions);
    for (const oldest of this.#suspects.keys()) {
      if (this.#suspects.size <= SUSPECT_PIECES_MAX) break;
      this.#suspects.delete(oldest);
    }
    return undefined;
  }

  /** The piece is good: whoever brought other bytes before, lied. */
  good(parts: PieceParts): readonly Lie[] {
    const suspicions = this.#suspects.get(parts.index);
    if (suspicions === undefined) return [];
    this.#suspects.delete(parts.index);
    const lies = new Map<string, Lie>();
    for (const [place, brought] of suspicions.entries()) {
      const expected = hash("sha1", parts.block(place), "hex");
      for (const { giver, digest: got } of brought) {
        if (got !== expected) lies.set(giver, { giver, piece: parts.index, expected, got });
      }
    }
    return [...lies.values()];
  }
}

function suspicionOf(parts: PieceParts, place: number): Suspicion {
  return { giver: parts.giverOf(place) ?? "", digest: hash("sha1", parts.block(place), "hex") };
}
