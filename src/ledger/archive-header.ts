/**
 * One header of an archive, by itself.
 *
 * Errors  `LEDGER_HASH_MISMATCH` where the header does not have the hash that stands beside it,
 *         `LEDGER_MALFORMED`, `LEDGER_PROTOCOL_UNKNOWN`.
 */
import { toHex } from "../lib/bytes.ts";
import { AceError } from "../lib/errors.ts";
import { readLedger } from "./close-meta.ts";
import { describeFailure, holds } from "./hash-check.ts";
import { checkHeader } from "./header-chain.ts";

export interface HeaderPoint {
  readonly sequence: number;
  /** Header hash. */
  readonly hash: string;
}

export interface HeaderFacts extends HeaderPoint {
  readonly previousHash: string;
  /** XDR of the header's scpValue: what validators agree on. */
  readonly valueBytes: Uint8Array;
}

/** @param entry XDR of one LedgerHeaderHistoryEntry. */
export function readHeaderEntry(entry: Uint8Array): HeaderFacts {
  const nothing = { sequence: 0, set: undefined, results: undefined };
  const meta = readLedger({ kind: "archived", ...nothing, header: entry });
  const sequence = meta.header.sequence;
  const check = checkHeader(meta);
  if (!holds(check)) throw new AceError("LEDGER_HASH_MISMATCH", describeFailure(sequence, check));
  return {
    sequence,
    hash: toHex(meta.claimedHash),
    previousHash: toHex(meta.header.previousHash),
    valueBytes: meta.header.value.bytes,
  };
}
