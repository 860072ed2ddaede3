/**
 * Entries of an archive's checkpoint files: told apart by ledger, put in order, joined.
 *
 * Errors  `LEDGER_MALFORMED` for entries out of order, of other ledgers, or left out of the headers.
 * Source  Stellar-ledger.x: LedgerHeaderHistoryEntry, TransactionHistoryEntry and
 *         TransactionHistoryResultEntry, as streams of records.
 */
import { AceError, isAceError } from "../lib/errors.ts";
import { readHeaderOnly } from "./archive-header.ts";
import { firstLedgerOf } from "./archive-layout.ts";
import type { ArchivedLedger } from "./ledger-source.ts";
import { readRecords } from "./record-stream.ts";

const UINT32_BYTES = 4;

export type EntryKind = "ledger" | "transactions" | "results";

export interface ArchiveEntry {
  readonly sequence: number;
  /** The entry's XDR. */
  readonly bytes: Uint8Array;
}

export interface CheckpointEntries {
  readonly headers: readonly ArchiveEntry[];
  readonly sets: readonly ArchiveEntry[];
  readonly results: readonly ArchiveEntry[];
}

/** @param name Of the file, for messages. */
export function readEntries(
  name: string,
  kind: EntryKind,
  file: Uint8Array,
): readonly ArchiveEntry[] {
  try {
    return orderedEntries(kind === "ledger" ? headerSequence : leadingSequence, file);
  } catch (cause) {
    if (!isAceError(cause)) throw cause;
    throw new AceError(cause.code, `${name}: ${cause.message}`, { cause });
  }
}

function orderedEntries(
  sequenceOf: (bytes: Uint8Array) => number,
  file: Uint8Array,
): readonly ArchiveEntry[] {
  const entries: ArchiveEntry[] = [];
  let last = -1;
  for (const bytes of readRecords(file)) {
    const sequence = sequenceOf(bytes);
    if (sequence <= last) throw malformed(`ledger ${sequence} comes after ledger ${last}`);
    entries.push({ sequence, bytes });
    last = sequence;
  }
  return entries;
}

/** Every ledger of the checkpoint once, in order, with what the other files hold for it. */
export function joinCheckpoint(
  checkpoint: number,
  { headers, sets, results }: CheckpointEntries,
): readonly ArchivedLedger[] {
  const first = firstLedgerOf(checkpoint);
  const isRun = headers.every(({ sequence }, index) => sequence === first + index);
  if (!isRun || headers.length !== checkpoint - first + 1) {
    throw malformed(`the headers of checkpoint ${checkpoint} are not ledgers ${first} to its own`);
  }
  const setOf = byLedger(sets, first, checkpoint);
  const resultsOf = byLedger(results, first, checkpoint);
  return headers.map(({ sequence, bytes }) => ({
    kind: "archived",
    sequence,
    header: bytes,
    set: setOf.get(sequence),
    results: resultsOf.get(sequence),
  }));
}

function byLedger(
  entries: readonly ArchiveEntry[],
  first: number,
  checkpoint: number,
): ReadonlyMap<number, Uint8Array> {
  const foreign = entries.find(({ sequence }) => sequence < first || sequence > checkpoint);
  if (foreign === undefined) return new Map(entries.map((entry) => [entry.sequence, entry.bytes]));
  throw malformed(`checkpoint ${checkpoint} holds an entry of ledger ${foreign.sequence}`);
}

function headerSequence(bytes: Uint8Array): number {
  return readHeaderOnly(bytes).header.sequence;
}

function leadingSequence(bytes: Uint8Array): number {
  if (bytes.length < UINT32_BYTES) throw malformed(`an entry has ${bytes.length} bytes`);
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
}

function malformed(message: string): AceError {
  return new AceError("LEDGER_MALFORMED", message);
}
