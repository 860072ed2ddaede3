/**
 * Download: the pieces under way. Nothing counts as had before its hash is right and it is stored.
 *
 * Errors  A bad piece is told to the swarm with the peers that had a part in it. A full disk stops
 *         new requests until a write succeeds again; no peer is blamed for it.
 */
import { type AceError, isAceError } from "../lib/errors.ts";
import { invariant } from "../lib/invariant.ts";
import type { Bitfield } from "./bitfield.ts";
import { AHEAD_BYTES, BLOCK_MAX_BYTES, EDGE_BYTES, PARTIAL_BYTES_MAX } from "./limits.ts";
import { blockCount, pickBlocks, type Reader } from "./picker.ts";
import type { PieceStore } from "./piece-store.ts";
import { isPieceGood, pieceSize, type Torrent } from "./torrent.ts";
import type { Block } from "./wire-guard.ts";

export interface DownloadEvents {
  onHad(index: number): void;
  onBad(index: number, peers: ReadonlySet<string>): void;
  onStoreFault(error: AceError): void;
}

interface Partial {
  readonly bytes: Uint8Array;
  readonly slots: { isHad: boolean; readonly asked: Map<string, number> }[];
  readonly givers: Set<string>;
  missing: number;
}

export class Download {
  readonly readers = new Set<Reader>();
  /** Everything is wanted, not only what readers ask for. */
  wantsAll = false;
  /** The disk refused the last piece. */
  isBlocked = false;
  readonly #torrent: Torrent;
  readonly #store: PieceStore;
  readonly #had: Bitfield;
  readonly #events: DownloadEvents;
  readonly #partials = new Map<number, Partial>();
  readonly #checking = new Set<number>();
  readonly #edges: readonly number[];
  #partialBytes = 0;
  #firstMissing = 0;

  constructor(torrent: Torrent, store: PieceStore, had: Bitfield, events: DownloadEvents) {
    this.#torrent = torrent;
    this.#store = store;
    this.#had = had;
    this.#events = events;
    this.#edges = edgePieces(torrent);
  }

  /** Blocks to ask this peer for now; each counts as asked from here on. */
  take(
    peer: string,
    count: number,
    nowMs: number,
    peerHas: (index: number) => boolean,
  ): readonly Block[] {
    if (count <= 0 || this.#had.isFull || this.isBlocked) return [];
    const blocks = pickBlocks({
      wanted: this.#wanted(),
      peer,
      count,
      nowMs,
      pieceSize: (index) => pieceSize(this.#torrent, index),
      isDone: (index) => this.#had.has(index) || this.#checking.has(index),
      peerHas,
      slots: (index) => this.#partials.get(index)?.slots,
      mayBegin: (isUrgent) => isUrgent || this.#partialBytes < PARTIAL_BYTES_MAX,
    });
    for (const block of blocks) this.#slot(block)?.asked.set(peer, nowMs);
    return blocks;
  }

  /** The peer will not bring this block; somebody else may. */
  giveBack(peer: string, { index, offset }: Block): void {
    this.#partials.get(index)?.slots[offset / BLOCK_MAX_BYTES]?.asked.delete(peer);
  }

  /** Takes a block in. Answers the other peers that were asked for it too. */
  put(peer: string, block: Block, bytes: Uint8Array): readonly string[] {
    const { index, offset } = block;
    const partial = this.#partials.get(index);
    const slot = partial?.slots[offset / BLOCK_MAX_BYTES];
    if (partial === undefined || slot === undefined || slot.isHad) return [];
    partial.bytes.set(bytes, offset);
    partial.givers.add(peer);
    partial.missing -= 1;
    slot.isHad = true;
    const others = [...slot.asked.keys()].filter((other) => other !== peer);
    slot.asked.clear();
    if (partial.missing === 0) void this.#check(index, partial);
    return others;
  }

  /** True when a reader, or the wish for all of it, still wants this piece. */
  isWanted(index: number): boolean {
    if (this.wantsAll || this.#edges.includes(index)) return true;
    const ahead = this.#aheadPieces();
    return [...this.readers].some(
      ({ playhead, last }) => index >= playhead && index <= Math.min(last, playhead + ahead),
    );
  }

  #wanted() {
    while (this.#had.has(this.#firstMissing)) this.#firstMissing += 1;
    return {
      pieces: this.#had.size,
      readers: [...this.readers],
      aheadPieces: this.#aheadPieces(),
      edges: this.readers.size > 0 ? this.#edges : [],
      restFrom: this.wantsAll ? this.#firstMissing : undefined,
    };
  }

  #aheadPieces(): number {
    return Math.ceil(AHEAD_BYTES / this.#torrent.pieceLength);
  }

  #slot({ index, offset }: Block) {
    const partial = this.#partials.get(index) ?? this.#begin(index);
    return partial.slots[offset / BLOCK_MAX_BYTES];
  }

  #begin(index: number): Partial {
    const size = pieceSize(this.#torrent, index);
    const blocks = blockCount(size);
    const slots = Array.from({ length: blocks }, () => ({ isHad: false, asked: new Map() }));
    const partial = {
      bytes: new Uint8Array(size),
      slots,
      givers: new Set<string>(),
      missing: blocks,
    };
    this.#partials.set(index, partial);
    this.#partialBytes += size;
    return partial;
  }

  async #check(index: number, partial: Partial): Promise<void> {
    invariant(!this.#had.has(index), "a piece is fetched once");
    this.#partials.delete(index);
    this.#partialBytes -= partial.bytes.length;
    if (!isPieceGood(this.#torrent, index, partial.bytes)) {
      this.#events.onBad(index, partial.givers);
      return;
    }
    this.#checking.add(index);
    try {
      await this.#store.put(index, partial.bytes);
      this.isBlocked = false;
      this.#had.set(index);
    } catch (error) {
      if (!isAceError(error)) throw error;
      this.isBlocked = true;
      this.#events.onStoreFault(error);
      return;
    } finally {
      this.#checking.delete(index);
    }
    this.#events.onHad(index);
  }
}

function edgePieces(torrent: Torrent): readonly number[] {
  const last = torrent.pieceHashes.length - 1;
  const count = Math.ceil(EDGE_BYTES / torrent.pieceLength);
  const edges = new Set<number>();
  for (let step = 0; step < count; step += 1) {
    edges.add(Math.min(step, last));
    edges.add(Math.max(last - step, 0));
  }
  return [...edges];
}
