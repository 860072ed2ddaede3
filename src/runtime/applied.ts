/**
 * What applying one ledger gives: the only thing the store ever commits.
 *
 * Units   Amounts are stroops. Hashes are lower-case hexadecimal text.
 */
import type { Call } from "../contracts/call.ts";
import type { CborValue } from "../lib/cbor.ts";

/** Committed state, in the order of the key's bytes. */
export interface StateReader {
  get(key: Uint8Array): Uint8Array | undefined;
  /** At most `limit` entries whose key starts with `prefix` and sorts after `after`. */
  scan(prefix: Uint8Array, after: Uint8Array | undefined, limit: number): readonly StateEntry[];
}

export interface StateEntry {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** One ledger as the runtime sees it. */
export interface LedgerInput {
  readonly sequence: number;
  readonly closeTime: bigint;
  readonly headerHash: string;
  readonly calls: readonly Call[];
}

export interface Write {
  readonly key: Uint8Array;
  /** Undefined deletes the key. */
  readonly value: Uint8Array | undefined;
}

export interface ContractEvent {
  readonly contract: bigint;
  readonly topic: string;
  readonly data: CborValue;
}

export interface Pay {
  readonly contract: bigint;
  /** G… or M… address. */
  readonly to: string;
  readonly asset: string;
  readonly amount: bigint;
}

/** Value given back to the account that paid it, because the call it came with failed. */
export interface Refund {
  readonly to: string;
  readonly asset: string;
  readonly amount: bigint;
}

export interface Receipt {
  readonly ledger: number;
  readonly txHash: string;
  readonly index: number;
  readonly contract: bigint;
  /** Of the code that ran; empty when none did. */
  readonly codeHash: string;
  readonly method: string;
  readonly caller: string;
  readonly argsHash: string;
  readonly ok: boolean;
  /** Why it failed; empty when it did not. */
  readonly code: string;
  readonly gasLimit: bigint;
  readonly gasUsed: bigint;
  readonly writesHash: string;
  readonly events: readonly ContractEvent[];
  readonly effects: readonly Pay[];
  readonly refunds: readonly Refund[];
  readonly result: CborValue;
}

export interface Applied {
  readonly sequence: number;
  readonly headerHash: string;
  readonly closeTime: bigint;
  /** Net writes of the ledger, ascending by key, each key once. */
  readonly writes: readonly Write[];
  /** Read from `encodedReceipts` when asked for. */
  readonly receipts: readonly Receipt[];
  /** The bytes that are hashed, stored and compared. */
  readonly encodedReceipts: readonly Uint8Array[];
  readonly receiptsRoot: string;
  readonly stateRoot: string;
  /** The hash chain over receipts and roots: what nodes compare. */
  readonly ledgerHash: string;
}
