/**
 * Piece stores: where the bytes of a torrent are.
 *
 * A store keeps what it is given. Whether a piece is good is checked before `put`, and once for all
 * that was there before (verify.ts).
 *
 * Units   Bytes; `index` counts pieces.
 * Errors  `FILE_UNREADABLE`, and `STORE_FULL` when the disk is: faults of this node, never a peer's.
 */
import { type FileHandle, mkdir, open, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { AceError } from "../lib/errors.ts";
import { FILES_KEPT_MAX } from "./limits.ts";
import { PieceLru } from "./piece-lru.ts";
import { keepPiece, lendPiece } from "./piece-memory.ts";
import { pieceSize, type Torrent } from "./torrent.ts";
import { writeWhole } from "./write-whole.ts";

export interface PieceStore {
  /** True when nothing can be there yet, so that nothing needs to be verified. */
  readonly isNew: boolean;
  /** The most that it holds: pieces beyond it push others out. Absent when it holds all. */
  readonly capBytes?: number;
  /** Held once for the caller (piece-memory.ts). */
  get(index: number): Promise<Uint8Array>;
  /** A store that goes on using the bytes after it has answered must `keepPiece` them. */
  put(index: number, piece: Uint8Array): Promise<void>;
  close(): Promise<void>;
  /** False for a piece that is surely not there. Absent when any may be. */
  mayHold?(index: number): boolean;
  /** Makes what was put outlive a loss of power; answers how the files are then. */
  sync?(): Promise<readonly FileStamp[]>;
  /** `listener` hears of pieces that had to go. There is one listener at most. */
  onEvicted?(listener: (index: number) => void): void;
  /** `listener` hears that the disk took no piece, which is in memory for now. One at most. */
  onFull?(listener: (error: AceError) => void): void;
}

/** By which it shows when somebody else has written to a file. */
export interface FileStamp {
  readonly size: number;
  /** Nanoseconds since 1970. */
  readonly changedNs: bigint;
}

/** Keeps pieces in memory: for tests, short films, and nodes that shall leave nothing on a disk. */
export function memoryStore(torrent: Torrent, capBytes = Number.POSITIVE_INFINITY): PieceStore {
  const pieces = new Map<number, Uint8Array>();
  const lru = new PieceLru(capBytes);
  let tell: (index: number) => void = () => {};
  return {
    isNew: true,
    capBytes,
    get: async (index) => {
      const piece = pieces.get(index);
      lru.touch(index);
      if (piece !== undefined) return piece;
      throw new AceError("FILE_UNREADABLE", `piece ${index} of ${torrent.name} is not here`);
    },
    put: async (index, piece) => {
      pieces.set(index, keepPiece(piece));
      for (const gone of lru.add(index, piece.length)) {
        pieces.delete(gone);
        tell(gone);
      }
    },
    close: async () => pieces.clear(),
    mayHold: (index) => pieces.has(index),
    onEvicted: (listener) => {
      tell = listener;
    },
  };
}

/** The publisher's own file, or folder of files, where it already is. Never written to. */
export function seedStore(torrent: Torrent, path: string): PieceStore {
  const isSingle = torrent.files.length === 1 && torrent.files[0]?.path === torrent.name;
  const places = torrent.files.map((file) => (isSingle ? path : join(path, file.path)));
  const files = new Files("r");
  return {
    isNew: false,
    get: (index) => readPiece(torrent, { files, places }, index),
    close: () => files.close(),
    sync: () => stampsOf(places),
    put: async () => {
      throw new AceError("FILE_UNREADABLE", `${path} is seeded as it is and never written`);
    },
  };
}

/** Files as the torrent lays them out, below a folder named by its infohash. */
export async function folderStore(torrent: Torrent, folder: string): Promise<PieceStore> {
  const places = torrent.files.map((file) => join(folder, torrent.infohash, file.path));
  const first = places[0];
  const isNew = first === undefined || (await isMissing(first));
  for (const [place, file] of torrent.files.entries()) {
    await ensureFile(places[place] ?? "", file.length);
  }
  const files = new Files("r+");
  const stamps = [...(await stampsOf(places))];
  const written = new Set<string>();
  return {
    isNew,
    get: (index) => readPiece(torrent, { files, places }, index),
    put: async (index, piece) => {
      for (const { place } of sections(torrent, places, index)) written.add(place);
      await writePiece(torrent, { files, places }, index, piece);
    },
    close: () => files.close(),
    sync: async () => {
      const changed = [...written];
      written.clear();
      for (const place of changed) {
        await files.use(place, (file) => file.datasync());
        stamps[places.indexOf(place)] = await stampOf(place);
      }
      return stamps;
    },
  };
}

async function stampsOf(places: readonly string[]): Promise<readonly FileStamp[]> {
  const stamps: FileStamp[] = [];
  for (const place of places) stamps.push(await stampOf(place));
  return stamps;
}

async function stampOf(place: string): Promise<FileStamp> {
  try {
    const { size, mtimeNs } = await stat(place, { bigint: true });
    return { size: Number(size), changedNs: mtimeNs };
  } catch (cause) {
    throw storeFault(place, cause);
  }
}

interface Layout {
  readonly files: Files;
  /** Where each file of the torrent is. */
  readonly places: readonly string[];
}

interface Section {
  readonly place: string;
  readonly fileOffset: number;
  readonly pieceOffset: number;
  readonly length: number;
}

/** The runs of bytes, file by file, that a piece is made of. */
function sections(torrent: Torrent, places: readonly string[], index: number): readonly Section[] {
  const start = index * torrent.pieceLength;
  const end = start + pieceSize(torrent, index);
  return torrent.files.flatMap((file, place) => {
    const from = Math.max(start, file.offset);
    const to = Math.min(end, file.offset + file.length);
    if (from >= to) return [];
    const run = { fileOffset: from - file.offset, pieceOffset: from - start, length: to - from };
    return [{ place: places[place] ?? "", ...run }];
  });
}

async function readPiece(
  torrent: Torrent,
  { files, places }: Layout,
  index: number,
): Promise<Uint8Array> {
  // Every byte of it is read, or it is thrown away.
  const piece = lendPiece(pieceSize(torrent, index));
  for (const { place, fileOffset, pieceOffset, length } of sections(torrent, places, index)) {
    await files.use(place, async (file) => {
      const { bytesRead } = await file.read(piece, pieceOffset, length, fileOffset);
      if (bytesRead === length) return;
      throw new AceError("FILE_UNREADABLE", `${place} is shorter than its torrent says`);
    });
  }
  return piece;
}

async function writePiece(
  torrent: Torrent,
  { files, places }: Layout,
  index: number,
  piece: Uint8Array,
): Promise<void> {
  for (const { place, fileOffset, pieceOffset, length } of sections(torrent, places, index)) {
    const bytes = piece.subarray(pieceOffset, pieceOffset + length);
    await files.use(place, (file) => writeWhole(file, bytes, fileOffset));
  }
}

/** Creates a sparse file of that length, or leaves what is there. */
async function ensureFile(place: string, length: number): Promise<void> {
  try {
    await mkdir(dirname(place), { recursive: true });
    await using file = await open(place, "a");
    // Even without an effect it would count as a change of the file.
    if ((await file.stat()).size !== length) await file.truncate(length);
  } catch (cause) {
    throw storeFault(place, cause);
  }
}

async function isMissing(place: string): Promise<boolean> {
  return await stat(place).then(
    () => false,
    () => true,
  );
}

/** Keeps the files of a small torrent open; those of one with many are opened when needed. */
class Files {
  readonly #flags: string;
  readonly #kept = new Map<string, Promise<FileHandle>>();
  #isClosed = false;

  constructor(flags: string) {
    this.#flags = flags;
  }

  async use(place: string, work: (file: FileHandle) => Promise<void>): Promise<void> {
    if (this.#isClosed) throw new AceError("FILE_UNREADABLE", `${place} was closed`);
    try {
      const kept = this.#kept.get(place) ?? this.#keep(place);
      if (kept !== undefined) return await work(await kept);
      await using file = await open(place, this.#flags);
      await work(file);
    } catch (cause) {
      throw storeFault(place, cause);
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const kept = [...this.#kept.values()];
    this.#kept.clear();
    for (const opening of await Promise.allSettled(kept)) {
      if (opening.status === "fulfilled") await opening.value.close();
    }
  }

  #keep(place: string): Promise<FileHandle> | undefined {
    if (this.#kept.size >= FILES_KEPT_MAX) return undefined;
    const opening = open(place, this.#flags);
    // A file that cannot be opened now may be there at the next try.
    opening.catch(() => this.#kept.delete(place));
    this.#kept.set(place, opening);
    return opening;
  }
}

export function storeFault(place: string, cause: unknown): unknown {
  if (!(cause instanceof Error) || !("code" in cause) || cause instanceof AceError) return cause;
  const isFull = cause.code === "ENOSPC" || cause.code === "EDQUOT";
  const code = isFull ? "STORE_FULL" : "FILE_UNREADABLE";
  return new AceError(code, `${place}: ${String(cause.code)}`, { cause });
}
