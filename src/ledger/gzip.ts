/**
 * Inflating gzip without trusting it.
 *
 * A file is whole members and nothing else; the output is capped. Node checks the checksum and the
 * length at the end of each member, and the bytes that follow the last are looked for here.
 *
 * Errors  `LEDGER_MALFORMED`.
 * Source  RFC 1952.
 */
import { gunzipSync } from "node:zlib";
import { AceError } from "../lib/errors.ts";
import { invariant } from "../lib/invariant.ts";

const LENGTH_BYTES = 4;
const CHUNK_BYTES_MIN = 16 * 1024;
const CHUNK_BYTES_MAX = 4 * 1024 * 1024;

/** @param name Of the file, for the message. */
export function inflateGzip(name: string, bytes: Uint8Array, outputBytesMax: number): Uint8Array {
  const { buffer, read } = inflate(name, bytes, outputBytesMax);
  if (read === bytes.length) return buffer;
  throw new AceError("LEDGER_MALFORMED", `${name} goes on after the end of its gzip data`);
}

function inflate(
  name: string,
  bytes: Uint8Array,
  maxOutputLength: number,
): { readonly buffer: Uint8Array; readonly read: number } {
  let answer: unknown;
  try {
    answer = gunzipSync(bytes, { maxOutputLength, chunkSize: chunkBytes(bytes), info: true });
  } catch (cause) {
    throw new AceError(
      "LEDGER_MALFORMED",
      `${name} is no gzip data, is cut off or inflates to more than ${maxOutputLength} bytes`,
      { cause },
    );
  }
  return readInfo(answer);
}

/**
 * A file ends in its inflated length: a buffer of that size is filled in one go. It is a hint; a file
 * that lies about it only inflates more slowly, and is then refused.
 */
function chunkBytes(bytes: Uint8Array): number {
  const tail = bytes.length - LENGTH_BYTES;
  const length = tail < 0 ? 0 : new DataView(bytes.buffer, bytes.byteOffset).getUint32(tail, true);
  return Math.min(Math.max(length + 1, CHUNK_BYTES_MIN), CHUNK_BYTES_MAX);
}

/** With `info`, which the types do not know, Node tells how much of the input it has used. */
function readInfo(answer: unknown): { readonly buffer: Uint8Array; readonly read: number } {
  invariant(isObject(answer) && "buffer" in answer && "engine" in answer, "zlib gives its engine");
  const { buffer, engine } = answer;
  invariant(buffer instanceof Uint8Array, "zlib gives its output");
  invariant(isObject(engine) && "bytesWritten" in engine, "zlib's engine counts its input");
  invariant(typeof engine.bytesWritten === "number", "zlib counts in numbers");
  return { buffer, read: engine.bytesWritten };
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
