/**
 * The network itself: what is kept between two ledgers, and the next ledger made of it.
 *
 * Flow    Submissions wait in the queue. A close drops what went stale, chooses by bid, applies, and
 *         only then does anybody hear of the ledger.
 */
import { Keypair, type xdr } from "@stellar/stellar-sdk/base";
import { AceError } from "../lib/errors.ts";
import { silentEvents } from "../lib/events.ts";
import { sha256 } from "../lib/hash.ts";
import { invariant } from "../lib/invariant.ts";
import { newAccount, writeAccount } from "./account.ts";
import { type Chain, closeLedger, openChain, rulesAfter } from "./close.ts";
import { type Consensus, createConsensus, type QuorumSet } from "./consensus.ts";
import type { Devnet, DevnetOptions, DevnetPast, DevnetSnapshot } from "./devnet.ts";
import type { Closed, DevnetLedger, DevnetTransaction, Tip } from "./devnet-ledger.ts";
import { entryKey } from "./entries.ts";
import { readEnvelope } from "./envelope.ts";
import { Faults } from "./faults.ts";
import { fundTransaction } from "./fund.ts";
import { TOTAL_COINS } from "./header.ts";
import { History, type TransactionIndex } from "./history.ts";
import { obeyNetworkFaults } from "./network-faults.ts";
import { Queue, type SubmitAnswer } from "./queue.ts";
import { LedgerState, type StateCopy } from "./state.ts";
import { chooseTransactions } from "./tx-set.ts";
import { checkUpgrade, PROTOCOL_DEFAULT, type UpgradeSettings, upgradesOf } from "./upgrades.ts";

const EMPTY_VALUE_PROTOCOL = 28;
const HISTORY_LEDGERS_MAX = 200_000;
const STATE_ENTRIES_MAX = 1_000_000;

export class Network implements Devnet {
  readonly passphrase: string;
  readonly historyLedgersMax: number;
  readonly consensus: Consensus;
  readonly faults = new Faults(() => this.latest.sequence);
  readonly #networkId: Uint8Array;
  readonly #root: Keypair;
  readonly #state = new LedgerState();
  readonly #listeners = new Set<(ledger: DevnetLedger) => void>();
  #tip: Tip;
  #history: History;
  #queue: Queue;
  #upgrade: UpgradeSettings = {};
  #isNextSetLost = false;

  constructor(options: DevnetOptions) {
    const { passphrase, seed, confirming = 0, resume, events = silentEvents } = options;
    this.passphrase = passphrase;
    this.historyLedgersMax = options.historyLedgersMax ?? HISTORY_LEDGERS_MAX;
    this.#networkId = sha256(Buffer.from(passphrase));
    this.#root = Keypair.fromRawEd25519Seed(this.#networkId);
    this.consensus = createConsensus({ networkId: this.#networkId, seed, confirming });
    const opened =
      resume === undefined ? found(this.#chain, this.#root, options) : goOn(this.#state, resume);
    this.#tip = opened.tip;
    this.#history = new History(opened.ledger, {
      ledgersMax: this.historyLedgersMax,
      store: options.store,
      index: resume?.transactions,
    });
    this.#queue = new Queue(events);
    obeyNetworkFaults(this, events);
  }

  get quorumSet(): QuorumSet {
    return this.consensus.quorumSet;
  }

  get latest(): DevnetLedger {
    return this.#history.latest;
  }

  get oldestSequence(): number {
    return this.#history.oldestSequence;
  }

  get transactions(): TransactionIndex {
    return this.#history.index;
  }

  get entries(): Iterable<xdr.LedgerEntry> {
    return this.#state.values();
  }

  submit(envelopeBase64: string): SubmitAnswer {
    if (this.#state.size >= STATE_ENTRIES_MAX) {
      throw new AceError("DEVNET_LIMIT", `the devnet keeps at most ${STATE_ENTRIES_MAX} entries`);
    }
    const { header } = this.#tip;
    const view = { state: this.#state, ledger: rulesAfter(header, header.scpValue.closeTime) };
    const submission = readEnvelope(envelopeBase64, this.#networkId);
    return this.#queue.submit(view, submission, header.maxTxSetSize);
  }

  close({ closeTime: asked }: { readonly closeTime: bigint }): DevnetLedger {
    const { header } = this.#tip;
    const earliest = header.scpValue.closeTime + 1n;
    const closeTime = asked > earliest ? asked : earliest;
    this.#queue.dropStale({ state: this.#state, ledger: rulesAfter(header, closeTime) });
    const chosen = chooseTransactions([...this.#queue.values()], header.maxTxSetSize);
    const isValueEmpty = this.#isNextSetLost;
    const { ledger, tip } = closeLedger(this.#chain, {
      previous: this.#tip,
      closeTime,
      chosen,
      isFull: this.#queue.size > chosen.length,
      upgrades: isValueEmpty ? [] : upgradesOf(this.#upgrade),
      isValueEmpty,
    });
    if (!isValueEmpty) {
      this.#queue.remove(chosen);
      this.#upgrade = {};
    }
    this.#isNextSetLost = false;
    this.#tip = tip;
    this.#history.add(ledger);
    for (const listener of this.#listeners) listener(ledger);
    return ledger;
  }

  closeUntil(sequence: number): DevnetLedger {
    while (this.latest.sequence < sequence) this.close({ closeTime: 0n });
    return this.latest;
  }

  warp(durationSeconds: bigint): DevnetLedger {
    return this.close({ closeTime: this.latest.closeTime + durationSeconds });
  }

  upgrade(settings: UpgradeSettings): void {
    const { ledgerVersion, baseReserve } = this.#tip.header;
    const isOffer = ({ data }: xdr.LedgerEntry): boolean => data.type === "offer";
    const hasOffers =
      settings.baseReserve !== undefined && Iterator.from(this.entries).some(isOffer);
    checkUpgrade(settings, { protocol: ledgerVersion, baseReserve, hasOffers });
    this.#upgrade = { ...this.#upgrade, ...settings };
  }

  loseNextSet(): void {
    const { ledgerVersion } = this.#tip.header;
    if (ledgerVersion < EMPTY_VALUE_PROTOCOL) {
      const needed = `the empty value needs protocol ${EMPTY_VALUE_PROTOCOL}`;
      throw new AceError("DEVNET_UNSUPPORTED", `${needed}, and this is ${ledgerVersion}`);
    }
    this.#isNextSetLost = true;
  }

  ledger(sequence: number): DevnetLedger | undefined {
    return this.#history.ledger(sequence);
  }

  archived(sequence: number): DevnetLedger | undefined {
    return this.#history.archived(sequence);
  }

  entry(key: xdr.LedgerKey): xdr.LedgerEntry | undefined {
    return this.#state.get(entryKey(key));
  }

  transaction(hash: string): DevnetTransaction | undefined {
    return this.#history.transaction(hash);
  }

  fund(accounts: readonly string[]): SubmitAnswer {
    return this.submit(fundTransaction(this.#state, this.#root, this.passphrase, accounts));
  }

  onClose(listener: (ledger: DevnetLedger) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  snapshot(): DevnetSnapshot {
    const [history, queue] = [this.#history.copy(), this.#queue.copy()];
    return { tip: this.#tip, state: this.#state.copy(), history, queue };
  }

  restore({ tip, state, history, queue }: DevnetSnapshot): void {
    this.#tip = tip;
    this.#state.restore(state);
    this.#history = history.copy();
    this.#queue = queue.copy();
    this.#upgrade = {};
    this.#isNextSetLost = false;
  }

  copyState(): StateCopy {
    return this.#state.copy();
  }

  get #chain(): Chain {
    return { networkId: this.#networkId, consensus: this.consensus, state: this.#state };
  }
}

function found(chain: Chain, root: Keypair, { protocol, closeTime }: DevnetOptions): Closed {
  return openChain(chain, protocol ?? PROTOCOL_DEFAULT, closeTime, () => {
    writeAccount(chain.state, newAccount(root.xdrPublicKey(), TOTAL_COINS, 0n));
  });
}

function goOn(state: LedgerState, { latest, state: kept }: DevnetPast): Closed {
  state.restore(kept);
  invariant(state.sequence === latest.sequence, "state and ledger are kept together");
  const tip = { header: latest.header, hash: Uint8Array.fromHex(latest.hash) };
  return { ledger: latest, tip };
}
