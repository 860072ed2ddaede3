/**
 * Download: the pieces under way. Nothing counts as had before its hash is right and it is stored.
 *
 * Errors  A liar is told to the swarm with the evidence. A full disk stops new requests until a write
 *         succeeds again; no peer is blamed for it.
 */
import { AceError, isAceError } from "../lib/errors.ts";
import { invariant } from "../lib/invariant.ts";
import type { Bitfield } from "./bitfield.ts";
import { Blame, type Lie } from "./blame.ts";
import type { Chance } from "./chance.ts";
import { edgePieces } from "./edge-pieces.ts";
import { PARTIAL_BYTES_MAX, REST_SCAN_MAX, URGENT_PIECES } from "./engine-limits.ts";
import { BLOCK_MAX_BYTES } from "./limits.ts";
import { type Ask, type PickView, pickBlocks } from "./picker.ts";
import { PieceOrder } from "./piece-order.ts";
import { type AskTerms, firstBlocks, PieceParts } from "./piece-parts.ts";
import type { PieceStore } from "./piece-store.ts";
import type { Reading } from "./reading.ts";
import { isPieceGood, pieceSize, type Torrent } from "./torrent.ts";
import type { Block } from "./wire-guard.ts";

export interface DownloadEvents {
  onHad(index: number, piece: Uint8Array): void;
  onBad(index: number): void;
  onLie(lie: Lie): void;
  onStoreFault(error: AceError): void;
}

/** What a peer or supplier asks of the download: some of the blocks that it could bring. */
export interface TakeTerms extends Omit<Ask, "peer" | "reach" | "isSupplier"> {
  /** How long an answer may take before somebody else may be asked for what is urgent. */
  readonly patienceMs: number;
  readonly reach?: Ask["reach"];
  readonly isSupplier?: boolean;
}

export interface DownloadParts {
  readonly torrent: Torrent;
  readonly store: PieceStore;
  readonly had: Bitfield;
  readonly chance: Chance;
  readonly events: DownloadEvents;
}

export class Download implements PickView {
  readonly order: PieceOrder;
  readonly pieceLength: number;
  /** Everything is wanted, not only what readers ask for. */
  wantsAll = false;
  /** The disk refused the last piece. */
  isBlocked = false;
  /** The disk is full, and memory short: only what players wait for is fetched. */
  isFull = false;
  readonly #torrent: Torrent;
  readonly #store: PieceStore;
  readonly #had: Bitfield;
  readonly #events: DownloadEvents;
  readonly #blame = new Blame();
  readonly #parts = new Map<number, PieceParts>();
  /** Pieces begun that have blocks left to ask for. */
  readonly #open = new Set<number>();
  readonly #checking = new Set<number>();
  readonly #edges: readonly number[];
  readonly #readers = new Set<Reading>();
  /** By peer: where the last look for a rare piece ended. */
  readonly #cursors = new Map<string, number>();
  #partialBytes = 0;

  constructor({ torrent, store, had, chance, events }: DownloadParts) {
    this.#torrent = torrent;
    this.#store = store;
    this.#had = had;
    this.#events = events;
    this.pieceLength = torrent.pieceLength;
    this.order = new PieceOrder(torrent.pieceHashes.length, chance);
    for (let index = 0; index < had.size; index += 1) if (had.has(index)) this.order.remove(index);
    this.#edges = edgePieces(torrent);
  }

  get readers(): readonly Reading[] {
    return [...this.#readers].sort((a, b) => a.takenBytes - b.takenBytes);
  }

  get readerCount(): number {
    return this.#readers.size;
  }

  get edges(): readonly number[] {
    return this.#readers.size > 0 ? this.#edges : [];
  }

  /** How many blocks what players wait for comes to. */
  get urgentBlocks(): number {
    return this.#readers.size * URGENT_PIECES * Math.ceil(this.pieceLength / BLOCK_MAX_BYTES);
  }

  addReader(reader: Reading): void {
    // Who comes later does not catch up on what others took before it came.
    const [least] = this.readers;
    reader.takenBytes = least?.takenBytes ?? 0;
    this.#readers.add(reader);
  }

  removeReader(reader: Reading): void {
    this.#readers.delete(reader);
  }

  /** Blocks to ask this peer for now; each counts as asked from here on. */
  take(peer: string, terms: TakeTerms): readonly Block[] {
    if (terms.count <= 0 || this.#had.isFull || this.isBlocked) return [];
    const { nowMs, count, isSupplier = false, isTrusted = true } = terms;
    const reach = this.isFull ? "urgent" : (terms.reach ?? "all");
    const has = (index: number) => terms.has(index);
    const blocks = pickBlocks(this, { peer, nowMs, count, reach, isSupplier, isTrusted, has });
    const asker = { peer, lateAtMs: nowMs + terms.patienceMs };
    for (const block of blocks) {
      const parts = this.#parts.get(block.index) ?? this.#begin(block.index, peer);
      parts.ask(block, asker);
      if (!parts.hasFree) this.#open.delete(block.index);
      this.#readerOf(block.index)?.took(block.length);
    }
    return blocks;
  }

  /** The peer will not bring this block; somebody else may. */
  giveBack(peer: string, block: Block): void {
    const parts = this.#parts.get(block.index);
    parts?.giveBack(block, peer);
    // Nobody else may bring the rest of such a piece.
    if (parts?.isSolo && parts.owner === peer) this.#drop(parts);
    else if (parts?.hasFree) this.#open.add(block.index);
  }

  /** The peer is gone, or says nothing: what it had begun is anybody's. */
  release(peer: string): void {
    this.#cursors.delete(peer);
    for (const parts of [...this.#parts.values()]) {
      if (parts.owner !== peer) continue;
      if (parts.isSolo) this.#drop(parts);
      else parts.owner = "";
    }
  }

  /** Takes a block in. Answers the other peers that were asked for it too. */
  put(peer: string, block: Block, bytes: Uint8Array): readonly string[] {
    const parts = this.#parts.get(block.index);
    const others = parts?.put(block, peer, bytes);
    if (parts === undefined || others === undefined) return [];
    if (!parts.hasFree) this.#open.delete(block.index);
    if (parts.isComplete) void this.#check(parts);
    return others;
  }

  /** A piece that was had is not here any more. */
  lost(index: number): void {
    if (!this.#had.has(index) && !this.#parts.has(index)) this.order.insert(index);
  }

  /** A piece turned out to be in the store. */
  found(index: number): void {
    const parts = this.#parts.get(index);
    if (parts !== undefined) this.#end(parts);
    this.order.remove(index);
    this.#had.set(index);
  }

  tryStoreAgain(): void {
    this.isBlocked = false;
    this.isFull = false;
  }

  /** True when a reader, or the wish for all of it, still wants this piece. */
  isWanted(index: number): boolean {
    if (this.wantsAll || this.#edges.includes(index)) return true;
    return this.#readerOf(index) !== undefined;
  }

  /** True when a peer that just got this piece could be asked for some of it. */
  isOfUse(index: number): boolean {
    return this.order.has(index) || this.#open.has(index);
  }

  /** True while the block is neither here nor checked. */
  lacks(block: Block): boolean {
    if (this.isDone(block.index)) return false;
    return this.#parts.get(block.index)?.lacks(block) ?? true;
  }

  isDone(index: number): boolean {
    return this.#had.has(index) || this.#checking.has(index);
  }

  isUnderWay(index: number): boolean {
    return this.#parts.get(index)?.isUnderWay ?? false;
  }

  available(
    index: number,
    terms: AskTerms,
    { count, isUrgent }: { readonly count: number; readonly isUrgent: boolean },
  ): readonly Block[] {
    const parts = this.#parts.get(index);
    if (parts !== undefined) return parts.available(terms, count);
    if (!isUrgent && this.#partialBytes >= PARTIAL_BYTES_MAX) return [];
    return firstBlocks(index, pieceSize(this.#torrent, index), count);
  }

  begun(peer: string): { readonly own: readonly number[]; readonly others: readonly number[] } {
    const own: number[] = [];
    const others: number[] = [];
    for (const index of this.#open) {
      const owner = this.#parts.get(index)?.owner;
      if (owner === peer || owner === "") own.push(index);
      else others.push(index);
    }
    return { own, others };
  }

  rarest({ peer, has }: Ask, count: number): readonly number[] {
    if (this.#partialBytes >= PARTIAL_BYTES_MAX) return [];
    const cursor = this.#cursors.get(peer) ?? 0;
    const result = this.order.find(has, { count, scanMax: REST_SCAN_MAX, cursor });
    this.#cursors.set(peer, result.cursor);
    return result.found;
  }

  endgame(): readonly number[] | undefined {
    if (this.order.size > 0 || this.#open.size > 0) return undefined;
    return [...this.#parts.keys()];
  }

  #readerOf(index: number): Reading | undefined {
    for (const reader of this.#readers) if (reader.covers(index)) return reader;
    return undefined;
  }

  #begin(index: number, owner: string): PieceParts {
    const isSolo = this.#blame.isSuspect(index);
    const parts = new PieceParts(index, pieceSize(this.#torrent, index), { owner, isSolo });
    this.#parts.set(index, parts);
    this.#open.add(index);
    this.order.remove(index);
    this.#partialBytes += parts.bytes.length;
    return parts;
  }

  /** A piece begins anew. */
  #drop(parts: PieceParts): void {
    this.#end(parts);
    this.order.insert(parts.index);
  }

  #end(parts: PieceParts): void {
    this.#parts.delete(parts.index);
    this.#open.delete(parts.index);
    this.#partialBytes -= parts.bytes.length;
  }

  async #check(parts: PieceParts): Promise<void> {
    const { index, bytes } = parts;
    invariant(!this.#had.has(index), "a piece is fetched once");
    if (!isPieceGood(this.#torrent, index, bytes)) {
      this.#drop(parts);
      this.#onBad(parts);
      return;
    }
    this.#end(parts);
    this.#checking.add(index);
    for (const lie of this.#blame.good(parts)) this.#events.onLie(lie);
    try {
      await this.#store.put(index, bytes);
      this.isBlocked = false;
      this.#had.set(index);
    } catch (error) {
      this.isBlocked = true;
      this.order.insert(index);
      this.#events.onStoreFault(storeFaultOf(error));
      return;
    } finally {
      this.#checking.delete(index);
    }
    this.#events.onHad(index, bytes);
    parts.release();
  }

  #onBad(parts: PieceParts): void {
    const expected = this.#torrent.pieceHashes[parts.index]?.toHex() ?? "";
    const lie = this.#blame.bad(parts, expected);
    if (lie !== undefined) this.#events.onLie(lie);
    this.#events.onBad(parts.index);
  }
}

/** Nobody waits for `#check`: a fault of an unknown kind stops fetching as a full disk does. */
function storeFaultOf(cause: unknown): AceError {
  return isAceError(cause) ? cause : new AceError("INTERNAL", "the store failed", { cause });
}
