/**
 * Inflating zstd without trusting it.
 *
 * Node's decompressor ignores what follows a frame, so the frames are walked first: a file is whole
 * frames and nothing else. Galexie's frames state no content size, so the output is capped; how much
 * to expect is told by their blocks.
 *
 * Errors  `LEDGER_MALFORMED` for a broken or cut-off frame, for junk after it, for too much output.
 * Source  RFC 8878, section 3.1.1 (frames and blocks).
 */
import { zstdDecompressSync } from "node:zlib";
import { AceError } from "../lib/errors.ts";

const MAGIC = 0xfd_2f_b5_28;
const MAGIC_BYTES = 4;
const BLOCK_HEADER_BYTES = 3;
const CHECKSUM_BYTES = 4;
const BLOCK_RLE = 1;
const BLOCK_COMPRESSED = 2;
const BLOCK_RESERVED = 3;
const DICTIONARY_ID_BYTES = [0, 1, 2, 4];
const CONTENT_SIZE_BYTES = [0, 2, 4, 8];
/** What a compressed block inflates to at most, and all but the last of a frame do inflate to. */
const BLOCK_BYTES_MAX = 128 * 1024;
/** Output is inflated into buffers of one size. One buffer for all is about three times as fast. */
const CHUNK_BYTES_MAX = 4 * 1024 * 1024;
const CHUNK_BYTES_MIN = 1024;

export function isZstd(bytes: Uint8Array): boolean {
  return bytes.length >= MAGIC_BYTES && viewOf(bytes).getUint32(0, true) === MAGIC;
}

export function inflateZstd(bytes: Uint8Array, outputBytesMax: number): Uint8Array {
  let end = 0;
  // A buffer that is filled to its last byte makes zlib begin another one.
  let expectedBytes = 1;
  while (end < bytes.length) {
    const frame = readFrame(bytes, end);
    end = frame.end;
    expectedBytes += frame.inflatedBytesMax;
  }
  const chunkSize = Math.min(Math.max(expectedBytes, CHUNK_BYTES_MIN), CHUNK_BYTES_MAX);
  try {
    return zstdDecompressSync(bytes, { maxOutputLength: outputBytesMax, chunkSize });
  } catch (cause) {
    throw new AceError(
      "LEDGER_MALFORMED",
      `the zstd data is broken or inflates to more than ${outputBytesMax} bytes`,
      { cause },
    );
  }
}

/** Where the frame that begins at `start` ends, and how much its blocks can hold. */
function readFrame(
  bytes: Uint8Array,
  start: number,
): { readonly end: number; readonly inflatedBytesMax: number } {
  if (!isZstd(bytes.subarray(start))) {
    throw new AceError("LEDGER_MALFORMED", `byte ${start} does not begin a zstd frame`);
  }
  const descriptor = byteAt(bytes, start + MAGIC_BYTES);
  let offset = start + MAGIC_BYTES + frameHeaderBytes(descriptor);
  let inflatedBytesMax = 0;
  for (let isLast = false; !isLast; ) {
    const header =
      byteAt(bytes, offset) | (byteAt(bytes, offset + 1) << 8) | (byteAt(bytes, offset + 2) << 16);
    const kind = (header >> 1) & 3;
    if (kind === BLOCK_RESERVED) {
      throw new AceError(
        "LEDGER_MALFORMED",
        `the zstd block at byte ${offset} is of no known kind`,
      );
    }
    isLast = (header & 1) === 1;
    const size = header >> 3;
    offset += BLOCK_HEADER_BYTES + (kind === BLOCK_RLE ? 1 : size);
    inflatedBytesMax += kind === BLOCK_COMPRESSED ? BLOCK_BYTES_MAX : size;
  }
  const hasChecksum = ((descriptor >> 2) & 1) === 1;
  const end = offset + (hasChecksum ? CHECKSUM_BYTES : 0);
  if (end > bytes.length) throw cutOff(bytes);
  return { end, inflatedBytesMax };
}

/** The descriptor itself, the window, the dictionary's id and the content size. */
function frameHeaderBytes(descriptor: number): number {
  const isSingleSegment = ((descriptor >> 5) & 1) === 1;
  const sizeFlag = descriptor >> 6;
  const windowBytes = isSingleSegment ? 0 : 1;
  const sizeBytes = sizeFlag === 0 && isSingleSegment ? 1 : (CONTENT_SIZE_BYTES[sizeFlag] ?? 0);
  return 1 + windowBytes + (DICTIONARY_ID_BYTES[descriptor & 3] ?? 0) + sizeBytes;
}

function byteAt(bytes: Uint8Array, offset: number): number {
  const byte = bytes[offset];
  if (byte === undefined) throw cutOff(bytes);
  return byte;
}

function cutOff(bytes: Uint8Array): AceError {
  return new AceError("LEDGER_MALFORMED", `the zstd frame is cut off after ${bytes.length} bytes`);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset);
}
