/**
 * Operations: the form every operation's rules have, one file each (`op-*.ts`).
 *
 * Flow    `check` needs no state and is asked at submission and again when applied; `apply` writes
 *         through the journal, so a refusal after a write leaves nothing behind.
 * Source  stellar-core, OperationFrame.cpp.
 */
import { xdr } from "@stellar/stellar-sdk/base";
import type { EntryKey } from "./entries.ts";
import type { ReserveRefusal } from "./sponsorship.ts";
import type { Sponsorships } from "./sponsorships.ts";
import type { LedgerState } from "./state.ts";

/** Which of an account's three thresholds the operation's signatures must reach. */
export type Threshold = "low" | "medium" | "high";

/** What the rules read from the ledger that is being closed. */
export interface LedgerRules {
  readonly sequence: number;
  readonly closeTime: bigint;
  readonly protocol: number;
  readonly baseFee: bigint;
  readonly baseReserve: bigint;
  /** LedgerHeaderFlags: validators can close liquidity pools. None when not given. */
  readonly flags?: number;
  /** By source: the highest sequence number of its transactions in this ledger, once it is applied. */
  readonly lastSequences?: ReadonlyMap<EntryKey, bigint>;
}

export interface OperationContext {
  readonly state: LedgerState;
  readonly ledger: LedgerRules;
  /** Who acts: the operation's own source, or else the transaction's. */
  readonly source: xdr.PublicKey;
  /** The transaction and the place in it: what the id of a new claimable balance is made of. */
  readonly transaction: { readonly source: xdr.PublicKey; readonly sequence: bigint };
  readonly index: number;
  readonly sponsorships: Sponsorships;
}

export interface OperationRule {
  readonly threshold: Threshold;
  /** What its result reads before it was tried: Stellar starts every result as a success. */
  readonly untried: xdr.OperationResult;
  /** Whether the protocol or the header forbids the operation: that is said before anything else. */
  isForbidden?(ledger: LedgerRules): boolean;
  /** The result when the operation is wrong whatever the state is. */
  check(source: xdr.PublicKey): xdr.OperationResult | undefined;
  apply(at: OperationContext): xdr.OperationResult;
}

/** Results for an entry or a signer that found no reserve; each operation has its own for the first. */
export function reserveFaults(
  lowReserve: xdr.OperationResult,
): Readonly<Record<ReserveRefusal, xdr.OperationResult>> {
  return {
    lowReserve,
    tooManySubentries: xdr.OperationResult.opTooManySubentries(),
    tooManySponsoring: xdr.OperationResult.opTooManySponsoring(),
  };
}

const SUCCESS = /Success$/;

export function succeeded(result: xdr.OperationResult): boolean {
  return result.type === "opInner" && SUCCESS.test(result.tr.value.type);
}
