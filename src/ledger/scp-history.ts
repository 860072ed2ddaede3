/**
 * What an archive's node heard of consensus: SCPHistoryEntry by SCPHistoryEntry.
 *
 * Errors  `LEDGER_MALFORMED`.
 * Source  Stellar-ledger.x: SCPHistoryEntryV0.
 */
import { type Skip, walkScp } from "./scp-envelope.ts";
import { skipScpEnvelope, skipScpHistoryEntry, skipScpQuorumSet } from "./skip-reader.gen.ts";
import { viewOf } from "./spans.ts";

const WORD_BYTES = 4;

export interface ScpEntry {
  readonly sequence: number;
  /** XDR of SCPQuorumSets, as the archive's node knew them. */
  readonly quorumSets: readonly Uint8Array[];
  /** XDR of SCPEnvelopes. */
  readonly envelopes: readonly Uint8Array[];
}

/** XDR of the SCPEnvelopes for ledger `sequence`, which is near the end of a checkpoint's file. */
export function envelopesOf(
  entries: readonly Uint8Array[],
  sequence: number,
): readonly Uint8Array[] {
  for (const bytes of entries.toReversed()) {
    const entry = readScpEntry(bytes);
    if (entry.sequence === sequence) return entry.envelopes;
    if (entry.sequence < sequence) return [];
  }
  return [];
}

/** @param bytes XDR of one SCPHistoryEntry. */
export function readScpEntry(bytes: Uint8Array): ScpEntry {
  const view = viewOf(bytes);
  walkScp("SCPHistoryEntry", bytes, skipScpHistoryEntry);
  // The version comes first, and there is only one.
  const sets = slices(bytes, WORD_BYTES, skipScpQuorumSet);
  const messages = slices(bytes, sets.end + WORD_BYTES, skipScpEnvelope);
  return {
    sequence: view.getUint32(sets.end),
    quorumSets: sets.found,
    envelopes: messages.found,
  };
}

/** The elements of an array that begins at `offset` and was walked over before. */
function slices(
  bytes: Uint8Array,
  offset: number,
  skip: Skip,
): { readonly found: readonly Uint8Array[]; readonly end: number } {
  const view = viewOf(bytes);
  const found: Uint8Array[] = [];
  let end = offset + WORD_BYTES;
  for (let left = view.getUint32(offset); left > 0; left -= 1) {
    const start = end;
    end = skip(view, start);
    found.push(bytes.subarray(start, end));
  }
  return { found, end };
}
