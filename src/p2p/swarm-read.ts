/**
 * A read of a swarm: pieces in the order a player wants them, each as soon as it is here.
 *
 * Units   Bytes.
 * Errors  `RANGE_INVALID`, `RATE_LIMITED` for more than `READERS_MAX` at once, and why no piece comes.
 */
import { AceError } from "../lib/errors.ts";
import type { Download } from "./download.ts";
import { READERS_MAX } from "./limits.ts";
import { keepPiece, releasePiece } from "./piece-memory.ts";
import { Reading } from "./reading.ts";
import type { Torrent } from "./torrent.ts";

export interface ReadHost {
  readonly torrent: Torrent;
  readonly fetching: Download;
  readonly bufferS: number;
  nowMs(): number;
  /** Waits until the piece is here. Held for the caller. */
  piece(index: number, signal: AbortSignal): Promise<Uint8Array>;
  /** The reader has gone on, and may want others now. */
  onMoved(): void;
  onEnded(): void;
}

export interface ReadRange {
  readonly offset: number;
  readonly length: number;
  readonly signal: AbortSignal;
  /** The reader is done with each chunk before it asks for the next. */
  readonly isLent: boolean;
}

export async function* readRange(host: ReadHost, range: ReadRange): AsyncGenerator<Uint8Array> {
  const { torrent, fetching } = host;
  const { offset, length, signal, isLent } = range;
  const end = offset + length;
  if (offset < 0 || length < 0 || end > torrent.length) {
    throw new AceError("RANGE_INVALID", `${offset} to ${end} is not inside the file`);
  }
  if (fetching.readerCount >= READERS_MAX) {
    throw new AceError("RATE_LIMITED", "too many players read this content at once");
  }
  if (length === 0) return;
  const { pieceLength } = torrent;
  const reader = new Reading({
    first: Math.floor(offset / pieceLength),
    last: Math.floor((end - 1) / pieceLength),
    pieceLength,
    bufferS: host.bufferS,
    nowMs: host.nowMs(),
  });
  fetching.addReader(reader);
  try {
    for (; reader.playhead <= reader.last; reader.move(host.nowMs())) {
      const start = reader.playhead * pieceLength;
      reader.waits(host.nowMs());
      const piece = await host.piece(reader.playhead, signal);
      reader.waitsNoMore();
      // Nobody knows how long a player needs it.
      if (!isLent) keepPiece(piece);
      yield piece.subarray(Math.max(0, offset - start), Math.min(piece.length, end - start));
      releasePiece(piece);
      host.onMoved();
    }
  } finally {
    fetching.removeReader(reader);
    host.onEnded();
  }
}
