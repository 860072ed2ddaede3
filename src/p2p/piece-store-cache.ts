/**
 * Cache store: one file per piece, the least used ones deleted beyond a cap. For nodes that only watch.
 *
 * Units   Bytes. A cap below `STORE_CAP_MIN_BYTES` makes players fetch in circles.
 * Errors  `FILE_UNREADABLE`, `STORE_FULL`: faults of this node.
 */
import { randomBytes } from "node:crypto";
import { mkdir, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { AceError } from "../lib/errors.ts";
import { PieceLru } from "./piece-lru.ts";
import { type FileStamp, type PieceStore, storeFault } from "./piece-store.ts";
import { pieceSize, type Torrent } from "./torrent.ts";

/** Below `folder`, in one of its own that is named by the infohash. */
export async function cacheStore(
  torrent: Torrent,
  { folder, capBytes }: { readonly folder: string; readonly capBytes: number },
): Promise<PieceStore> {
  const home = join(folder, `${torrent.infohash}.pieces`);
  const lru = new PieceLru(capBytes);
  const stamps = new Map<number, FileStamp>();
  const found = await openHome(torrent, home);
  for (const { index, stamp } of found) stamps.set(index, stamp);
  const surplus = found.flatMap(({ index, stamp }) => lru.add(index, stamp.size));
  const place = (index: number) => join(home, String(index));
  let tell: (index: number) => void = () => {};
  const evict = async (index: number) => {
    // Nobody may count on it from before it is gone.
    tell(index);
    stamps.delete(index);
    await rm(place(index), { force: true });
  };
  for (const index of surplus) await evict(index);
  return {
    isNew: found.length === 0,
    capBytes,
    mayHold: (index) => lru.has(index),
    get: async (index) => {
      lru.touch(index);
      return await read(place(index), pieceSize(torrent, index));
    },
    put: async (index, piece) => {
      stamps.set(index, await write(place(index), piece));
      for (const gone of lru.add(index, piece.length)) await evict(gone);
    },
    sync: async () =>
      torrent.pieceHashes.map((_, index) => stamps.get(index) ?? { size: 0, changedNs: 0n }),
    onEvicted: (listener) => {
      tell = listener;
    },
    close: async () => {},
  };
}

interface Found {
  readonly index: number;
  readonly stamp: FileStamp;
}

/** Whole pieces that are there, those used longest ago first. What is half written goes. */
async function openHome(torrent: Torrent, home: string): Promise<readonly Found[]> {
  try {
    await mkdir(home, { recursive: true });
    const found: Found[] = [];
    for (const name of await readdir(home)) {
      const index = /^\d{1,6}$/.test(name) ? Number(name) : -1;
      const { size, mtimeNs } = await stat(join(home, name), { bigint: true });
      const isWhole = index >= 0 && index < torrent.pieceHashes.length;
      if (isWhole && Number(size) === pieceSize(torrent, index)) {
        found.push({ index, stamp: { size: Number(size), changedNs: mtimeNs } });
      } else if (name.endsWith(HALF)) await rm(join(home, name), { force: true });
    }
    return found.sort((a, b) => Number(a.stamp.changedNs - b.stamp.changedNs));
  } catch (cause) {
    throw storeFault(home, cause);
  }
}

const HALF = ".half";
const HALF_NAME_BYTES = 4;

async function read(place: string, size: number): Promise<Uint8Array> {
  try {
    const bytes = await readFile(place);
    if (bytes.length === size) return bytes;
  } catch (cause) {
    throw storeFault(place, cause);
  }
  throw new AceError("FILE_UNREADABLE", `${place} is not a whole piece`);
}

/** A name appears only when all of its bytes are there. Two engines may write one piece at once. */
async function write(place: string, piece: Uint8Array): Promise<FileStamp> {
  const half = `${place}.${randomBytes(HALF_NAME_BYTES).toString("hex")}${HALF}`;
  try {
    await using file = await open(half, "w");
    await file.writeFile(piece);
    await file.datasync();
    await rename(half, place);
    const { size, mtimeNs } = await file.stat({ bigint: true });
    return { size: Number(size), changedNs: mtimeNs };
  } catch (cause) {
    await rm(half, { force: true }).catch(() => {});
    throw storeFault(place, cause);
  }
}
