/**
 * The state at checkpoints, from bucket files: it replaces what contracts changed, and everything
 * else is held against it.
 *
 * Errors  `REPLAY_ARCHIVE` for a missing state or bucket, `LEDGER_HASH_MISMATCH` for a bucket whose
 *         bytes are not those it is named for.
 */
import { xdr } from "@stellar/stellar-sdk/base";
import type { EntryKey } from "../src/devnet/entries.ts";
import type { Replay } from "../src/devnet/replay.ts";
import { allEntries, type Bucket, readBucket } from "../src/devnet/replay-buckets.ts";
import type { Archive } from "../src/ledger/archive-files.ts";
import { bucketsOf } from "../src/ledger/archive-state.ts";
import { AceError } from "../src/lib/errors.ts";
import { sha256Hex } from "../src/lib/hash.ts";

export interface Comparison {
  /** Entries that are theirs or ours and not foreign. */
  readonly compared: number;
  readonly differing: number;
  /** Keys that contracts may have touched, each counted once in the whole run. */
  readonly foreignKeys: number;
  /** Of those, the ones that are entries of the kinds that the devnet keeps. */
  readonly foreignEntries: number;
  /** Foreign entries whose content was not ours. */
  readonly reloaded: number;
}

/**
 * The ledger of the last modification stands in front of an entry. It is left out: Stellar also moves
 * it on entries that were only looked at, which no result depends on.
 */
const LAST_MODIFIED_BYTES = 4;

export class CheckpointBuckets {
  readonly #archive: Archive;
  #buckets: ReadonlyMap<string, Bucket> = new Map();
  readonly #foreignKeys = new Set<EntryKey>();
  readonly #foreignEntries = new Set<EntryKey>();
  /** Entries never change, so one that was found the same as a record stays so. */
  readonly #encoded = new WeakMap<xdr.LedgerEntry, Buffer>();
  readonly #same = new WeakMap<xdr.LedgerEntry, Uint8Array>();

  constructor(archive: Archive) {
    this.#archive = archive;
  }

  /** Compares `replay` with the archive's state at `checkpoint`, and puts its foreign entries right. */
  async compare(replay: Replay, checkpoint: number): Promise<Comparison> {
    const theirs = allEntries(await this.#bucketsAt(checkpoint));
    const reloaded = this.#reload(replay, theirs);
    const { state } = replay;
    const gone = [...state.keys()].filter((key) => !theirs.has(key)).length;
    const changed = [...theirs].filter(([key, entry]) => !this.#isSame(state.get(key), entry));
    return {
      compared: theirs.size + gone,
      differing: changed.length + gone,
      foreignKeys: this.#foreignKeys.size,
      foreignEntries: this.#foreignEntries.size,
      reloaded,
    };
  }

  #reload({ state, foreign }: Replay, theirs: ReadonlyMap<EntryKey, Uint8Array>): number {
    let reloaded = 0;
    for (const key of foreign) {
      const entry = theirs.get(key);
      const ours = state.get(key);
      this.#foreignKeys.add(key);
      if (entry !== undefined || ours !== undefined) this.#foreignEntries.add(key);
      if (this.#isSame(ours, entry)) continue;
      reloaded += 1;
      state.place(key, entry === undefined ? undefined : xdr.LedgerEntry.fromXdr(entry));
    }
    foreign.clear();
    return reloaded;
  }

  #isSame(ours: xdr.LedgerEntry | undefined, theirs: Uint8Array | undefined): boolean {
    if (ours === undefined || theirs === undefined)
      return ours === undefined && theirs === undefined;
    if (this.#same.get(ours) === theirs) return true;
    const encoded = this.#encoded.get(ours) ?? Buffer.from(ours.toXdr());
    this.#encoded.set(ours, encoded);
    const start = LAST_MODIFIED_BYTES;
    const isSame = encoded.compare(theirs, start, theirs.length, start) === 0;
    if (isSame) this.#same.set(ours, theirs);
    return isSame;
  }

  async #bucketsAt(checkpoint: number): Promise<readonly Bucket[]> {
    const state = await this.#archive.stateAt(checkpoint);
    if (state === undefined) throw this.#missing(`the state of checkpoint ${checkpoint}`);
    const hashes = bucketsOf(state);
    const buckets = new Map<string, Bucket>();
    for (const hash of hashes) {
      buckets.set(hash, this.#buckets.get(hash) ?? (await this.#readBucket(hash)));
    }
    this.#buckets = buckets;
    return [...buckets.values()];
  }

  async #readBucket(hash: string): Promise<Bucket> {
    const bytes = await this.#archive.readBucket(hash);
    if (bytes === undefined) throw this.#missing(`bucket ${hash}`);
    if (sha256Hex(bytes) === hash) return readBucket(bytes);
    throw new AceError(
      "LEDGER_HASH_MISMATCH",
      `bucket ${hash} holds other bytes than its name says`,
    );
  }

  #missing(what: string): AceError {
    return new AceError("REPLAY_ARCHIVE", `${this.#archive.location} lacks ${what}`);
  }
}
