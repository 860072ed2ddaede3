/**
 * Frames of a WebSocket, read within bounds: text whole, control frames, and nothing else.
 *
 * Range   A message of at most `TRACKER_ANSWER_MAX_BYTES`, in one frame or in several.
 * Errors  Throws at the first byte that has no place: the connection is of no use any more.
 * Source  RFC 6455, section 5.
 */
import { randomBytes } from "node:crypto";
import { TRACKER_ANSWER_MAX_BYTES } from "./limits.ts";

export const opcodes = { more: 0, text: 1, close: 8, ping: 9, pong: 10 } as const;

export type Frame =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "ping"; readonly body: Uint8Array }
  | { readonly kind: "close" }
  /** Nothing to do, but it was said. */
  | { readonly kind: "idle" };

/** What a control frame may carry. */
export const CONTROL_MAX_BYTES = 125;
const FIN = 0x80;
const RESERVED = 0x70;
const OPCODE = 0x0f;
const MASKED = 0x80;
const LENGTH = 0x7f;
const MASK_BYTES = 4;
const HEAD_BYTES = 2;
/** Of a frame that comes byte by byte, before they are joined. */
const CHUNKS_MAX = 256;
const LENGTH_16 = 126;
const LENGTH_64 = 127;

interface Head {
  readonly isLast: boolean;
  readonly opcode: number;
  readonly headBytes: number;
  readonly bodyBytes: number;
}

export class FrameReader {
  readonly #onFrame: (frame: Frame) => void;
  #chunks: Uint8Array[] = [];
  #had = 0;
  /** No use to look at what came before there are so many. */
  #wanted = HEAD_BYTES;
  /** Of a message that comes in several frames; undefined between messages. */
  #parts: Buffer[] | undefined;
  #partsBytes = 0;

  constructor(onFrame: (frame: Frame) => void) {
    this.#onFrame = onFrame;
  }

  push(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.#had += chunk.length;
    if (this.#had < this.#wanted) {
      if (this.#chunks.length >= CHUNKS_MAX) this.#chunks = [Buffer.concat(this.#chunks)];
      return;
    }
    let bytes = Buffer.concat(this.#chunks);
    for (;;) {
      const head = readHead(bytes);
      this.#wanted = head.headBytes + head.bodyBytes;
      if (bytes.length < this.#wanted) break;
      const body = bytes.subarray(head.headBytes, this.#wanted);
      bytes = bytes.subarray(this.#wanted);
      this.#take(head, body);
    }
    // A copy: a few bytes are not to keep a large chunk alive.
    this.#chunks = [Buffer.from(bytes)];
    this.#had = bytes.length;
  }

  #take({ isLast, opcode }: Head, body: Buffer): void {
    switch (opcode) {
      case opcodes.text:
      case opcodes.more:
        this.#onFrame(this.#joined(opcode === opcodes.text, isLast, body));
        return;
      case opcodes.close:
        this.#onFrame({ kind: "close" });
        return;
      case opcodes.ping:
        this.#onFrame({ kind: "ping", body: Uint8Array.from(body) });
        return;
      default:
        this.#onFrame({ kind: "idle" });
    }
  }

  #joined(isFirst: boolean, isLast: boolean, body: Buffer): Frame {
    if (isFirst !== (this.#parts === undefined)) throw new Error("frames of two messages");
    const parts = this.#parts ?? [];
    this.#partsBytes += body.length;
    if (this.#partsBytes > TRACKER_ANSWER_MAX_BYTES) throw tooLong();
    if (body.length > 0) parts.push(Buffer.from(body));
    this.#parts = isLast ? undefined : parts;
    if (!isLast) return { kind: "idle" };
    this.#partsBytes = 0;
    return { kind: "text", text: Buffer.concat(parts).toString() };
  }
}

/** With a body of any length while its own length is not here yet. */
function readHead(bytes: Buffer): Head {
  const [first = 0, second = 0] = bytes;
  const isWhole = bytes.length >= HEAD_BYTES;
  const short = second & LENGTH;
  const lengthBytes = short === LENGTH_16 ? 2 : short === LENGTH_64 ? 8 : 0;
  const headBytes = HEAD_BYTES + lengthBytes;
  const head = { isLast: (first & FIN) !== 0, opcode: first & OPCODE, headBytes };
  if (!isWhole || bytes.length < headBytes) return { ...head, bodyBytes: 0 };
  demandPlain(first, second);
  const bodyBytes = lengthBytes === 0 ? short : longLength(bytes, lengthBytes);
  if (bodyBytes > TRACKER_ANSWER_MAX_BYTES) throw tooLong();
  const isControl = head.opcode >= opcodes.close;
  if (isControl && (bodyBytes > CONTROL_MAX_BYTES || !head.isLast)) {
    throw new Error("a control frame is too long");
  }
  return { ...head, bodyBytes };
}

/** Nothing that was not agreed on, nothing masked, and text only. */
function demandPlain(first: number, second: number): void {
  const isKnown = Object.values<number>(opcodes).includes(first & OPCODE);
  if ((first & RESERVED) !== 0 || (second & MASKED) !== 0 || !isKnown) {
    throw new Error("a frame of a kind that no tracker sends");
  }
}

function longLength(bytes: Buffer, lengthBytes: 2 | 8): number {
  return lengthBytes === 2
    ? bytes.readUInt16BE(HEAD_BYTES)
    : Number(bytes.readBigUInt64BE(HEAD_BYTES));
}

function tooLong(): Error {
  return new Error("the tracker's message is too long");
}

/** Clients mask what they send, so that nothing between takes it for something else. */
export function maskedFrame(opcode: number, body: Uint8Array): Buffer {
  const mask = randomBytes(MASK_BYTES);
  const long = body.length < LENGTH_16 ? 0 : body.length < 0x1_00_00 ? 2 : 8;
  const frame = Buffer.alloc(HEAD_BYTES + long + MASK_BYTES + body.length);
  frame[0] = FIN | opcode;
  frame[1] = MASKED | (long === 0 ? body.length : long === 2 ? LENGTH_16 : LENGTH_64);
  if (long === 2) frame.writeUInt16BE(body.length, HEAD_BYTES);
  if (long === 8) frame.writeBigUInt64BE(BigInt(body.length), HEAD_BYTES);
  frame.set(mask, HEAD_BYTES + long);
  const at = HEAD_BYTES + long + MASK_BYTES;
  for (const [index, byte] of body.entries()) {
    frame[at + index] = byte ^ (mask[index % MASK_BYTES] ?? 0);
  }
  return frame;
}
