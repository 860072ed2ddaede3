/**
 * The blocks of one piece that is under way: which are here, and who was asked for the others.
 *
 * Units   `place` counts blocks in the piece; `lateAtMs` is when an answer is overdue.
 */
import { BLOCK_MAX_BYTES } from "./limits.ts";
import { lendPiece, releasePiece } from "./piece-memory.ts";
import type { Block } from "./wire-guard.ts";

interface Asker {
  readonly peer: string;
  readonly lateAtMs: number;
}

interface Slot {
  /** Who brought it; undefined while it is missing. */
  giver: string | undefined;
  askers: readonly Asker[];
}

/** What decides whether a block may be asked of one more peer. */
export interface AskTerms {
  readonly peer: string;
  readonly nowMs: number;
  /** A block that is overdue may be asked of a second peer. */
  readonly mayDouble: boolean;
  /** A supplier comes on top of the peers that are late. */
  readonly isSupplier: boolean;
}

const NOBODY: readonly Asker[] = [];
const NO_PEERS: readonly string[] = [];
const ASKERS_MAX = 2;

export class PieceParts {
  readonly index: number;
  readonly bytes: Uint8Array;
  /** Nobody else may take part: an earlier try of this piece, by several, was bad. */
  readonly isSolo: boolean;
  /** Who was asked first. */
  owner: string;
  readonly #slots: Slot[];
  #missing: number;
  /** Blocks that nobody was asked for and nobody brought. */
  #free: number;

  constructor(index: number, sizeBytes: number, terms: { owner: string; isSolo: boolean }) {
    this.index = index;
    // Every byte of it is written before any is read.
    this.bytes = lendPiece(sizeBytes);
    this.owner = terms.owner;
    this.isSolo = terms.isSolo;
    const length = blockCount(sizeBytes);
    this.#slots = Array.from({ length }, () => ({ giver: undefined, askers: NOBODY }));
    this.#missing = length;
    this.#free = length;
  }

  get isComplete(): boolean {
    return this.#missing === 0;
  }

  get hasFree(): boolean {
    return this.#free > 0;
  }

  /** Somebody was asked for a block that is not here yet. */
  get isUnderWay(): boolean {
    return this.#missing > this.#free;
  }

  get blocks(): number {
    return this.#slots.length;
  }

  get givers(): ReadonlySet<string> {
    return new Set(this.#slots.map(({ giver }) => giver ?? ""));
  }

  giverOf(place: number): string | undefined {
    return this.#slots[place]?.giver;
  }

  /** The bytes of one block, where they lie in the piece. */
  block(place: number): Uint8Array {
    return this.bytes.subarray(place * BLOCK_MAX_BYTES, (place + 1) * BLOCK_MAX_BYTES);
  }

  /** At most `count` blocks that this peer may be asked for, from the first on. */
  available(terms: AskTerms, count: number): readonly Block[] {
    const blocks: Block[] = [];
    if (this.isSolo && this.owner !== terms.peer) return blocks;
    if (this.#free === 0 && !terms.mayDouble) return blocks;
    for (let place = 0; place < this.#slots.length && blocks.length < count; place += 1) {
      const slot = this.#slots[place];
      if (slot === undefined || !mayAsk(slot, terms)) continue;
      const offset = place * BLOCK_MAX_BYTES;
      const length = Math.min(BLOCK_MAX_BYTES, this.bytes.length - offset);
      blocks.push({ index: this.index, offset, length });
    }
    return blocks;
  }

  ask({ offset }: Block, asker: Asker): void {
    const slot = this.#slotAt(offset);
    if (slot === undefined || slot.giver !== undefined) return;
    if (slot.askers.length === 0) this.#free -= 1;
    slot.askers = slot.askers.length === 0 ? [asker] : [...slot.askers, asker];
  }

  /** The peer will not bring it. */
  giveBack({ offset }: Block, peer: string): void {
    const slot = this.#slotAt(offset);
    if (slot === undefined || !slot.askers.some((asker) => asker.peer === peer)) return;
    slot.askers = slot.askers.filter((asker) => asker.peer !== peer);
    if (slot.askers.length === 0) this.#free += 1;
  }

  /** Answers the others that were asked for the block; undefined when it was here already. */
  put({ offset }: Block, peer: string, bytes: Uint8Array): readonly string[] | undefined {
    const slot = this.#slotAt(offset);
    if (slot === undefined || slot.giver !== undefined) return undefined;
    if (this.isSolo && this.owner !== peer) return undefined;
    this.bytes.set(bytes, offset);
    const others = othersOf(slot.askers, peer);
    if (slot.askers.length === 0) this.#free -= 1;
    slot.giver = peer;
    slot.askers = NOBODY;
    this.#missing -= 1;
    return others;
  }

  /** True when the block is not here yet. */
  lacks({ offset }: Block): boolean {
    const slot = this.#slotAt(offset);
    return slot !== undefined && slot.giver === undefined;
  }

  /** Whoever got the piece meanwhile holds it. */
  release(): void {
    releasePiece(this.bytes);
  }

  #slotAt(offset: number): Slot | undefined {
    return this.#slots[offset / BLOCK_MAX_BYTES];
  }
}

/** How many blocks a piece of this size has. */
function blockCount(pieceBytes: number): number {
  return Math.ceil(pieceBytes / BLOCK_MAX_BYTES);
}

/** Most blocks are asked of one peer, and come from it. */
function othersOf(askers: readonly Asker[], peer: string): readonly string[] {
  if (askers.length === 0 || (askers.length === 1 && askers[0]?.peer === peer)) return NO_PEERS;
  return askers.map((asker) => asker.peer).filter((other) => other !== peer);
}

function mayAsk(slot: Slot, terms: AskTerms): boolean {
  if (slot.giver !== undefined) return false;
  if (slot.askers.length === 0) return true;
  return terms.mayDouble && mayDouble(slot.askers, terms);
}

function mayDouble(askers: readonly Asker[], terms: AskTerms): boolean {
  if (askers.some(({ peer }) => peer === terms.peer)) return false;
  if (askers.length >= ASKERS_MAX + (terms.isSupplier ? 1 : 0)) return false;
  return askers.every(({ lateAtMs }) => terms.nowMs >= lateAtMs);
}

/** At most `count` blocks of a piece that nobody has begun. */
export function firstBlocks(index: number, sizeBytes: number, count: number): readonly Block[] {
  const length = Math.min(count, blockCount(sizeBytes));
  return Array.from({ length }, (_, place) => {
    const offset = place * BLOCK_MAX_BYTES;
    return { index, offset, length: Math.min(BLOCK_MAX_BYTES, sizeBytes - offset) };
  });
}
