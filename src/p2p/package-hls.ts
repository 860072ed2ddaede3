/**
 * Packages a film for HLS: segments under one key, and the playlist that names them, in a folder that
 * becomes a torrent.
 *
 * Units   Seconds of the stream's own clock.
 * Range   A segment begins where a player can begin, and lasts `SEGMENT_S` or to the next such place.
 * Errors  `MEDIA_INVALID` for what is no transport stream with such places; `CONTENT_INVALID` for more
 *         than `FILES_MAX` segments; `FILE_UNREADABLE`, `STORE_FULL`.
 * Source  RFC 8216, 3.2 (MPEG-2 transport streams) and 5.2; docs/spec/encryption.md.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { concatBytes } from "../lib/bytes.ts";
import { AceError } from "../lib/errors.ts";
import { encryptSegment } from "./cipher-segment.ts";
import { type PackageSegment, packageOf, packagePlaylist } from "./hls-package.ts";
import { LIVE_PIECE_MS, SEGMENT_MAX_BYTES, SEGMENT_S } from "./limits.ts";
import { type CutPiece, TsCutter } from "./ts-cutter.ts";

export const PLAYLIST_NAME = "index.m3u8";

export interface PackageOptions {
  /** Made when it is not there. */
  readonly folder: string;
  readonly key: Uint8Array;
  readonly onProgress?: (readBytes: number) => void;
}

const NUMBER_DIGITS = 5;
const MS_PER_S = 1_000;

/** The count of segments. @param stream MPEG-TS in chunks of any size. */
export async function packageHls(
  stream: AsyncIterable<Uint8Array>,
  { folder, key, onProgress }: PackageOptions,
): Promise<number> {
  await mkdir(folder, { recursive: true });
  const segments: PackageSegment[] = [];
  for await (const { pieces, endMs } of gather(stream, onProgress)) {
    const number = segments.length;
    const path = `s${String(number).padStart(NUMBER_DIGITS, "0")}.ts`;
    const bytes = encryptSegment(key, number, concatBytes(...pieces.map((piece) => piece.bytes)));
    await writeFile(join(folder, path), bytes);
    const [first] = pieces;
    segments.push({
      file: { path, offset: 0, length: bytes.length },
      durationS: (endMs - (first?.mediaMs ?? 0)) / MS_PER_S,
      epoch: 0,
      isDiscontinuity: number > 0 && first?.isDiscontinuity === true,
    });
  }
  if (segments.length === 0) {
    throw new AceError("MEDIA_INVALID", "there is no place in the film where a player can begin");
  }
  await writeFile(join(folder, PLAYLIST_NAME), packagePlaylist(packageOf(segments)));
  return segments.length;
}

interface Gathered {
  readonly pieces: readonly CutPiece[];
  readonly endMs: number;
}

async function* gather(
  stream: AsyncIterable<Uint8Array>,
  onProgress: PackageOptions["onProgress"],
): AsyncIterable<Gathered> {
  let pieces: CutPiece[] = [];
  for await (const piece of cut(stream, onProgress)) {
    if (isNext(pieces, piece)) {
      yield { pieces, endMs: piece.mediaMs };
      pieces = [];
    }
    pieces.push(piece);
  }
  // How long the last piece lasts nothing says: it is shorter than a whole one.
  const last = pieces.at(-1);
  if (last !== undefined) yield { pieces, endMs: last.mediaMs + LIVE_PIECE_MS };
}

function isNext(pieces: readonly CutPiece[], piece: CutPiece): boolean {
  const [first] = pieces;
  if (first === undefined || !piece.isRandomAccess) return false;
  const isLong = piece.mediaMs - first.mediaMs >= SEGMENT_S * MS_PER_S;
  const sizeBytes = pieces.reduce((sum, each) => sum + each.bytes.length, 0);
  return isLong || piece.isDiscontinuity || sizeBytes >= SEGMENT_MAX_BYTES;
}

async function* cut(
  stream: AsyncIterable<Uint8Array>,
  onProgress: PackageOptions["onProgress"],
): AsyncIterable<CutPiece> {
  const cutter = new TsCutter();
  let readBytes = 0;
  for await (const chunk of stream) {
    yield* cutter.push(chunk);
    readBytes += chunk.length;
    onProgress?.(readBytes);
  }
  yield* cutter.flush();
}
