/**
 * Frames on the pipe between the node and the contract process: u32 length of what follows, u8 type,
 * payload. The contract process has no event loop and blocks; the node reads as a stream.
 *
 * Errors  A broken frame is an error: the pipe is then useless and the process must be replaced.
 */
import { readSync, writeSync } from "node:fs";
import type { Readable, Writable } from "node:stream";

export const frameTypes = {
  ready: 1,
  apply: 2,
  view: 3,
  drop: 4,
  audit: 5,
  read: 6,
  scan: 7,
  answer: 8,
  done: 9,
  fault: 10,
  simulate: 11,
  /** Code was admitted: work that depends on what a process already knows, not on gas. */
  alive: 12,
  /** What the next request will read; nothing is answered. */
  warm: 13,
  /** Like `apply`, but each call is told before it runs. */
  applyOneByOne: 14,
  /** The call that runs next. */
  begin: 15,
  /** An answer that is none, because state went on: the view must begin anew. Told on as the outcome. */
  moved: 16,
  /** Like `warm`, after forgetting everything. */
  fresh: 17,
  /** Runs the rehearsal; nothing is answered. */
  rehearse: 18,
  /** Opens a new sandbox, in which nothing has run yet. */
  renew: 19,
  /** Keys whose values are others now; nothing is answered. */
  old: 20,
} as const;

export interface FramePart {
  readonly type: number;
  readonly payload: Uint8Array;
}

/** Far above any ledger's calls or results. */
const FRAME_BYTES_MAX = 256 * 1024 * 1024;
const HEAD_BYTES = 5;
const CHUNK_BYTES = 256 * 1024;

export interface BlockingPeer {
  /** Undefined when the other side has closed the pipe. */
  read(): FramePart | undefined;
  write(type: number, payload: Uint8Array): void;
}

/** The contract process's end: a file descriptor that blocks. */
export function blockingPeer(descriptor: number): BlockingPeer {
  let buffer = Buffer.alloc(0);
  const fill = (size: number): boolean => {
    const chunks = [buffer];
    let have = buffer.length;
    while (have < size) {
      const chunk = Buffer.allocUnsafe(Math.max(CHUNK_BYTES, size - have));
      const got = readSync(descriptor, chunk, 0, chunk.length, null);
      if (got === 0) return false;
      chunks.push(chunk.subarray(0, got));
      have += got;
    }
    buffer = Buffer.concat(chunks);
    return true;
  };
  return {
    read() {
      if (!fill(HEAD_BYTES)) return undefined;
      const end = HEAD_BYTES - 1 + lengthOf(buffer);
      if (!fill(end)) return undefined;
      const part = { type: buffer[HEAD_BYTES - 1] ?? 0, payload: buffer.subarray(HEAD_BYTES, end) };
      buffer = buffer.subarray(end);
      return part;
    },
    write(type, payload) {
      const bytes = frame(type, payload);
      for (let sent = 0; sent < bytes.length; ) {
        sent += writeSync(descriptor, bytes, sent, bytes.length - sent);
      }
    },
  };
}

/** The node's end: calls `onFrame` for each frame, `onBroken` when the bytes are none. */
export function streamPeer(
  stream: Readable & Writable,
  onFrame: (part: FramePart) => void,
  onBroken: () => void,
): (type: number, payload: Uint8Array) => void {
  let chunks: Buffer[] = [];
  let have = 0;
  let need = HEAD_BYTES;
  const take = (): void => {
    let buffer = Buffer.concat(chunks);
    while (buffer.length >= HEAD_BYTES) {
      const end = HEAD_BYTES - 1 + lengthOf(buffer);
      need = end;
      if (buffer.length < end) break;
      need = HEAD_BYTES;
      onFrame({ type: buffer[HEAD_BYTES - 1] ?? 0, payload: buffer.subarray(HEAD_BYTES, end) });
      buffer = buffer.subarray(end);
    }
    chunks = [buffer];
    have = buffer.length;
  };
  stream.on("data", (chunk: Buffer) => {
    chunks.push(chunk);
    have += chunk.length;
    if (have < need) return;
    try {
      take();
    } catch {
      stream.destroy();
      onBroken();
    }
  });
  return (type, payload) => {
    stream.write(frame(type, payload));
  };
}

/** Keys and values of state in turn, byte text; an empty value is absent. */
export function rowsFrame(type: number, rows: readonly string[]): FramePart {
  return { type, payload: Buffer.from(JSON.stringify(rows)) };
}

function frame(type: number, payload: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(HEAD_BYTES + payload.length);
  bytes.writeUInt32BE(payload.length + 1, 0);
  bytes[HEAD_BYTES - 1] = type;
  bytes.set(payload, HEAD_BYTES);
  return bytes;
}

function lengthOf(buffer: Buffer): number {
  const length = buffer.readUInt32BE(0);
  if (length < 1 || length > FRAME_BYTES_MAX) throw new RangeError(`a frame of ${length} bytes`);
  return length;
}
