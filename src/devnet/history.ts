/**
 * History: the closed ledgers that can still be asked for, and their transactions by hash.
 *
 * The newest are held in memory. Where there is a store, older ones are read from it; where there is
 * none, they are forgotten, as a public RPC server forgets them.
 */
import type { DevnetLedger, DevnetTransaction } from "./devnet-ledger.ts";

/** Where ledgers are that memory no longer holds. */
export interface LedgerStore {
  readonly oldestSequence: number;
  ledger(sequence: number): DevnetLedger | undefined;
}

/** What a history begins with, besides its ledgers: the ledger of each transaction, by hash. */
export type TransactionIndex = ReadonlyMap<string, number>;

export interface HistoryOptions {
  readonly ledgersMax: number;
  readonly store?: LedgerStore | undefined;
  readonly index?: TransactionIndex | undefined;
}

/** Held in memory although the store has them too: those that are asked for all the time. */
const RECENT_LEDGERS = 2_000;

export class History {
  readonly ledgersMax: number;
  readonly #store: LedgerStore | undefined;
  readonly #recent: Map<number, DevnetLedger>;
  readonly #index: Map<string, number>;
  #latest: DevnetLedger;
  /** Every answer names it, and nothing else is read so often from the store. */
  #oldest: DevnetLedger | undefined;

  constructor(latest: DevnetLedger, { ledgersMax, store, index }: HistoryOptions) {
    this.ledgersMax = ledgersMax;
    this.#store = store;
    this.#recent = new Map([[latest.sequence, latest]]);
    this.#index = new Map(index);
    this.#latest = latest;
    this.#addToIndex(latest);
  }

  get latest(): DevnetLedger {
    return this.#latest;
  }

  get index(): TransactionIndex {
    return this.#index;
  }

  get oldestSequence(): number {
    const [firstRecent = this.#latest.sequence] = this.#recent.keys();
    const kept = this.#store?.oldestSequence ?? firstRecent;
    return Math.max(kept, this.#latest.sequence - this.ledgersMax + 1);
  }

  add(ledger: DevnetLedger): void {
    this.#latest = ledger;
    this.#recent.set(ledger.sequence, ledger);
    this.#addToIndex(ledger);
    const kept = this.#store === undefined ? this.ledgersMax : RECENT_LEDGERS;
    for (const [sequence, old] of this.#recent) {
      if (this.#recent.size <= kept) break;
      this.#recent.delete(sequence);
      if (this.#store === undefined) {
        for (const { hash } of old.transactions) this.#index.delete(hash);
      }
    }
  }

  ledger(sequence: number): DevnetLedger | undefined {
    const { oldestSequence } = this;
    if (sequence < oldestSequence || sequence > this.#latest.sequence) return undefined;
    if (sequence !== oldestSequence) return this.archived(sequence);
    if (this.#oldest?.sequence !== sequence) this.#oldest = this.archived(sequence);
    return this.#oldest;
  }

  /** However old it is, as long as it is anywhere. */
  archived(sequence: number): DevnetLedger | undefined {
    if (sequence > this.#latest.sequence) return undefined;
    return this.#recent.get(sequence) ?? this.#store?.ledger(sequence);
  }

  transaction(hash: string): DevnetTransaction | undefined {
    const sequence = this.#index.get(hash);
    const ledger = sequence === undefined ? undefined : this.ledger(sequence);
    return ledger?.transactions.find((transaction) => transaction.hash === hash);
  }

  /** The same history, going its own way from here. */
  copy(): History {
    const { ledgersMax } = this;
    const copy = new History(this.#latest, { ledgersMax, store: this.#store, index: this.#index });
    copy.#recent.clear();
    for (const [sequence, ledger] of this.#recent) copy.#recent.set(sequence, ledger);
    return copy;
  }

  #addToIndex({ sequence, transactions }: DevnetLedger): void {
    for (const { hash } of transactions) this.#index.set(hash, sequence);
  }
}
