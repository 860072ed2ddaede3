/**
 * What the node asks the keeper for: ledgers as `ledger-text.ts` reads them, views as JSON.
 *
 * Bytes are byte text; integers are numbers where those are exact, decimal text beyond. The node writes
 * it (`wire.ts`), the keeper reads it: both are ours, so nothing here is judged again.
 */
import type { CALL_KINDS } from "./wire-numbers.ts";

export type WireInteger = number | string;

/** All of a ledger but its calls. */
export interface LedgerHead {
  readonly sequence: number;
  /** Seconds, as text. */
  readonly closeTime: string;
  readonly vault: string;
  /** Installed before the first call of the genesis ledger. */
  readonly systemContracts: readonly WireContract[];
  /** Whether to tell what the calls touched of state. */
  readonly isNoted?: boolean;
}

/**
 * What the calls of one contract touched of state: its number, the gas they used, contracts by number,
 * and of the system's own entries keys that were only read, keys written, and prefixes scanned.
 */
export type WireFootprint = readonly [
  contract: string,
  gasUsed: number,
  contracts: readonly number[],
  read: readonly string[],
  written: readonly string[],
  scanned: readonly string[],
];

export interface WireContract {
  readonly number: string;
  readonly source: string;
  /** CBOR of the array of arguments of `setup`. */
  readonly setupArgs: string;
}

export interface WireCall {
  /** 32 bytes. */
  readonly txHash: string;
  readonly index: number;
  /** `skipped` is an exception of the protocol: it never runs. */
  readonly kind: (typeof CALL_KINDS)[number];
  readonly contract: string;
  /** UTF-8, as byte text: a call may name what no method is called. */
  readonly method: string;
  /** CBOR of the array of arguments. */
  readonly args: string;
  readonly caller: string;
  readonly gasLimit: WireInteger;
  /** Places among `transfers`. */
  readonly paid: readonly number[];
  readonly transfers: readonly WireTransfer[];
  /** How many of `transfers` contracts see, from the first. */
  readonly shown: number;
  /** CBOR of the locks as contracts see them. */
  readonly locks: string;
}

export interface WireTransfer {
  readonly operation: number;
  readonly from: string;
  readonly to: string;
  readonly asset: string;
  readonly amount: WireInteger;
}

export interface ViewRequest {
  readonly sequence: number;
  readonly closeTime: string;
  readonly vault: string;
  readonly contract: string;
  readonly method: string;
  readonly args: string;
  readonly caller: string;
}
