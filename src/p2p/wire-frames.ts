/**
 * Frames: cuts what a socket brings into the messages that the wire waits for.
 *
 * Nothing is copied but a message that ends in another chunk than it began in, and that one once: what
 * a peer has us hold is at most one message, and its cost grows with its length only.
 */
import { FRAME_MAX_BYTES, HELD_FRAME_BYTES } from "./limits.ts";

export interface FrameTaker {
  /** How many bytes the next message has; more than `FRAME_MAX_BYTES` when none is waited for. */
  readonly frameBytes: number;
  /** The bytes are valid during the call only. */
  takeFrame(bytes: Uint8Array): void;
}

export class Frames {
  readonly #taker: FrameTaker;
  /** The beginning of a message that has not ended. */
  #held: Uint8Array = new Uint8Array(0);
  #heldBytes = 0;

  constructor(taker: FrameTaker) {
    this.#taker = taker;
  }

  feed(chunk: Uint8Array): void {
    const taker = this.#taker;
    let at = this.#heldBytes > 0 ? this.#finishHeld(chunk) : 0;
    for (;;) {
      const size = taker.frameBytes;
      if (size > chunk.length - at) break;
      at += size;
      taker.takeFrame(chunk.subarray(at - size, at));
    }
    if (at < chunk.length) this.#hold(chunk.subarray(at));
  }

  /** Answers how much of the chunk belonged to the message that is held. */
  #finishHeld(chunk: Uint8Array): number {
    const size = this.#taker.frameBytes;
    const part = Math.min(size - this.#heldBytes, chunk.length);
    this.#hold(chunk.subarray(0, part));
    if (this.#heldBytes < size) return part;
    const frame = this.#held.subarray(0, size);
    this.#heldBytes = 0;
    if (this.#held.length > HELD_FRAME_BYTES) this.#held = new Uint8Array(0);
    this.#taker.takeFrame(frame);
    return part;
  }

  #hold(bytes: Uint8Array): void {
    const size = this.#taker.frameBytes;
    if (size > FRAME_MAX_BYTES) return;
    const filled = this.#heldBytes + bytes.length;
    if (filled > this.#held.length) this.#grow(Math.min(size, filled * 2));
    this.#held.set(bytes, this.#heldBytes);
    this.#heldBytes = filled;
  }

  #grow(size: number): void {
    const longer = new Uint8Array(size);
    longer.set(this.#held.subarray(0, this.#heldBytes));
    this.#held = longer;
  }
}
