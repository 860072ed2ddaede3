/**
 * The pieces that one peer of a live stream was asked for: put together of their blocks, and taken back
 * when somebody else has brought them. What does not come is given back to the limits of rate.
 */
import { BLOCK_MAX_BYTES, UNREQUESTED_BLOCKS_MAX } from "./limits.ts";
import type { LiveAllowance } from "./live-allowance.ts";
import type { Wire } from "./wire.ts";
import type { Block } from "./wire-guard.ts";
import { placeOf } from "./wire-protocol.ts";

export interface RequestsHost {
  readonly wire: Pick<Wire, "request" | "cancel">;
  readonly allowance: Pick<LiveAllowance, "giveBack" | "take">;
  /** A block came; with `isGiver` it has given all that was still wanted of it, or more. */
  onBlock(isGiver: boolean): void;
  onWhole(seq: number, piece: Uint8Array): void;
  onRefused(seq: number): void;
}

interface Asked {
  readonly piece: Uint8Array;
  /** By offset. */
  readonly missing: Map<number, Block>;
}

export class LiveRequests {
  readonly #host: RequestsHost;
  readonly #asked = new Map<number, Asked>();
  /** Blocks that were taken back and may be on their way already, with their lengths. */
  readonly #cancelled = new Map<number, number>();

  constructor(host: RequestsHost) {
    this.#host = host;
  }

  /** Pieces under way. */
  get size(): number {
    return this.#asked.size;
  }

  /** Asks for all blocks of a piece, which are booked; what it brings is told to the host, once. */
  ask(seq: number, length: number): void {
    if (this.#asked.has(seq)) {
      this.#host.allowance.giveBack(length);
      return;
    }
    const blocks = blocksOf(seq, length);
    const missing = new Map(blocks.map((block) => [block.offset, block]));
    const asked = { piece: new Uint8Array(length), missing };
    this.#asked.set(seq, asked);
    for (const block of blocks) {
      this.#cancelled.delete(placeOf(seq, block.offset));
      this.#host.wire.request(block, (bytes) => this.#take(asked, block, bytes));
    }
  }

  /** @param keepsOne One block may still come: so a peer that is slow can show that it gives. */
  cancel(seq: number, keepsOne: boolean): void {
    const asked = this.#asked.get(seq);
    if (asked === undefined) return;
    this.#asked.delete(seq);
    for (const block of [...asked.missing.values()].slice(keepsOne ? 1 : 0)) this.#cancel(block);
  }

  /** True when the block was asked for once. */
  late({ index, offset, length }: Block): boolean {
    const place = placeOf(index, offset);
    if (this.#cancelled.get(place) !== length) return false;
    this.#cancelled.delete(place);
    this.#host.allowance.take(length);
    this.#host.onBlock(true);
    return true;
  }

  clear(): void {
    this.#asked.clear();
  }

  #take(asked: Asked, { index, offset, length }: Block, bytes: Uint8Array | undefined): void {
    const isWanted = this.#asked.get(index) === asked;
    if (bytes === undefined) {
      this.#host.allowance.giveBack(length);
      if (!isWanted) return;
      this.#asked.delete(index);
      this.#host.onRefused(index);
      return;
    }
    asked.piece.set(bytes, offset);
    asked.missing.delete(offset);
    const isWhole = asked.missing.size === 0;
    this.#host.onBlock(isWhole || !isWanted);
    if (!isWhole || !isWanted) return;
    this.#asked.delete(index);
    this.#host.onWhole(index, asked.piece);
  }

  #cancel(block: Block): void {
    this.#cancelled.set(placeOf(block.index, block.offset), block.length);
    for (const oldest of this.#cancelled.keys()) {
      if (this.#cancelled.size <= UNREQUESTED_BLOCKS_MAX) break;
      this.#cancelled.delete(oldest);
    }
    this.#host.wire.cancel(block);
  }
}

function blocksOf(index: number, length: number): readonly Block[] {
  return Array.from({ length: Math.ceil(length / BLOCK_MAX_BYTES) }, (_, at) => {
    const offset = at * BLOCK_MAX_BYTES;
    return { index, offset, length: Math.min(BLOCK_MAX_BYTES, length - offset) };
  });
}
