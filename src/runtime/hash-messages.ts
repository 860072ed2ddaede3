/**
 * Hashes of many short messages: keys and values mostly fit into one block of SHA-256 or two, and are
 * hashed four at a time; longer ones go to the engine one by one.
 *
 * Flow    `add` each message with the word of the target that its hash begins at, then `finish`.
 */
import { hash } from "node:crypto";
import { copyWords } from "./copy-words.ts";
import { hashLanes, LANE_BLOCKS_MAX } from "./hash-lanes.ts";
import { HASH_BYTES } from "./state-format.ts";

const BLOCK_BYTES = 64;
const HASH_WORDS = HASH_BYTES / 4;
const BLOCKS_MAX = 2;
/** A byte that ends the message, and its length in bits. */
const PADDING_BYTES_MIN = 9;
const END_OF_MESSAGE = 0x80;

interface Queue {
  readonly messages: Uint8Array[];
  readonly places: number[];
}

export class MessageHashes {
  readonly #bytes: Buffer;
  readonly #words: Int32Array;
  /** By the count of blocks, less one. */
  readonly #queues: readonly Queue[] = Array.from({ length: BLOCKS_MAX }, () => ({
    messages: [],
    places: [],
  }));

  /** @param target Begins where a word begins. */
  constructor(target: Uint8Array<ArrayBuffer>) {
    this.#bytes = Buffer.from(target.buffer, target.byteOffset, target.length);
    this.#words = new Int32Array(target.buffer, target.byteOffset, target.length / 4);
  }

  add(message: Uint8Array, word: number): void {
    const blocks = Math.ceil((message.length + PADDING_BYTES_MIN) / BLOCK_BYTES);
    const queue = this.#queues[blocks - 1];
    if (queue === undefined) {
      this.#bytes.write(hash("sha256", message, "binary"), word * 4, HASH_BYTES, "latin1");
      return;
    }
    queue.messages.push(message);
    queue.places.push(word);
    if (queue.messages.length * blocks >= LANE_BLOCKS_MAX) this.#hash(queue, blocks);
  }

  finish(): void {
    for (const [index, queue] of this.#queues.entries()) this.#hash(queue, index + 1);
  }

  #hash({ messages, places }: Queue, blocks: number): void {
    const { bytes, words, hashes, hashPadded } = hashLanes();
    const stride = blocks * BLOCK_BYTES;
    words.fill(0, 0, (messages.length * stride) / 4);
    for (const [index, message] of messages.entries()) {
      const at = index * stride;
      bytes.set(message, at);
      bytes[at + message.length] = END_OF_MESSAGE;
      const bits = message.length * 8;
      bytes[at + stride - 2] = bits >> 8;
      bytes[at + stride - 1] = bits & 0xff;
    }
    if (messages.length > 0) hashPadded(messages.length, blocks);
    for (const [index, place] of places.entries()) {
      copyWords(hashes, index * HASH_WORDS, this.#words, place, HASH_WORDS);
    }
    messages.length = 0;
    places.length = 0;
  }
}
