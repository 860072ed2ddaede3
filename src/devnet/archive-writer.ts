/**
 * The devnet as a history archive: the files of every checkpoint, and what the archive says of itself.
 *
 * Ledgers without transactions have no entry in `transactions` and `results`, as in real archives.
 * Bucket files are left out: the devnet has no bucket list. The state lists none, and its `server` says
 * so, because stellar-core could not start from such an archive.
 *
 * Source  stellar-core, docs/history.md; Stellar-ledger.x (TransactionHistoryEntry and the like).
 */
import { gzipSync } from "node:zlib";
import { xdr } from "@stellar/stellar-sdk/base";
import {
  CHECKPOINT_LEDGERS,
  type CheckpointKind,
  checkpointOf,
  checkpointPath,
  checkpointStatePath,
  firstLedgerOf,
  isCheckpoint,
  ROOT_STATE_NAME,
} from "../ledger/archive-layout.ts";
import { concatBytes, uint32Bytes } from "../lib/bytes.ts";
import { invariant } from "../lib/invariant.ts";
import type { DevnetLedger } from "./devnet-ledger.ts";
import type { Publication, PublishedChain } from "./publication.ts";

const SERVER = "ace-devnet (no bucket files: history only)";
const STATE_VERSION = 2;
const LAST_PIECE = 0x80_00_00_00;
const KINDS: readonly CheckpointKind[] = ["ledger", "transactions", "results", "scp"];
const NAME = /-([0-9a-f]{8})\.(?:xdr\.gz|json)$/;

export function archivePublication(chain: PublishedChain): Publication {
  return {
    names: [],
    completedBy: (sequence) =>
      isCheckpoint(sequence)
        ? [
            ...KINDS.map((kind) => checkpointPath(kind, sequence)),
            checkpointStatePath(sequence),
            ROOT_STATE_NAME,
          ]
        : [],
    read: (name) => {
      const newest = newestCheckpoint(chain.latest.sequence);
      const checkpoint = name === ROOT_STATE_NAME ? newest : checkpointNamed(name);
      if (!isCheckpoint(checkpoint) || checkpoint > newest) return undefined;
      const isState = name === ROOT_STATE_NAME || name === checkpointStatePath(checkpoint);
      if (isState) return stateText(chain, checkpoint);
      const kind = KINDS.find((each) => checkpointPath(each, checkpoint) === name);
      return kind === undefined ? undefined : readCheckpoint(chain, kind, checkpoint);
    },
  };
}

function checkpointNamed(name: string): number {
  return Number.parseInt(NAME.exec(name)?.[1] ?? "0", 16);
}

/** 0 when none is complete. */
function newestCheckpoint(latest: number): number {
  return isCheckpoint(latest) ? latest : Math.max(0, checkpointOf(latest) - CHECKPOINT_LEDGERS);
}

function stateText({ passphrase }: PublishedChain, currentLedger: number): Uint8Array {
  const state = {
    version: STATE_VERSION,
    server: SERVER,
    currentLedger,
    networkPassphrase: passphrase,
    currentBuckets: [],
    hotArchiveBuckets: [],
  };
  return Buffer.from(`${JSON.stringify(state, undefined, 4)}\n`);
}

function readCheckpoint(
  chain: PublishedChain,
  kind: CheckpointKind,
  checkpoint: number,
): Uint8Array | undefined {
  const records: Uint8Array[] = [];
  for (let sequence = firstLedgerOf(checkpoint); sequence <= checkpoint; sequence += 1) {
    const ledger = chain.archived(sequence);
    if (ledger === undefined) return undefined;
    const record = recordOf(chain, kind, ledger);
    if (record !== undefined) records.push(uint32Bytes(LAST_PIECE + record.length), record);
  }
  return gzipSync(concatBytes(...records));
}

function recordOf(
  chain: PublishedChain,
  kind: CheckpointKind,
  ledger: DevnetLedger,
): Uint8Array | undefined {
  const { sequence } = ledger;
  if (kind === "ledger") return ledger.headerEntry;
  if (kind === "scp") return chain.consensus.historyEntry(sequence, ledger.header.scpValue);
  if (ledger.transactions.length === 0 || chain.omitsEntry?.(sequence) === true) return undefined;
  const meta = xdr.LedgerCloseMeta.fromXdr(ledger.meta);
  invariant(meta.type === "v2", "the devnet writes LedgerCloseMeta of version 2");
  const { txSet, txProcessing } = meta.v2;
  return kind === "results" ? resultsEntry(sequence, txProcessing) : setEntry(sequence, txSet);
}

function setEntry(ledgerSeq: number, set: xdr.GeneralizedTransactionSet): Uint8Array {
  const txSet = new xdr.TransactionSet({ previousLedgerHash: new Uint8Array(32), txs: [] });
  const ext = xdr.TransactionHistoryEntryExt.generalizedTxSet(set);
  return new xdr.TransactionHistoryEntry({ ledgerSeq, txSet, ext }).toXdr();
}

function resultsEntry(
  ledgerSeq: number,
  processing: readonly xdr.TransactionResultMetaV1[],
): Uint8Array {
  const results = processing.map(({ result }) => result);
  return new xdr.TransactionHistoryResultEntry({
    ledgerSeq,
    txResultSet: new xdr.TransactionResultSet({ results }),
    ext: xdr.TransactionHistoryResultEntryExt.v0(),
  }).toXdr();
}
