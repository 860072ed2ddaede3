/**
 * A history archive as a source of ledgers, and of the messages by which validators agreed on them.
 *
 * Ledgers come checkpoint by checkpoint, up to the newest that is published.
 *
 * Errors  As of `LedgerSource`.
 */
import { AceError } from "../lib/errors.ts";
import { type Archive, openArchive } from "./archive-files.ts";
import { CHECKPOINT_LEDGERS, checkpointOf, isCheckpoint } from "./archive-layout.ts";
import type { ArchivedLedger, ConsensusSource } from "./ledger-source.ts";
import { type ObjectStore, type ObjectStoreOptions, openObjectStore } from "./object-store.ts";
import { prefetch } from "./prefetch.ts";
import { envelopesOf } from "./scp-history.ts";

/** Of one archive and ledger. Every validator says a few things, and few hundred are heard at all. */
const ENVELOPES_MAX = 500;
const PREFETCH = { aheadMax: 2, bytesMax: 256 * 1024 * 1024 };

export interface ArchiveSourceOptions extends ObjectStoreOptions {
  /** A folder, file://, http:// or https://; or an object store. */
  readonly location: string | ObjectStore;
  /** The archive must be of this network, where it names one. */
  readonly passphrase?: string | undefined;
}

export function openArchiveSource(options: ArchiveSourceOptions): ConsensusSource {
  const { location, passphrase } = options;
  const store = typeof location === "string" ? openObjectStore(location, options) : location;
  const archive = openArchive(store);
  const newest = async (signal: AbortSignal | undefined): Promise<number> => {
    const { networkPassphrase, currentLedger } = await archive.state(signal);
    checkNetwork(networkPassphrase, passphrase, store.location);
    return isCheckpoint(currentLedger)
      ? currentLedger
      : Math.max(0, checkpointOf(currentLedger) - CHECKPOINT_LEDGERS);
  };
  return {
    id: `archive ${store.location}`,
    kind: "archive",
    range: async (signal) => ({ first: 1, last: await newest(signal) }),
    read: (from, signal) => readLedgers({ archive, newest, from }, signal),
    consensus: async (checkpoint, signal) => {
      const entries = await archive.readConsensus(checkpoint, signal);
      // One archive must not crowd out what the others heard.
      return envelopesOf(entries ?? [], checkpoint).slice(0, ENVELOPES_MAX);
    },
  };
}

function checkNetwork(
  named: string | undefined,
  wanted: string | undefined,
  location: string,
): void {
  if (named === undefined || wanted === undefined || named === wanted) return;
  throw new AceError("NETWORK_MISMATCH", `${location} holds "${named}", not "${wanted}"`);
}

interface Reading {
  readonly archive: Archive;
  readonly newest: (signal: AbortSignal | undefined) => Promise<number>;
  readonly from: number;
}

async function* readLedgers(
  { archive, newest, from }: Reading,
  signal: AbortSignal | undefined,
): AsyncGenerator<ArchivedLedger, void> {
  const last = await newest(signal);
  const batches = prefetch({
    keys: checkpoints(Math.max(1, from), last),
    load: async (checkpoint, both) => {
      const ledgers = await archive.readCheckpoint(checkpoint, both);
      // The newest may still be on its way to this copy of the archive.
      if (ledgers === undefined && checkpoint < last) throw missing(archive, checkpoint, last);
      return ledgers;
    },
    bytesOf: (ledgers) => ledgers.reduce((sum, ledger) => sum + bytesOfLedger(ledger), 0),
    limits: PREFETCH,
    signal,
  });
  for await (const ledgers of batches) {
    for (const ledger of ledgers) if (ledger.sequence >= from) yield ledger;
  }
}

function* checkpoints(from: number, last: number): Generator<number> {
  for (let next = checkpointOf(from); next <= last; next += CHECKPOINT_LEDGERS) yield next;
}

function bytesOfLedger({ header, set, results }: ArchivedLedger): number {
  return header.length + (set?.length ?? 0) + (results?.length ?? 0);
}

function missing(archive: Archive, checkpoint: number, last: number): AceError {
  return new AceError(
    "LEDGER_NO_SOURCE",
    `${archive.location} claims ledger ${last}, but lacks files of checkpoint ${checkpoint}`,
  );
}
