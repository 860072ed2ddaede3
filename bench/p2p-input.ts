// What the measured swarms carry: a file of random bytes in memory, and its torrent.
import { randomFillSync } from "node:crypto";
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeTorrent } from "../src/p2p/torrent.ts";

export interface MovieInput extends Disposable {
  readonly folder: string;
  readonly torrentPath: string;
  readonly sizeBytes: number;
  /** An empty folder of this input for one leech. */
  outFolder(): string;
  drop(outFolder: string): void;
}

const MEMORY_FOLDER = "/dev/shm";
const CHUNK_BYTES = 4_194_304;
const PIECE_LENGTH = 1_048_576;

export async function makeMovie(sizeMb: number): Promise<MovieInput> {
  const base = existsSync(MEMORY_FOLDER) ? MEMORY_FOLDER : tmpdir();
  const folder = mkdtempSync(join(base, "ace-bench-p2p-"));
  const sizeBytes = sizeMb * 1_000_000;
  const movie = join(folder, "movie.bin");
  writeRandom(movie, sizeBytes);
  // Beside its movie, where a seed looks for it.
  const torrentPath = join(folder, "movie.torrent");
  writeFileSync(torrentPath, await makeTorrent(movie, { announce: [], pieceLength: PIECE_LENGTH }));
  return {
    folder,
    torrentPath,
    sizeBytes,
    outFolder: () => mkdtempSync(join(folder, "out-")),
    drop: (outFolder) => rmSync(outFolder, { recursive: true, force: true }),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function writeRandom(path: string, sizeBytes: number): void {
  const file = openSync(path, "w");
  const chunk = Buffer.alloc(CHUNK_BYTES);
  for (let written = 0; written < sizeBytes; written += CHUNK_BYTES) {
    const length = Math.min(CHUNK_BYTES, sizeBytes - written);
    writeSync(file, randomFillSync(chunk), 0, length);
  }
  closeSync(file);
}
