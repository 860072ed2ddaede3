/**
 * The wire library with its costly paths replaced: blocks are neither gathered nor copied on their way
 * in, requests are found at once, and what leaves goes to an outbox instead of a stream.
 *
 * Being private, these methods may change in any release: the version is pinned and checked.
 *
 * Source  BEP 3, BEP 6.
 */
import Protocol from "bittorrent-protocol";
import { BLOCK_MAX_BYTES } from "./limits.ts";
import { Frames, type FrameTaker } from "./wire-frames.ts";

type Done = (error: Error | null, block?: Uint8Array | null) => void;

interface Wanted {
  readonly offset: number;
  readonly length: number;
  readonly done: Done;
}

/** A message is its length, its id, and what belongs to it (BEP 3, peer messages). */
const LENGTH_BYTES = 4;
const HEAD_BYTES = 5;
const NUMBER_BYTES = 4;

/** Places of a piece by which requests are kept: none is longer than this many blocks. */
const PLACES = 4_096;

export class LeanProtocol extends Protocol implements FrameTaker {
  onOutput: (bytes: Uint8Array) => void = () => {};
  readonly #frames = new Frames(this);
  readonly #wanted = new Map<number, Wanted>();

  /** Blocks asked for and not answered yet. */
  get outstanding(): number {
    return this.#wanted.size;
  }

  get frameBytes(): number {
    return this._parserSize;
  }

  takeFrame(bytes: Uint8Array): void {
    this._parser(bytes);
  }

  /** Reads what a peer sent. Messages of blocks are valid during their call only. */
  receive(bytes: Uint8Array): void {
    this.#frames.feed(bytes);
  }

  override request(index: number, offset: number, length: number, done: Done): void {
    const isAllowed = this.hasFast && this.peerAllowedFastSet.includes(index);
    if (this._finished || (this.peerChoking && !isAllowed)) {
      done(new Error("not now"));
      return;
    }
    const place = placeOf(index, offset);
    const former = this.#wanted.get(place);
    this.#wanted.set(place, { offset, length, done });
    this._message(6, [index, offset, length], null);
    former?.done(null);
  }

  override cancel(index: number, offset: number, length: number): void {
    this.#take(index, offset, length)?.done(null);
    this._message(8, [index, offset, length], null);
  }

  override _onReject(index: number, offset: number, length: number): void {
    this.#take(index, offset, length)?.done(null);
  }

  override _onChoke(): void {
    super._onChoke();
    // With the fast extension each request is rejected by itself.
    if (!this.hasFast) this.#failAll();
  }

  override _onFinish(): void {
    super._onFinish();
    this.#failAll();
  }

  override _message(id: number, numbers: readonly number[], data: Uint8Array | null): void {
    // Small ones out of one block of memory: the library takes new memory for each.
    const head = Buffer.allocUnsafe(HEAD_BYTES + NUMBER_BYTES * numbers.length);
    head.writeUInt32BE(head.length + (data?.length ?? 0) - LENGTH_BYTES, 0);
    head[LENGTH_BYTES] = id;
    let at = HEAD_BYTES;
    for (const number of numbers) at = head.writeUInt32BE(number, at);
    this._push(head);
    if (data !== null) this._push(data);
  }

  override _push(bytes: Uint8Array): void {
    if (!this._finished) this.onOutput(bytes);
  }

  /** The library words a sentence for each message, whether or not anybody reads it. */
  override _debug(): void {}

  /** Hands a block to who asked for it; false when nobody did. */
  protected deliver(index: number, offset: number, block: Uint8Array): boolean {
    const wanted = this.#take(index, offset, block.length);
    wanted?.done(null, block);
    return wanted !== undefined;
  }

  #take(index: number, offset: number, length: number): Wanted | undefined {
    const place = placeOf(index, offset);
    const wanted = this.#wanted.get(place);
    if (wanted?.offset !== offset || wanted.length !== length) return undefined;
    this.#wanted.delete(place);
    return wanted;
  }

  #failAll(): void {
    const all = [...this.#wanted.values()];
    this.#wanted.clear();
    for (const { done } of all) done(null);
  }
}

/** Names a block by one number. */
export function placeOf(index: number, offset: number): number {
  return index * PLACES + Math.floor(offset / BLOCK_MAX_BYTES);
}
