/** One ledger, named by number and header hash. */
export interface LedgerPoint {
  readonly sequence: number;
  /** Header hash, hexadecimal. */
  readonly hash: string;
}
