/** The port to whatever serves closed ledgers: Stellar RPC, data lakes and history archives alike. */

/** One closed ledger as a source sends it. Nothing in it is trusted before it is verified. */
export type RawLedger = CloseMetaLedger | ArchivedLedger;

export interface CloseMetaLedger {
  readonly kind: "closeMeta";
  /** What the source says; only the header inside counts. */
  readonly sequence: number;
  /** XDR of one LedgerCloseMeta. */
  readonly bytes: Uint8Array;
}

export interface ArchivedLedger {
  readonly kind: "archived";
  readonly sequence: number;
  /** XDR of one LedgerHeaderHistoryEntry. */
  readonly header: Uint8Array;
  /** XDR of one TransactionHistoryEntry; archives have none for a ledger without transactions. */
  readonly set: Uint8Array | undefined;
  /** XDR of one TransactionHistoryResultEntry; none for a ledger without transactions. */
  readonly results: Uint8Array | undefined;
}

export interface LedgerRange {
  readonly first: number;
  readonly last: number;
}

/**
 * Errors  `NETWORK_MISMATCH`, `LEDGER_RETENTION_EXCEEDED` when the ledger is gone for good,
 *         `LEDGER_NO_SOURCE` and `LEDGER_MALFORMED` when trying again may help.
 */
export interface LedgerSource {
  /** Short name for logs. */
  readonly id: string;
  readonly kind: "rpc" | "lake" | "archive";
  /** What the source claims to hold; a hint. */
  range(signal?: AbortSignal): Promise<LedgerRange>;
  /** Ledgers from `from` on, as far as the source has them now; then it ends. None is not an error. */
  read(from: number, signal?: AbortSignal): AsyncIterable<RawLedger>;
  /**
   * The header hash of one ledger, where that is cheaper to ask for than the ledger: a claim, to be
   * compared with what others say. Undefined when the source does not have the ledger yet.
   */
  headerHash?(sequence: number, signal?: AbortSignal): Promise<string | undefined>;
}

/** What only history archives have: the messages in which validators agreed on a ledger. */
export interface ConsensusSource extends LedgerSource {
  readonly kind: "archive";
  /**
   * XDR of the SCPEnvelopes that this archive's node heard for one checkpoint ledger; none when the
   * checkpoint is not published yet.
   */
  consensus(checkpoint: number, signal?: AbortSignal): Promise<readonly Uint8Array[]>;
}
