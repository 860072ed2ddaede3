/**
 * Rows of the hash chain. Each carries a sum over itself and the row before it, so that a bit that
 * flips on the disk, or a row that goes missing, is noticed when the row is read.
 *
 * SQLite notices neither: the state has its root, and the receipts of a ledger have theirs in its row.
 */
import { sha256Hex } from "../lib/hash.ts";

/** One line of the hash chain: what nodes compare. */
export interface ChainLink {
  readonly sequence: number;
  readonly headerHash: string;
  readonly closeTime: bigint;
  readonly ledgerHash: string;
  readonly stateRoot: string;
  readonly receiptsRoot: string;
}

export interface LedgerRow {
  readonly sequence: number;
  readonly header_hash: string;
  readonly close_time: number;
  readonly ledger_hash: string;
  readonly state_root: string;
  readonly receipts_root: string;
  readonly sum: string;
}

export function rowOf(link: ChainLink, previousSum: string): LedgerRow {
  const row = {
    sequence: link.sequence,
    header_hash: link.headerHash,
    close_time: Number(link.closeTime),
    ledger_hash: link.ledgerHash,
    state_root: link.stateRoot,
    receipts_root: link.receiptsRoot,
  };
  return { ...row, sum: sumOf(row, previousSum) };
}

/** Undefined for a row that is not as it was written. */
export function linkOf(row: LedgerRow, previousSum: string): ChainLink | undefined {
  if (row.sum !== sumOf(row, previousSum)) return undefined;
  return {
    sequence: row.sequence,
    headerHash: row.header_hash,
    closeTime: BigInt(row.close_time),
    ledgerHash: row.ledger_hash,
    stateRoot: row.state_root,
    receiptsRoot: row.receipts_root,
  };
}

function sumOf(row: Omit<LedgerRow, "sum">, previousSum: string): string {
  const { sequence, header_hash, close_time, ledger_hash, state_root, receipts_root } = row;
  const fields = [sequence, header_hash, close_time, ledger_hash, state_root, receipts_root];
  return sha256Hex(Buffer.from(JSON.stringify([previousSum, ...fields])));
}
