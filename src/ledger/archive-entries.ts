/**
 * Entries of an archive's checkpoint files: told apart by ledger, put in order, joined.
 *
 * Errors  `LEDGER_MALFORMED` for entries out of order, of other ledgers, or left out of the headers.
 * Source  Stellar-ledger.x: LedgerHeaderHistoryEntry, TransactionHistoryEntry and
 *         TransactionHistoryResultEntry, as streams of records.
 */
import { AceError, isAceError } from "../lib/errors.ts";
import { firstLedgerOf } from "./archive-layout.ts";
import { LEDGER_BYTES_MAX, walkXdr } from "./close-meta.ts";
import type { ArchivedLedger } from "./ledger-source.ts";
import { readRecords } from "./record-stream.ts";
import { skipStellarValue } from "./skip-reader.gen.ts";

const UINT32_BYTES = 4;
const HASH_BYTES = 32;
/** Behind the header's hash, its version and the hash of the ledger before. */
const VALUE_START = 2 * HASH_BYTES + UINT32_BYTES;

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

export interface EntryFile {
  /** For messages. */
  readonly name: string;
  readonly kind: EntryKind;
  readonly checkpoint: number;
  /** Inflated. */
  readonly bytes: Uint8Array;
}

/** In order, and of no ledger outside the checkpoint. */
export function readEntries(file: EntryFile): readonly ArchiveEntry[] {
  try {
    return orderedEntries(file);
  } catch (cause) {
    if (!isAceError(cause)) throw cause;
    throw new AceError(cause.code, `${file.name}: ${cause.message}`, { cause });
  }
}

function orderedEntries({ kind, checkpoint, bytes: file }: EntryFile): readonly ArchiveEntry[] {
  const sequenceOf = kind === "ledger" ? headerSequence : leadingSequence;
  const entries: ArchiveEntry[] = [];
  let last = firstLedgerOf(checkpoint) - 1;
  for (const bytes of readRecords(file)) {
    const sequence = sequenceOf(bytes);
    if (sequence <= last || sequence > checkpoint) {
      throw malformed(`ledger ${sequence} does not belong after ledger ${last}`);
    }
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
  checkRun(checkpoint, headers);
  const setOf = new Map(sets.map((entry) => [entry.sequence, entry.bytes]));
  const resultsOf = new Map(results.map((entry) => [entry.sequence, entry.bytes]));
  return headers.map(({ sequence, bytes }) => ({
    kind: "archived",
    sequence,
    header: bytes,
    set: setOf.get(sequence),
    results: resultsOf.get(sequence),
  }));
}

/** Only then is every ledger of the checkpoint there. */
function checkRun(checkpoint: number, headers: readonly ArchiveEntry[]): void {
  const first = firstLedgerOf(checkpoint);
  const isRun = headers.every(({ sequence }, index) => sequence === first + index);
  if (isRun && headers.length === checkpoint - first + 1) return;
  throw malformed(`the headers of checkpoint ${checkpoint} are not ledgers ${first} to its own`);
}

/** The number stands behind the value, which has no fixed length, and two hashes. */
function headerSequence(bytes: Uint8Array): number {
  const what = "LedgerHeaderHistoryEntry";
  return walkXdr(what, bytes, LEDGER_BYTES_MAX, (view) =>
    view.getUint32(skipStellarValue(view, VALUE_START) + 2 * HASH_BYTES),
  );
}

function leadingSequence(bytes: Uint8Array): number {
  if (bytes.length < UINT32_BYTES) throw malformed(`an entry has ${bytes.length} bytes`);
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
}

function malformed(message: string): AceError {
  return new AceError("LEDGER_MALFORMED", message);
}
