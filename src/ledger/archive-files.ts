/**
 * The files of a history archive, one checkpoint at a time, taken apart but not verified.
 *
 * Transactions and results have no entry for a ledger without transactions; whether one was left out
 * is seen when the ledger's hashes are checked.
 *
 * Range   A file inflates to at most `CHECKPOINT_BYTES_MAX`.
 * Errors  `LEDGER_MALFORMED` for files that are broken, incomplete or hold other ledgers,
 *         `LEDGER_NO_SOURCE` when the archive cannot be reached or has no state.
 */
import { AceError } from "../lib/errors.ts";
import {
  type ArchiveEntry,
  type EntryKind,
  joinCheckpoint,
  readEntries,
} from "./archive-entries.ts";
import {
  bucketPath,
  checkpointPath,
  checkpointStatePath,
  ROOT_STATE_NAME,
} from "./archive-layout.ts";
import { type ArchiveState, readArchiveState } from "./archive-state.ts";
import { inflateGzip } from "./gzip.ts";
import type { ArchivedLedger } from "./ledger-source.ts";
import { type ObjectStore, openObjectStore } from "./object-store.ts";
import { isRecordStream, readRecords } from "./record-stream.ts";

const CHECKPOINT_BYTES_MAX = 256 * 1024 * 1024;
const STATE_BYTES_MAX = 1024 * 1024;
/** Buckets hold the whole state of Stellar; the largest have gigabytes. */
const BUCKET_BYTES_MAX = 2 ** 32;

export interface Archive {
  readonly location: string;
  /** The newest state. */
  state(signal?: AbortSignal): Promise<ArchiveState>;
  /** The state at a checkpoint, or undefined when there is none. */
  stateAt(checkpoint: number, signal?: AbortSignal): Promise<ArchiveState | undefined>;
  /** Its ledgers in order, or undefined when the archive has not got that far. */
  readCheckpoint(
    checkpoint: number,
    signal?: AbortSignal,
  ): Promise<readonly ArchivedLedger[] | undefined>;
  /** The entries of one of its files, in order. */
  readEntries(
    kind: EntryKind,
    checkpoint: number,
    signal?: AbortSignal,
  ): Promise<readonly ArchiveEntry[] | undefined>;
  /** XDR of SCPHistoryEntry, one a ledger, or undefined when there is no such file. */
  readConsensus(
    checkpoint: number,
    signal?: AbortSignal,
  ): Promise<readonly Uint8Array[] | undefined>;
  /** A bucket's inflated bytes, unchecked, or undefined when there is no such file. */
  readBucket(hash: string, signal?: AbortSignal): Promise<Uint8Array | undefined>;
}

/** @param location A folder, file://, http:// or https://; or an object store. */
export function openArchive(location: string | ObjectStore): Archive {
  const store = typeof location === "string" ? openObjectStore(location) : location;
  const readState = async (name: string, signal: AbortSignal | undefined) => {
    const bytes = await store.fetchObject(name, { bytesMax: STATE_BYTES_MAX, signal });
    return bytes === undefined ? undefined : readArchiveState(bytes);
  };
  const inflated = async (name: string, bytesMax: number, signal: AbortSignal | undefined) => {
    const bytes = await store.fetchObject(name, { bytesMax, signal });
    // Servers that call the file's own compression a content encoding have it inflated on the way.
    if (bytes === undefined || isRecordStream(bytes)) return bytes;
    return inflateGzip(name, bytes, bytesMax);
  };
  const entries = async (kind: EntryKind, checkpoint: number, signal?: AbortSignal) => {
    const name = checkpointPath(kind, checkpoint);
    const bytes = await inflated(name, CHECKPOINT_BYTES_MAX, signal);
    return bytes === undefined ? undefined : readEntries({ name, kind, checkpoint, bytes });
  };
  return {
    location: store.location,
    state: async (signal) => {
      const state = await readState(ROOT_STATE_NAME, signal);
      if (state !== undefined) return state;
      throw new AceError("LEDGER_NO_SOURCE", `${store.location} has no ${ROOT_STATE_NAME}`);
    },
    stateAt: (checkpoint, signal) => readState(checkpointStatePath(checkpoint), signal),
    readCheckpoint: async (checkpoint, signal) => {
      const [headers, sets, results] = await Promise.all([
        entries("ledger", checkpoint, signal),
        entries("transactions", checkpoint, signal),
        entries("results", checkpoint, signal),
      ]);
      // Files are put one by one, so that one may be there before the others.
      if (headers === undefined || sets === undefined || results === undefined) return undefined;
      return joinCheckpoint(checkpoint, { headers, sets, results });
    },
    readEntries: entries,
    readConsensus: async (checkpoint, signal) => {
      const bytes = await inflated(checkpointPath("scp", checkpoint), CHECKPOINT_BYTES_MAX, signal);
      return bytes === undefined ? undefined : [...readRecords(bytes)];
    },
    readBucket: (hash, signal) => inflated(bucketPath(hash), BUCKET_BYTES_MAX, signal),
  };
}
