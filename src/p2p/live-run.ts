/**
 * Runs: what a broadcaster signs about where its HLS origin holds the pieces of its live stream.
 *
 * A run names one segment and where in it each of some consecutive pieces lies. A piece is a part of
 * the segment, after the tables that the source had to put before it. Heads say what a piece is: a run
 * only says where to look for it.
 *
 * Units   `offset` and `length` are bytes of the segment.
 * Range   1 to `LIVE_RUN_PIECES_MAX` pieces, at most `LIVE_RUN_MAX_BYTES`.
 * Source  docs/spec/live.md; test/vectors/p2p/live.json holds an example.
 */
import { concatBytes, fromHex, uint32Bytes } from "../lib/bytes.ts";
import { isSignedBy, SIGNATURE_BYTES } from "../lib/ed25519.ts";
import type { DeviceKey } from "./ed25519.ts";
import { HLS_ORIGIN_SEGMENT_MAX_BYTES, LIVE_PIECE_MAX_BYTES } from "./limits.ts";
import type { LiveDescriptor } from "./live-descriptor.ts";
import { LIVE_RUN_MAX_BYTES, LIVE_RUN_PATH_MAX_BYTES, LIVE_RUN_PIECES_MAX } from "./live-limits.ts";
import { TS_PACKET_BYTES } from "./ts-packet.ts";

export interface OriginPart {
  readonly offset: number;
  readonly length: number;
  /** Packets that the source put before the part: at most one of each table. */
  readonly tables: Uint8Array;
}

export interface RunNames {
  readonly epoch: number;
  /** Number of the first piece; the others follow it. */
  readonly firstSeq: number;
  /** Of the segment, relative to the origin. */
  readonly path: string;
  readonly parts: readonly OriginPart[];
}

export interface LiveRun extends RunNames {
  /** As it was signed and is passed on. */
  readonly bytes: Uint8Array;
}

const TAG = new TextEncoder().encode("ace-live-origin-v1");
const VERSION = 1;
const HEAD_BYTES = 11;
const PART_BYTES = 7;
const TABLES_MAX = 2;

/** One run, or more where one cannot hold so much; none for a path that is too long. */
export function signRuns(
  names: RunNames,
  { streamId }: LiveDescriptor,
  key: DeviceKey,
): readonly LiveRun[] {
  const path = new TextEncoder().encode(names.path);
  if (path.length > LIVE_RUN_PATH_MAX_BYTES) return [];
  const room = LIVE_RUN_MAX_BYTES - SIGNATURE_BYTES - HEAD_BYTES - path.length;
  let firstSeq = names.firstSeq;
  return groupsOf(names.parts, room).map((parts) => {
    const run = { ...names, firstSeq, parts };
    firstSeq += parts.length;
    const body = runBody(run, path);
    return { ...run, bytes: concatBytes(body, key.sign(signedBytes(streamId, body))) };
  });
}

/** A run, its signature not looked at yet; undefined when it has another form. */
export function readRun(bytes: Uint8Array): LiveRun | undefined {
  const end = bytes.length - SIGNATURE_BYTES;
  if (bytes.length > LIVE_RUN_MAX_BYTES || end < HEAD_BYTES) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, end);
  const first = HEAD_BYTES + view.getUint16(9);
  const path = readPath(bytes.subarray(HEAD_BYTES, first));
  const parts = first < end ? readParts(view, first) : undefined;
  if (view.getUint8(0) !== VERSION || path === undefined || parts === undefined) return undefined;
  return { epoch: view.getUint32(1), firstSeq: view.getUint32(5), path, parts, bytes };
}

export function isRunSigned({ bytes }: LiveRun, by: LiveDescriptor): boolean {
  const body = bytes.subarray(0, bytes.length - SIGNATURE_BYTES);
  const signature = bytes.subarray(bytes.length - SIGNATURE_BYTES);
  return isSignedBy(by.broadcaster, signedBytes(by.streamId, body), signature);
}

function groupsOf(parts: readonly OriginPart[], room: number): readonly (readonly OriginPart[])[] {
  const groups: OriginPart[][] = [];
  let left = 0;
  for (const part of parts) {
    const size = PART_BYTES + part.tables.length;
    const group = groups.at(-1);
    if (group === undefined || left < size || group.length >= LIVE_RUN_PIECES_MAX) {
      groups.push([part]);
      left = room - size;
    } else {
      group.push(part);
      left -= size;
    }
  }
  return groups;
}

function runBody({ epoch, firstSeq, parts }: RunNames, path: Uint8Array): Uint8Array {
  const length = Uint8Array.of(path.length >> 8, path.length & 0xff);
  const head = [Uint8Array.of(VERSION), uint32Bytes(epoch), uint32Bytes(firstSeq), length, path];
  return concatBytes(...head, ...parts.map(partBytes));
}

function partBytes({ offset, length, tables }: OriginPart): Uint8Array {
  const rest = Uint8Array.of(length >> 8, length & 0xff, tables.length / TS_PACKET_BYTES);
  return concatBytes(uint32Bytes(offset), rest, tables);
}

function readParts(view: DataView, first: number): readonly OriginPart[] | undefined {
  const parts: OriginPart[] = [];
  let at = first;
  while (at < view.byteLength) {
    if (at + PART_BYTES > view.byteLength || parts.length >= LIVE_RUN_PIECES_MAX) return undefined;
    const [offset, length] = [view.getUint32(at), view.getUint16(at + 4)];
    const tables = view.getUint8(at + 6) * TS_PACKET_BYTES;
    at += PART_BYTES;
    const isWithin = at + tables <= view.byteLength && tables <= TABLES_MAX * TS_PACKET_BYTES;
    const isPiece = length > 0 && length + tables <= LIVE_PIECE_MAX_BYTES;
    if (!isWithin || !isPiece || offset + length > HLS_ORIGIN_SEGMENT_MAX_BYTES) return undefined;
    const start = view.byteOffset + at;
    parts.push({ offset, length, tables: new Uint8Array(view.buffer, start, tables) });
    at += tables;
  }
  return parts;
}

function readPath(bytes: Uint8Array): string | undefined {
  if (bytes.length < 1 || bytes.length > LIVE_RUN_PATH_MAX_BYTES) return undefined;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function signedBytes(streamId: string, body: Uint8Array): Uint8Array {
  return concatBytes(TAG, fromHex(streamId) ?? new Uint8Array(), body);
}
