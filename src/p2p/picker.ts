/**
 * Picker: which blocks to ask one peer for next, so that what is watched arrives first.
 *
 * Order   Urgent: the pieces at each playhead. Ahead: what follows, as far as the buffer goes.
 *         Edges: both ends of the file, where players look for its index. Rest: everything, in
 *         order, only when the whole is wanted. Readers take turns, so none starves another.
 * Units   `playhead` and `last` count pieces; `nowMs` is the swarm's clock.
 */
import { BLOCK_MAX_BYTES, DUPLICATE_AFTER_MS, URGENT_PIECES } from "./limits.ts";
import type { Block } from "./wire-guard.ts";

/** One open range of a player: from its playhead to its last piece. */
export interface Reader {
  readonly playhead: number;
  readonly last: number;
}

interface Slot {
  readonly isHad: boolean;
  /** By peer: when it was asked for this block. */
  readonly asked: ReadonlyMap<string, number>;
}

interface Wanted {
  readonly pieces: number;
  readonly readers: readonly Reader[];
  /** How many pieces after a playhead are fetched before they are needed. */
  readonly aheadPieces: number;
  /** Pieces at the ends of the file, wanted once at the start. */
  readonly edges: readonly number[];
  /** The first missing piece, when the whole is wanted. */
  readonly restFrom: number | undefined;
}

export interface PickInput {
  readonly wanted: Wanted;
  readonly peer: string;
  readonly count: number;
  readonly nowMs: number;
  pieceSize(index: number): number;
  /** Pieces that are had, or only wait to be checked. */
  isDone(index: number): boolean;
  peerHas(index: number): boolean;
  /** The blocks of a piece that has begun; undefined before. */
  slots(index: number): readonly Slot[] | undefined;
  /** Whether a piece that has not begun may, as memory goes. */
  mayBegin(isUrgent: boolean): boolean;
}

interface Candidate {
  readonly index: number;
  readonly isUrgent: boolean;
}

/** How far beyond the first missing piece the rest is looked for at one pick. */
const REST_SCAN_MAX = 1_024;

/** At most `count` blocks that `peer` has and should be asked for now. */
export function pickBlocks(input: PickInput): readonly Block[] {
  const picked: Block[] = [];
  const seen = new Set<number>();
  for (const { index, isUrgent } of candidates(input.wanted)) {
    if (picked.length >= input.count) break;
    if (seen.has(index) || input.isDone(index) || !input.peerHas(index)) continue;
    seen.add(index);
    if (input.slots(index) === undefined && !input.mayBegin(isUrgent)) continue;
    picked.push(...freeBlocks(input, index, isUrgent, input.count - picked.length));
  }
  return picked;
}

/** How many blocks a piece of this size has. */
export function blockCount(pieceBytes: number): number {
  return Math.ceil(pieceBytes / BLOCK_MAX_BYTES);
}

function freeBlocks(
  input: PickInput,
  index: number,
  isUrgent: boolean,
  count: number,
): readonly Block[] {
  const size = input.pieceSize(index);
  const slots = input.slots(index);
  const blocks: Block[] = [];
  for (let place = 0; place < blockCount(size) && blocks.length < count; place += 1) {
    const slot = slots?.[place];
    if (slot !== undefined && !isFree(slot, isUrgent, input)) continue;
    const offset = place * BLOCK_MAX_BYTES;
    blocks.push({ index, offset, length: Math.min(BLOCK_MAX_BYTES, size - offset) });
  }
  return blocks;
}

/** Nobody was asked; or it is urgent, one other peer was, and that one is late. */
function isFree(slot: Slot, isUrgent: boolean, { peer, nowMs }: PickInput): boolean {
  if (slot.isHad || slot.asked.has(peer)) return false;
  const [askedMs, another] = slot.asked.values();
  if (askedMs === undefined) return true;
  return isUrgent && another === undefined && nowMs - askedMs >= DUPLICATE_AFTER_MS;
}

function* candidates(wanted: Wanted): Generator<Candidate> {
  const { readers, aheadPieces, edges, restFrom, pieces } = wanted;
  for (let step = 0; step < Math.max(URGENT_PIECES, aheadPieces); step += 1) {
    for (const { playhead, last } of readers) {
      if (playhead + step > last) continue;
      yield { index: playhead + step, isUrgent: step < URGENT_PIECES };
    }
  }
  for (const index of edges) yield { index, isUrgent: false };
  if (restFrom === undefined) return;
  const end = Math.min(pieces, restFrom + REST_SCAN_MAX);
  for (let index = restFrom; index < end; index += 1) yield { index, isUrgent: false };
}
