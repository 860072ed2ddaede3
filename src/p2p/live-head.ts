/**
 * Heads: what a broadcaster signs about each piece of its live stream.
 *
 * Several heads may share one signature; they are kept and passed on together, byte for byte.
 *
 * Units   `mediaMs` is the stream's own clock, `captureMs` Unix time at the source.
 * Range   A head is `HEAD_BYTES`, big-endian; a batch is 1 to `LIVE_HEADS_PER_BATCH` of them and one
 *         signature.
 * Source  docs/spec/live.md; test/vectors/p2p/live.json holds an example.
 */
import { concatBytes, fromHex } from "../lib/bytes.ts";
import { isSignedBy, SIGNATURE_BYTES } from "../lib/ed25519.ts";
import { invariant } from "../lib/invariant.ts";
import type { DeviceKey } from "./ed25519.ts";
import { LIVE_HEADS_PER_BATCH, LIVE_PIECE_MAX_BYTES } from "./limits.ts";
import type { LiveDescriptor } from "./live-descriptor.ts";

export interface LiveHead {
  /** Begins anew, greater, when a broadcaster has lost count. */
  readonly epoch: number;
  readonly seq: number;
  readonly isRandomAccess: boolean;
  readonly isDiscontinuity: boolean;
  /** The stream is over with this piece. */
  readonly isEnd: boolean;
  readonly mediaMs: number;
  readonly captureMs: number;
  readonly length: number;
  /** SHA-256 of the piece as it travels. */
  readonly sha256: Uint8Array;
}

export interface HeadBatch {
  readonly heads: readonly LiveHead[];
  /** As it was signed and is passed on. */
  readonly bytes: Uint8Array;
}

const HEAD_BYTES = 62;
const VERSION = 1;
const RANDOM_ACCESS = 1;
const DISCONTINUITY = 2;
const END = 4;
const UINT32_MAX = 2 ** 32 - 1;
/** The last moment that a date can name: lists for players say when each piece was made. */
const CAPTURE_MS_MAX = 8_640_000_000_000_000;

export function signHeads(
  heads: readonly LiveHead[],
  { streamId }: LiveDescriptor,
  key: DeviceKey,
): HeadBatch {
  invariant(heads.length > 0 && heads.length <= LIVE_HEADS_PER_BATCH, "a batch has 1 to 16 heads");
  const body = concatBytes(...heads.map(headBytes));
  return { heads, bytes: concatBytes(body, key.sign(signedBytes(streamId, body))) };
}

/** The heads of a batch, its signature not looked at yet; undefined when it has another form. */
export function readHeads(bytes: Uint8Array): HeadBatch | undefined {
  const size = bytes.length - SIGNATURE_BYTES;
  const count = size / HEAD_BYTES;
  if (!Number.isInteger(count) || count < 1 || count > LIVE_HEADS_PER_BATCH) return undefined;
  const heads: LiveHead[] = [];
  for (let at = 0; at < size; at += HEAD_BYTES) {
    const head = readHead(bytes.subarray(at, at + HEAD_BYTES));
    if (head === undefined) return undefined;
    heads.push(head);
  }
  return { heads, bytes };
}

export function areSigned(
  { bytes }: HeadBatch,
  { broadcaster, streamId }: LiveDescriptor,
): boolean {
  const body = bytes.subarray(0, bytes.length - SIGNATURE_BYTES);
  const signature = bytes.subarray(bytes.length - SIGNATURE_BYTES);
  return isSignedBy(broadcaster, signedBytes(streamId, body), signature);
}

function signedBytes(streamId: string, body: Uint8Array): Uint8Array {
  return concatBytes(fromHex(streamId) ?? new Uint8Array(), body);
}

function headBytes(head: LiveHead): Uint8Array {
  invariant(head.seq <= UINT32_MAX && head.epoch <= UINT32_MAX, "pieces are counted in 32 bits");
  const bytes = new Uint8Array(HEAD_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, VERSION);
  view.setUint32(1, head.epoch);
  view.setUint32(5, head.seq);
  view.setUint8(9, flagsOf(head));
  view.setBigUint64(10, BigInt(head.mediaMs));
  view.setBigUint64(18, BigInt(head.captureMs));
  view.setUint32(26, head.length);
  bytes.set(head.sha256, 30);
  return bytes;
}

function flagsOf({ isRandomAccess, isDiscontinuity, isEnd }: LiveHead): number {
  const start = isRandomAccess ? RANDOM_ACCESS : 0;
  return start | (isDiscontinuity ? DISCONTINUITY : 0) | (isEnd ? END : 0);
}

function readHead(bytes: Uint8Array): LiveHead | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const flags = view.getUint8(9);
  const mediaMs = Number(view.getBigUint64(10));
  const captureMs = Number(view.getBigUint64(18));
  const length = view.getUint32(26);
  const isKnown = view.getUint8(0) === VERSION && flags <= (RANDOM_ACCESS | DISCONTINUITY | END);
  if (!isKnown || length < 1 || length > LIVE_PIECE_MAX_BYTES) return undefined;
  if (!Number.isSafeInteger(mediaMs) || captureMs > CAPTURE_MS_MAX) return undefined;
  return {
    epoch: view.getUint32(1),
    seq: view.getUint32(5),
    isRandomAccess: (flags & RANDOM_ACCESS) !== 0,
    isDiscontinuity: (flags & DISCONTINUITY) !== 0,
    isEnd: (flags & END) !== 0,
    mediaMs,
    captureMs,
    length,
    sha256: bytes.slice(30),
  };
}
