/**
 * State, replayed from what closed ledgers say they changed.
 *
 * No transaction is applied again, so a network that is kept outlives a correction of the rules. Each
 * ledger's header has a hash of what it changed: what does not agree is damaged.
 *
 * Errors  `LEDGER_MALFORMED` for a ledger out of line or one whose changes its header does not cover.
 */
import type { xdr } from "@stellar/stellar-sdk/base";
import { compareBytes } from "../lib/bytes.ts";
import { AceError } from "../lib/errors.ts";
import { readMeta } from "./devnet-ledger.ts";
import { type EntryKey, entryKey, keyOfData } from "./entries.ts";
import { chainStateHash } from "./header.ts";
import { changeOf, type StateCopy } from "./state.ts";

export class StateReplay {
  readonly #entries: Map<EntryKey, xdr.LedgerEntry>;
  #sequence: number;
  #lastId: bigint;
  #stateHash: Uint8Array;

  /** @param stateHash That of the header of the ledger after which `start` was the state. */
  constructor(start: StateCopy, stateHash: Uint8Array) {
    this.#entries = new Map(start.entries);
    this.#sequence = start.sequence;
    this.#lastId = start.lastId;
    this.#stateHash = stateHash;
  }

  copy(): StateCopy {
    const entries = new Map(this.#entries);
    return { sequence: this.#sequence, lastId: this.#lastId, entries };
  }

  /** @param meta XDR of the next ledger's LedgerCloseMeta. */
  add(meta: Uint8Array): void {
    const { ledgerHeader, txProcessing } = readMeta(meta);
    const { header } = ledgerHeader;
    if (header.ledgerSeq !== this.#sequence + 1) {
      const message = `ledger ${header.ledgerSeq} stands after ledger ${this.#sequence}`;
      throw new AceError("LEDGER_MALFORMED", message);
    }
    const before = new Map<EntryKey, xdr.LedgerEntry | undefined>();
    // All fees of a ledger come before its first transaction.
    for (const { feeProcessing } of txProcessing) this.#apply(feeProcessing, before);
    for (const each of txProcessing) {
      this.#apply(changesOf(each.txApplyProcessing), before);
      this.#apply(each.postTxApplyFeeProcessing, before);
    }
    const changes = [...before].flatMap(([key, was]) => changeOf(key, was, this.#entries.get(key)));
    this.#stateHash = chainStateHash(this.#stateHash, changes);
    if (compareBytes(this.#stateHash, header.bucketListHash.toBytes()) !== 0) {
      const message = `ledger ${header.ledgerSeq} did not change what it says it changed`;
      throw new AceError("LEDGER_MALFORMED", message);
    }
    this.#sequence = header.ledgerSeq;
    this.#lastId = header.idPool;
  }

  #apply(
    changes: readonly xdr.LedgerEntryChange[],
    before: Map<EntryKey, xdr.LedgerEntry | undefined>,
  ): void {
    for (const change of changes) {
      if (change.type === "ledgerEntryState") continue;
      const isRemoved = change.type === "ledgerEntryRemoved";
      const key = isRemoved ? entryKey(change.removed) : keyOfData(entryOf(change).data);
      if (!before.has(key)) before.set(key, this.#entries.get(key));
      if (isRemoved) this.#entries.delete(key);
      else this.#entries.set(key, entryOf(change));
    }
  }
}

type Written = Exclude<xdr.LedgerEntryChange, { readonly type: "ledgerEntryRemoved" }>;

function entryOf(change: Written): xdr.LedgerEntry {
  switch (change.type) {
    case "ledgerEntryCreated":
      return change.created;
    case "ledgerEntryUpdated":
      return change.updated;
    case "ledgerEntryState":
      return change.state;
    case "ledgerEntryRestored":
      return change.restored;
  }
}

function changesOf(meta: xdr.TransactionMeta): readonly xdr.LedgerEntryChange[] {
  if (meta.type !== "v4") {
    throw new AceError("LEDGER_MALFORMED", `the devnet writes no TransactionMeta ${meta.type}`);
  }
  const { txChangesBefore, operations, txChangesAfter } = meta.v4;
  return [...txChangesBefore, ...operations.flatMap(({ changes }) => changes), ...txChangesAfter];
}
