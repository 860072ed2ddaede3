/**
 * What an archive's node heard of consensus: SCPHistoryEntry by SCPHistoryEntry.
 *
 * Errors  `LEDGER_MALFORMED`.
 * Source  Stellar-ledger.x: SCPHistoryEntryV0. Stellar-SCP.x: SCPEnvelope.
 */
import { xdr } from "@stellar/stellar-sdk/base";
import { decodeXdr } from "./close-meta.ts";

/** XDR of the SCPEnvelopes for ledger `sequence`, which is near the end of a checkpoint's file. */
export function envelopesOf(
  entries: readonly Uint8Array[],
  sequence: number,
): readonly Uint8Array[] {
  for (const bytes of entries.toReversed()) {
    const { ledgerSeq, messages } = readScpEntry(bytes).ledgerMessages;
    if (ledgerSeq === sequence) {
      return messages.map((envelope) => xdr.ScpEnvelope.schema.encode(envelope));
    }
    if (ledgerSeq < sequence) return [];
  }
  return [];
}

export type ScpEntryWire = ReturnType<typeof readScpEntry>;

/** @param bytes XDR of one SCPHistoryEntry. */
export function readScpEntry(bytes: Uint8Array) {
  return decodeXdr("SCPHistoryEntry", () => xdr.ScpHistoryEntry.schema.decode(bytes)).v0;
}
