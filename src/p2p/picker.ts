/**
 * Picker: which blocks to ask one peer for next, so that what is watched arrives first.
 *
 * Order   Urgent: the pieces at each playhead. Ahead: what follows, as far as the buffer goes.
 *         Edges: both ends of the file, where players look for its index. Rest: everything, rarest
 *         first, only when the whole is wanted and nothing urgent is on its way. Readers take turns,
 *         so none starves another. At the very end, what is overdue is asked of a second peer.
 * Units   `playhead` and `last` count pieces.
 */
import { URGENT_PIECES } from "./engine-limits.ts";
import { BLOCK_MAX_BYTES } from "./limits.ts";
import type { AskTerms } from "./piece-parts.ts";
import type { Block } from "./wire-guard.ts";

/** One open range of a player: from its playhead to its last piece. */
export interface Reader {
  readonly playhead: number;
  readonly last: number;
  /** How many pieces after the playhead are fetched before they are needed. */
  readonly aheadPieces: number;
}

export interface Ask extends Omit<AskTerms, "mayDouble"> {
  readonly count: number;
  /** `urgent` answers what a player waits for and nothing else. */
  readonly reach: "urgent" | "all";
  /** False for a peer that is silent: what another was asked for is not asked of it too. */
  readonly isTrusted?: boolean;
  has(index: number): boolean;
}

/** What the picker sees of a download. */
export interface PickView {
  /** The one that got least comes first. */
  readonly readers: readonly Reader[];
  /** Pieces at the ends of the file, wanted once at the start. */
  readonly edges: readonly number[];
  readonly wantsAll: boolean;
  readonly pieceLength: number;
  /** Pieces that are had, or only wait to be checked. */
  isDone(index: number): boolean;
  /** Some block of the piece was asked for and is not here yet. */
  isUnderWay(index: number): boolean;
  /** Blocks of a piece that this peer may be asked for; may begin the piece in thought only. */
  available(
    index: number,
    terms: AskTerms,
    limits: { count: number; isUrgent: boolean },
  ): readonly Block[];
  /** Pieces begun with blocks left to ask for: those this peer or nobody is at, then the others. */
  begun(peer: string): { readonly own: readonly number[]; readonly others: readonly number[] };
  /** Pieces nobody has begun, rarest first. */
  rarest(ask: Ask, count: number): readonly number[];
  /** Every missing block was asked for: the pieces they are in. Undefined before. */
  endgame(): readonly number[] | undefined;
}

/** At most `count` blocks that `peer` has and should be asked for now. */
export function pickBlocks(view: PickView, ask: Ask): readonly Block[] {
  const picks = new Picks(view, ask);
  picks.addAll(urgentPieces(view.readers), "urgent");
  if (ask.reach === "urgent") return picks.blocks;
  picks.addAll(aheadPieces(view.readers), "ahead");
  picks.addAll(view.edges, "ahead");
  if (!view.wantsAll || picks.isFull || isUrgentUnderWay(view)) return picks.blocks;
  const { own, others } = view.begun(ask.peer);
  picks.addAll(own, "rest");
  if (!picks.isFull) picks.addAll(view.rarest(ask, picks.piecesLeft), "rest");
  picks.addAll(others, "rest");
  if (picks.blocks.length === 0) picks.addAll(view.endgame() ?? [], "endgame");
  return picks.blocks;
}

type Band = "urgent" | "ahead" | "rest" | "endgame";

class Picks {
  readonly blocks: Block[] = [];
  readonly #view: PickView;
  readonly #ask: Ask;
  readonly #seen = new Set<number>();

  constructor(view: PickView, ask: Ask) {
    this.#view = view;
    this.#ask = ask;
  }

  get isFull(): boolean {
    return this.blocks.length >= this.#ask.count;
  }

  /** How many whole pieces what is left to pick comes to. */
  get piecesLeft(): number {
    const blocks = Math.ceil(this.#view.pieceLength / BLOCK_MAX_BYTES);
    return Math.ceil((this.#ask.count - this.blocks.length) / blocks);
  }

  addAll(pieces: Iterable<number>, band: Band): void {
    for (const index of pieces) {
      if (this.isFull) return;
      if (!this.#seen.has(index)) this.#add(index, band);
    }
  }

  #add(index: number, band: Band): void {
    const ask = this.#ask;
    if (this.#view.isDone(index) || !ask.has(index)) return;
    // What an earlier band took of a piece is not marked yet: the piece is looked at once.
    if (band !== "endgame") this.#seen.add(index);
    const { peer, nowMs, isSupplier } = ask;
    const mayDouble = (band === "urgent" || band === "endgame") && ask.isTrusted !== false;
    const terms = { peer, nowMs, isSupplier, mayDouble };
    const limits = { count: ask.count - this.blocks.length, isUrgent: band === "urgent" };
    this.blocks.push(...this.#view.available(index, terms, limits));
  }
}

function* urgentPieces(readers: readonly Reader[]): Generator<number> {
  for (let step = 0; step < URGENT_PIECES; step += 1) {
    for (const { playhead, last } of readers) {
      if (playhead + step <= last) yield playhead + step;
    }
  }
}

function* aheadPieces(readers: readonly Reader[]): Generator<number> {
  const farthest = Math.max(0, ...readers.map(({ aheadPieces }) => aheadPieces));
  for (let step = URGENT_PIECES; step < farthest; step += 1) {
    for (const { playhead, last, aheadPieces } of readers) {
      if (step < aheadPieces && playhead + step <= last) yield playhead + step;
    }
  }
}

function isUrgentUnderWay(view: PickView): boolean {
  for (const index of urgentPieces(view.readers)) {
    if (!view.isDone(index) && view.isUnderWay(index)) return true;
  }
  return false;
}
