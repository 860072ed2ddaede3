/** What is told of a ledger: the applied ledger itself, the name of a call, the time it may take. */
import type { Call } from "../contracts/call.ts";
import type { Applied, Receipt } from "./applied.ts";
import { roomOf } from "./ledger-parts.ts";
import { gasSchedule, limits } from "./limits.ts";
import { decodeReceipt } from "./receipt-codec.ts";

/** A hundredth of what plain code uses up in a millisecond: a slow machine is no fault. */
const GAS_PER_MS = 2_500;

type AppliedParts = Omit<Applied, "receipts" | "encodedReceipts" | "ledgerHash">;

/** Receipts are read when somebody wants more of them than their bytes. */
export function appliedOf(
  parts: AppliedParts,
  encodedReceipts: readonly Uint8Array[],
  chained: string,
): Applied {
  let receipts: readonly Receipt[] | undefined;
  return {
    ...parts,
    get receipts() {
      receipts ??= encodedReceipts.map(decodeReceipt);
      return receipts;
    },
    encodedReceipts,
    ledgerHash: chained,
  };
}

/** Before the first call is told, only that of a ledger with one call is known. */
export function callName(
  sequence: number,
  calls: readonly Call[],
  told: number | undefined,
): string {
  const call = calls[told ?? (calls.length === 1 ? 0 : calls.length)];
  if (call === undefined) return `ledger ${sequence}`;
  const { txHash, contract, method } = call;
  return `ledger ${sequence}, transaction ${txHash}, contract ${contract}, method ${method}`;
}

/** Time that these calls may honestly take: what they declare, as far as a ledger grants it. */
export function allowanceMs(calls: readonly Call[]): number {
  let gas = 0;
  for (const call of calls) gas += roomOf(call, { limits, gasSchedule });
  return Math.min(gas, limits.gasLedgerMax) / GAS_PER_MS;
}
