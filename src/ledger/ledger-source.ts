/** The port to whatever serves closed ledgers: RPC today, lakes and archives alike. */

export interface RawLedger {
  /** What the source says; only the header inside counts. */
  readonly sequence: number;
  /** XDR of one LedgerCloseMeta. */
  readonly bytes: Uint8Array;
}

/**
 * Errors  `NETWORK_MISMATCH`, `LEDGER_RETENTION_EXCEEDED` when the ledger is gone for good,
 *         `LEDGER_NO_SOURCE` and `LEDGER_MALFORMED` when trying again may help.
 */
export interface LedgerSource {
  /** Short name for logs. */
  readonly id: string;
  /** Ledgers from `from` on, as far as the source has them now; then it ends. None is not an error. */
  read(from: number, signal?: AbortSignal): AsyncIterable<RawLedger>;
}
