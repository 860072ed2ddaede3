/** What the calls of one transaction have used up together. */
import { limits } from "./limits.ts";

export interface TransactionUse {
  /** 32 bytes. */
  readonly txHash: string;
  gas: number;
  /** Keys that contracts wrote. */
  readonly keys: Set<string>;
  pays: number;
  /** Transfers and locks that a contract counted as used. */
  readonly taken: Set<string>;
}

export function newTransaction(txHash: string): TransactionUse {
  return { txHash, gas: 0, keys: new Set(), pays: 0, taken: new Set() };
}

/** Gas that the next call of the transaction may use; `declared` is a decimal of any size. */
export function gasLeft(use: TransactionUse, declared: string): number {
  const left = Math.max(0, limits.gasTransactionMax - use.gas);
  return Math.min(Number(declared), limits.gasCallMax, left);
}
