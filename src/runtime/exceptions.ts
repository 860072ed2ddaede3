/**
 * Exceptions: transactions whose calls are skipped, each because the sandbox failed on it on every node.
 *
 * A call that ends in a fault of the engine, never in a receipt, halts all nodes alike, and then no vote
 * can be applied either. The way out is a release with one more line here, agreed on by operators: from
 * that ledger on every ledger hash carries the line, so that nobody can skip a call in silence. Calls of
 * the transaction fail with `PROTOCOL_SKIPPED`; what was paid with them is owed back.
 *
 * A line is never changed or taken away: ledgers were applied with it.
 */
export interface Exception {
  /** Id of the service network. */
  readonly network: string;
  readonly ledger: number;
  readonly txHash: string;
}

export const exceptions: readonly Exception[] = [];
