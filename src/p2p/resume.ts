/**
 * Resume: pieces are verified once, then remembered.
 *
 * At the start a record is believed when the files are as it says, and a sample of its pieces is
 * verified all the same. Otherwise everything is: before the start for a seed, behind it for a viewer.
 *
 * A record never says more than what is on the disk: a piece is marked after it was written, and what
 * was written is made to outlive a loss of power before the record is. Who is killed loses the marks
 * of `RESUME_BATCH_MS` at most; these pieces are fetched again. Files of a killed session may be a
 * little younger than its record, since it wrote to them: no younger than `RESUME_GRACE_MS`.
 *
 * Errors  `FILE_UNREADABLE`, `STORE_FULL` from the store. A record that cannot be written is no fault
 *         of the content: the next start verifies more.
 */
import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import type { Clock } from "../lib/clock.ts";
import { Bitfield } from "./bitfield.ts";
import type { Chance } from "./chance.ts";
import { RESUME_BATCH_MS, RESUME_BATCH_PIECES, RESUME_GRACE_MS, RESUME_SAMPLE } from "./limits.ts";
import type { FileStamp, PieceStore } from "./piece-store.ts";
import { encodeResume, loadResume, type ResumeRecord, saveResume } from "./resume-record.ts";
import type { Torrent } from "./torrent.ts";
import { isStoredGood } from "./verify.ts";

export interface ResumeOptions {
  readonly torrent: Torrent;
  readonly store: PieceStore;
  readonly path: string;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly batchMs?: number;
}

export interface Resumed {
  /** The store to use from here on: it keeps the record. */
  readonly store: ResumingStore;
  readonly had: Bitfield;
  /** True when the store may hold more than `had` says, and should be gone through. */
  readonly isCheckDue: boolean;
}

export async function resumeStore(options: ResumeOptions): Promise<Resumed> {
  const { torrent, store, path } = options;
  await mkdir(dirname(path), { recursive: true });
  const had = new Bitfield(torrent.pieceHashes.length);
  const record = store.isNew ? undefined : await loadResume(torrent, path);
  const isTrusted = record !== undefined && (await isAsRecorded(options, record));
  if (isTrusted) {
    for (let index = 0; index < had.size; index += 1) {
      if (record.pieces.has(index) && (store.mayHold?.(index) ?? true)) had.set(index);
    }
  }
  const resuming = new ResumingStore(options, had);
  await resuming.begin();
  return { store: resuming, had, isCheckDue: !store.isNew && !isTrusted };
}

/** Files as the record says, and a sample of its pieces as their hashes say. */
async function isAsRecorded(options: ResumeOptions, record: ResumeRecord): Promise<boolean> {
  const { torrent, store, chance } = options;
  const stamps = (await store.sync?.()) ?? [];
  if (stamps.length !== record.stamps.length) return false;
  const isSame = stamps.every((stamp, place) => {
    const recorded = record.stamps[place];
    return recorded !== undefined && isUntouched(stamp, recorded, record);
  });
  if (!isSame) return false;
  const held: number[] = [];
  for (let index = 0; index < record.pieces.size; index += 1) {
    if (record.pieces.has(index) && (store.mayHold?.(index) ?? true)) held.push(index);
  }
  for (let tried = 0; tried < RESUME_SAMPLE && held.length > 0; tried += 1) {
    const [index = 0] = held.splice(chance.below(held.length), 1);
    if (!(await isStoredGood(torrent, store, index))) return false;
  }
  return true;
}

/** An empty stamp stands for a piece that a capped store does not hold: it may come and go. */
function isUntouched(now: FileStamp, then: FileStamp, record: ResumeRecord): boolean {
  if (now.size === then.size && now.changedNs === then.changedNs) return true;
  if (now.size === 0) return true;
  if (!record.isOpen || (now.size !== then.size && then.size !== 0)) return false;
  const latestNs = BigInt(record.savedMs + RESUME_GRACE_MS) * 1_000_000n;
  return now.changedNs >= then.changedNs && now.changedNs <= latestNs;
}

/** A store that remembers which of its pieces are good. */
export class ResumingStore implements PieceStore {
  readonly isNew: boolean;
  readonly capBytes: number;
  readonly #options: ResumeOptions;
  readonly #store: PieceStore;
  readonly #marks: Bitfield;
  readonly #batchMs: number;
  #unsaved = 0;
  #savedMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #saving: Promise<void> = Promise.resolve();
  #isClosed = false;
  #tell: (index: number) => void = () => {};

  constructor(options: ResumeOptions, had: Bitfield) {
    const { store } = options;
    this.#options = options;
    this.#store = store;
    this.#batchMs = options.batchMs ?? RESUME_BATCH_MS;
    this.isNew = store.isNew;
    this.capBytes = store.capBytes ?? Number.POSITIVE_INFINITY;
    this.#marks = Bitfield.read(had.toBytes(), had.size) ?? new Bitfield(had.size);
    store.onEvicted?.((index) => {
      this.#marks.clear(index);
      this.#changed();
      this.#tell(index);
    });
  }

  /** From here on the record says that a session is open. */
  async begin(): Promise<void> {
    await this.#save(true);
  }

  get(index: number): Promise<Uint8Array> {
    return this.#store.get(index);
  }

  async put(index: number, piece: Uint8Array): Promise<void> {
    // A file must not grow younger than its record allows, or all would be verified after a kill.
    const { clock } = this.#options;
    if (clock.nowMs() - this.#savedMs > RESUME_GRACE_MS / 2) await this.#save(true);
    await this.#store.put(index, piece);
    this.mark(index);
  }

  /** The piece is in the store and good. */
  mark(index: number): void {
    this.#marks.set(index);
    this.#changed();
  }

  mayHold(index: number): boolean {
    return this.#store.mayHold?.(index) ?? true;
  }

  onEvicted(listener: (index: number) => void): void {
    this.#tell = listener;
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#saving;
    await this.#save(false);
    await this.#store.close();
  }

  #changed(): void {
    this.#unsaved += 1;
    if (this.#isClosed) return;
    if (this.#unsaved >= RESUME_BATCH_PIECES) this.#flush();
    else this.#timer ??= setTimeout(() => this.#flush(), this.#batchMs);
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#unsaved = 0;
    void this.#save(true);
  }

  /** One after the other: a later record must not be overtaken by an earlier one. */
  #save(isOpen: boolean): Promise<void> {
    this.#saving = this.#saving.then(async () => {
      const { torrent, path, clock } = this.#options;
      const pieces = Bitfield.read(this.#marks.toBytes(), this.#marks.size) ?? this.#marks;
      const savedMs = clock.nowMs();
      try {
        const stamps = (await this.#store.sync?.()) ?? [];
        await saveResume(path, encodeResume(torrent, { pieces, stamps, isOpen, savedMs }));
        this.#savedMs = savedMs;
      } catch {
        // The record before stays: it says less, never more. The next start verifies more.
      }
    });
    return this.#saving;
  }
}
