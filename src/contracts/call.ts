/**
 * Calls: what one Stellar transaction asks of contracts, after the inbox rule has read it.
 *
 * Units   Amounts are stroops. Hashes and ids are lower-case hexadecimal text.
 */
import type { CborValue } from "../lib/cbor.ts";

/** A payment, as the ledger shows it. The same shape as the follower's. */
export interface Transfer {
  readonly operation: number;
  readonly from: string;
  readonly to: string;
  readonly asset: string;
  readonly amount: bigint;
}

/** A claimable balance made in the same transaction. The same shape as the follower's. */
export interface Lock {
  readonly operation: number;
  readonly id: string;
  readonly from: string;
  readonly asset: string;
  readonly amount: bigint;
  readonly claimants: readonly { readonly account: string; readonly predicate: Predicate }[];
}

export type Predicate =
  | { readonly kind: "always" }
  | { readonly kind: "and" | "or"; readonly of: readonly [Predicate, Predicate] }
  | { readonly kind: "not"; readonly of: Predicate }
  | { readonly kind: "before"; readonly time: bigint }
  | { readonly kind: "within"; readonly seconds: bigint };

export interface Call {
  readonly txHash: string;
  /** Place among the calls of one transaction: 0 is the explicit call, plain payments follow. */
  readonly index: number;
  /** `call` carries calldata, `receive` is a plain payment, `malformed` broke the calldata rules. */
  readonly kind: "call" | "receive" | "malformed";
  /** 0 for a malformed call. */
  readonly contract: bigint;
  readonly method: string;
  readonly args: readonly CborValue[];
  /** G… account of the transaction's source. */
  readonly caller: string;
  readonly gasLimit: bigint;
  /** Payments to this contract's own address; refunded when the call fails. */
  readonly paid: readonly Transfer[];
  /** Every payment and lock of the transaction, whoever receives it. */
  readonly transfers: readonly Transfer[];
  readonly locks: readonly Lock[];
}
