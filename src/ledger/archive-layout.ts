/**
 * Where a history archive keeps what: a file of each kind for every 64 ledgers.
 *
 * Units   A checkpoint is named by its last ledger: 63, 127, 191 and so on. The first has 63 ledgers,
 *         because ledgers are counted from 1.
 * Source  stellar-core docs/history.md and FileTransferInfo.h.
 */

/** Ledgers in every checkpoint but the first. */
export const CHECKPOINT_LEDGERS = 64;

export const ROOT_STATE_NAME = ".well-known/stellar-history.json";

export type CheckpointKind = "ledger" | "transactions" | "results" | "scp";

const NAME_DIGITS = 8;

/** The checkpoint that holds ledger `sequence`. */
export function checkpointOf(sequence: number): number {
  return (sequence | (CHECKPOINT_LEDGERS - 1)) >>> 0;
}

export function isCheckpoint(sequence: number): boolean {
  return sequence > 0 && checkpointOf(sequence) === sequence;
}

export function firstLedgerOf(checkpoint: number): number {
  return Math.max(1, checkpoint - CHECKPOINT_LEDGERS + 1);
}

/** Such as `ledger/00/00/27/ledger-0000273f.xdr.gz`. */
export function checkpointPath(kind: CheckpointKind, checkpoint: number): string {
  return `${kind}/${folderOf(keyOf(checkpoint))}/${kind}-${keyOf(checkpoint)}.xdr.gz`;
}

/** Such as `history/00/00/27/history-0000273f.json`. */
export function checkpointStatePath(checkpoint: number): string {
  return `history/${folderOf(keyOf(checkpoint))}/history-${keyOf(checkpoint)}.json`;
}

/** @param hash Lower-case hexadecimal SHA-256 of the bucket's inflated bytes. */
export function bucketPath(hash: string): string {
  return `bucket/${folderOf(hash)}/bucket-${hash}.xdr.gz`;
}

function keyOf(checkpoint: number): string {
  return checkpoint.toString(16).padStart(NAME_DIGITS, "0");
}

function folderOf(key: string): string {
  return `${key.slice(0, 2)}/${key.slice(2, 4)}/${key.slice(4, 6)}`;
}
