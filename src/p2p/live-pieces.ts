/**
 * The pieces that a node holds of a live stream: the newest in memory, older ones on disk.
 *
 * What the disk gives back is compared with the digest that the piece came with: a file that was cut
 * short or changed is a piece that is not here.
 *
 * Errors  None: a disk that cannot be written to leaves the node with what memory holds.
 */
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { sha256 } from "../lib/hash.ts";

export interface LivePieces extends AsyncDisposable {
  readonly count: number;
  has(seq: number): boolean;
  get(seq: number): Promise<Uint8Array | undefined>;
  put(seq: number, piece: Uint8Array, digest: Uint8Array): void;
  drop(seqs: readonly number[]): void;
}

interface Place {
  /** Undefined once it is on disk. */
  memory: Uint8Array | undefined;
  readonly digest: Uint8Array;
}

/** @param folder Emptied at the beginning and the end; without one, what memory has no room for is dropped. */
export async function openLivePieces(
  memoryPieces: number,
  folder: string | undefined,
): Promise<LivePieces> {
  if (folder !== undefined) {
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
  }
  return new Pieces(memoryPieces, folder);
}

class Pieces implements LivePieces {
  readonly #places = new Map<number, Place>();
  readonly #memoryPieces: number;
  readonly #folder: string | undefined;
  /** Numbers in memory, in the order they came. */
  readonly #inMemory = new Set<number>();
  #writing: Promise<void> = Promise.resolve();

  constructor(memoryPieces: number, folder: string | undefined) {
    this.#memoryPieces = memoryPieces;
    this.#folder = folder;
  }

  get count(): number {
    return this.#places.size;
  }

  has(seq: number): boolean {
    return this.#places.has(seq);
  }

  async get(seq: number): Promise<Uint8Array | undefined> {
    const place = this.#places.get(seq);
    if (place === undefined || place.memory !== undefined) return place?.memory;
    const bytes = await readFile(this.#path(seq)).catch(() => undefined);
    if (bytes !== undefined && Buffer.compare(sha256(bytes), place.digest) === 0) return bytes;
    this.#places.delete(seq);
    return undefined;
  }

  put(seq: number, piece: Uint8Array, digest: Uint8Array): void {
    this.#places.set(seq, { memory: piece, digest });
    this.#inMemory.add(seq);
    for (const oldest of this.#inMemory) {
      if (this.#inMemory.size <= this.#memoryPieces) break;
      this.#inMemory.delete(oldest);
      if (this.#folder === undefined) this.#places.delete(oldest);
      else this.#writing = this.#writing.then(() => this.#moveToDisk(oldest));
    }
  }

  drop(seqs: readonly number[]): void {
    for (const seq of seqs) {
      const place = this.#places.get(seq);
      this.#places.delete(seq);
      this.#inMemory.delete(seq);
      if (place === undefined || this.#folder === undefined) continue;
      this.#writing = this.#writing.then(() =>
        rm(this.#path(seq), { force: true }).catch(() => {}),
      );
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writing;
    this.#places.clear();
    // Another engine may be writing there: what is left is emptied at the next beginning.
    if (this.#folder === undefined) return;
    await rm(this.#folder, { recursive: true, force: true }).catch(() => {});
  }

  async #moveToDisk(seq: number): Promise<void> {
    const place = this.#places.get(seq);
    if (place?.memory === undefined) return;
    try {
      await writeFile(this.#path(seq), place.memory);
      place.memory = undefined;
    } catch {
      // A full disk makes the window shorter, nothing else.
      if (this.#places.get(seq) === place) this.#places.delete(seq);
    }
  }

  #path(seq: number): string {
    return join(this.#folder ?? "", `${seq}.piece`);
  }
}
