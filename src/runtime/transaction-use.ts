/** What the calls of one transaction have used up together. */
import type { KeySet } from "./key-set.ts";
import { limits } from "./limits.ts";
import type { WireInteger } from "./requests.ts";

export interface TransactionUse {
  /** 32 bytes. */
  readonly txHash: string;
  gas: number;
  /** Keys that contracts wrote; made for the first of them. */
  keys: KeySet | undefined;
  pays: number;
  /** Transfers and locks that a contract counted as used; likewise. */
  taken: Set<string> | undefined;
}

export function newTransaction(txHash: string): TransactionUse {
  return { txHash, gas: 0, keys: undefined, pays: 0, taken: undefined };
}

/** Gas that the next call of the transaction may use. */
export function gasLeft(use: TransactionUse, declared: WireInteger): number {
  const left = Math.max(0, limits.gasTransactionMax - use.gas);
  return Math.min(Number(declared), limits.gasCallMax, left);
}
