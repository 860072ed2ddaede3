/**
 * Closed ledgers, as the follower hands them on: facts of Stellar, verified, nothing of contracts.
 *
 * Units   Amounts are stroops; times are Unix seconds of the ledger's close. Hashes and ids are
 *         lower-case hexadecimal text. An asset is `XLM` or `CODE:ISSUER`.
 * Source  Only envelopes and results, both of which the ledger header authenticates.
 */

export interface ClosedLedger {
  readonly sequence: number;
  /** SHA-256 of the LedgerHeader: Stellar's own header hash. */
  readonly hash: string;
  readonly previousHash: string;
  readonly closeTime: bigint;
  readonly protocolVersion: number;
  /** Successful transactions that carry calldata or touch a vault, in the order they were applied. */
  readonly transactions: readonly StellarTransaction[];
}

export interface StellarTransaction {
  /** Hash of the transaction; of the outer one for a fee bump. */
  readonly hash: string;
  /** G… account that sent it; of the inner transaction for a fee bump. */
  readonly source: string;
  /** Values of the manageData operations named `ace:1`, in operation order. */
  readonly chunks: readonly Uint8Array[];
  readonly transfers: readonly Transfer[];
  readonly locks: readonly Lock[];
}

export interface Transfer {
  /** Index of the operation in its transaction. */
  readonly operation: number;
  /** G… account that paid. */
  readonly from: string;
  /** G… or M… address exactly as the operation names it. */
  readonly to: string;
  readonly asset: string;
  /** What the receiver got. */
  readonly amount: bigint;
}

/** A claimable balance that the transaction created. */
export interface Lock {
  readonly operation: number;
  /** SHA-256 that names the balance, 64 hexadecimal characters, without the type prefix. */
  readonly id: string;
  readonly from: string;
  readonly asset: string;
  readonly amount: bigint;
  readonly claimants: readonly Claimant[];
}

export interface Claimant {
  readonly account: string;
  readonly predicate: Predicate;
}

export type Predicate =
  | { readonly kind: "always" }
  | { readonly kind: "and" | "or"; readonly of: readonly [Predicate, Predicate] }
  | { readonly kind: "not"; readonly of: Predicate }
  | { readonly kind: "before"; readonly time: bigint }
  | { readonly kind: "within"; readonly seconds: bigint };
