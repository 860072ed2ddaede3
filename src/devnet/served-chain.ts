/**
 * The chain as one source shows it: the true one, but for the faults of that source.
 *
 * Where there is no fault this is the devnet itself. Signatures over a forged ledger are never those
 * of the devnet's validators: a source that lies can hide what they signed, but not make them sign.
 */
import type { xdr } from "@stellar/stellar-sdk/base";
import { sha256 } from "../lib/hash.ts";
import { type Consensus, createConsensus } from "./consensus.ts";
import type { Devnet } from "./devnet.ts";
import type { DevnetLedger, DevnetTransaction, Tip } from "./devnet-ledger.ts";
import { entryKey } from "./entries.ts";
import type { Fault, Faults } from "./faults.ts";
import { type Alteration, altered, forged, isAlterable } from "./lies.ts";
import type { PublishedChain } from "./publication.ts";
import type { StateCopy } from "./state.ts";

/** What JSON-RPC shows of a network. */
export type ServedNetwork = Pick<
  Devnet,
  | "passphrase"
  | "latest"
  | "oldestSequence"
  | "historyLedgersMax"
  | "ledger"
  | "entry"
  | "transaction"
  | "submit"
>;

type ReadSource = "rpc" | "lake" | "archive";

const ALTERATIONS: readonly Alteration[] = [
  "altered-header",
  "altered-tx",
  "altered-result",
  "dropped-tx",
  "hidden",
];
const OTHER_PASSPHRASE = "Another Network ; 2026";
const STRANGERS_SEED = "strangers";

export class ServedChain implements ServedNetwork, PublishedChain {
  readonly #net: Devnet;
  readonly #faults: Faults;
  readonly #source: ReadSource;
  readonly #networkId: Uint8Array;
  readonly #strangers: Consensus;
  /** The forged chain, by ledger, for one fault. */
  #forged: { readonly fault: number; readonly tips: Map<number, Forged> } | undefined;
  #past: { readonly fault: number; readonly state: StateCopy } | undefined;

  constructor(net: Devnet, source: ReadSource) {
    this.#net = net;
    this.#faults = net.faults;
    this.#source = source;
    this.#networkId = sha256(Buffer.from(net.passphrase));
    this.#strangers = createConsensus({ networkId: this.#networkId, seed: STRANGERS_SEED });
    this.#faults.onAdd((fault) => {
      if (fault.source === source && fault.what === "stale-entries") {
        this.#past = { fault: fault.id, state: net.copyState() };
      }
    });
  }

  get passphrase(): string {
    return this.#find("passphrase") === undefined ? this.#net.passphrase : OTHER_PASSPHRASE;
  }

  get historyLedgersMax(): number {
    return this.#net.historyLedgersMax;
  }

  get oldestSequence(): number {
    const kept = this.#find("retention")?.value ?? 0;
    return Math.max(this.#net.oldestSequence, kept);
  }

  get latest(): DevnetLedger {
    const { latest } = this.#net;
    const stalled = this.#find("stall")?.since ?? latest.sequence;
    const lag = this.#find("lag")?.value ?? 0;
    const sequence = Math.max(1, Math.min(stalled, latest.sequence - lag));
    return this.#shown(sequence) ?? latest;
  }

  get consensus(): Pick<Consensus, "historyEntry"> {
    return {
      historyEntry: (sequence, value) => {
        const isTheirs =
          this.#find("own-quorum", sequence) !== undefined || this.#isForged(sequence);
        if (isTheirs) return this.#strangers.historyEntry(sequence, value);
        const said = this.#net.archived(sequence)?.header.scpValue ?? value;
        return this.#net.consensus.historyEntry(sequence, said);
      },
    };
  }

  ledger(sequence: number): DevnetLedger | undefined {
    const isOver = sequence < this.oldestSequence || sequence > this.latest.sequence;
    return isOver ? undefined : this.#served(sequence);
  }

  archived(sequence: number): DevnetLedger | undefined {
    const isGone = this.#find("retention") !== undefined && sequence < this.oldestSequence;
    return isGone ? undefined : this.#served(sequence);
  }

  omitsEntry(sequence: number): boolean {
    return this.#find("missing-entry", sequence) !== undefined;
  }

  entry(key: xdr.LedgerKey): xdr.LedgerEntry | undefined {
    const fault = this.#find("stale-entries");
    if (fault === undefined || this.#past?.fault !== fault.id) return this.#net.entry(key);
    return this.#past.state.entries.get(entryKey(key));
  }

  transaction(hash: string): DevnetTransaction | undefined {
    return this.#net.transaction(hash);
  }

  submit(envelopeBase64: string): ReturnType<Devnet["submit"]> {
    return this.#net.submit(envelopeBase64);
  }

  #find(what: Fault["what"], sequence?: number): Fault | undefined {
    return this.#faults.find(this.#source, what, sequence);
  }

  #isForged(sequence: number): boolean {
    const from = this.#find("strangers")?.at;
    return from !== undefined && sequence >= from;
  }

  /** To somebody who reads ledgers: that uses up a fault which is to happen so many times. */
  #served(sequence: number): DevnetLedger | undefined {
    const shown = this.#shown(sequence);
    if (shown === undefined) return undefined;
    if (this.#faults.take(this.#source, "missing", sequence) !== undefined) return undefined;
    if (this.#isForged(sequence)) return shown;
    if (this.#faults.take(this.#source, "fork", sequence) !== undefined) return shown;
    const how = this.#alterationAt(sequence);
    // A lie that found nothing to alter was not told.
    if (how !== undefined && isAlterable(shown, how))
      this.#faults.take(this.#source, how, sequence);
    return shown;
  }

  #alterationAt(sequence: number): Alteration | undefined {
    return ALTERATIONS.find((how) => this.#find(how, sequence) !== undefined);
  }

  #shown(sequence: number): DevnetLedger | undefined {
    const ledger = this.#net.archived(sequence);
    if (ledger === undefined) return undefined;
    if (this.#isForged(sequence)) return this.#forgedAt(sequence)?.ledger;
    if (this.#find("fork", sequence) !== undefined) return this.#forkOf(ledger);
    const how = this.#alterationAt(sequence);
    return how === undefined ? ledger : altered(ledger, how, this.#networkId);
  }

  #forkOf(ledger: DevnetLedger): DevnetLedger {
    const before = this.#tipAt(ledger.sequence - 1);
    if (before === undefined) return ledger;
    return forged(ledger, { ...this.#forger(before), changesContent: true }).ledger;
  }

  /** Each forged ledger hangs on the forged one before it. */
  #forgedAt(sequence: number): Forged | undefined {
    const fault = this.#find("strangers");
    if (fault?.at === undefined) return undefined;
    if (this.#forged?.fault !== fault.id) this.#forged = { fault: fault.id, tips: new Map() };
    const { tips } = this.#forged;
    const start = Math.max(2, fault.at);
    for (let next = start + tips.size; next <= sequence; next += 1) {
      const before = tips.get(next - 1)?.tip ?? this.#tipAt(next - 1);
      const ledger = this.#net.archived(next);
      if (ledger === undefined || before === undefined) return undefined;
      tips.set(next, forged(ledger, { ...this.#forger(before), changesContent: next === start }));
    }
    return tips.get(sequence);
  }

  #tipAt(sequence: number): Tip | undefined {
    const ledger = this.#net.archived(sequence);
    if (ledger === undefined) return undefined;
    return { header: ledger.header, hash: Uint8Array.fromHex(ledger.hash) };
  }

  #forger(previous: Tip) {
    const [signer] = this.#strangers.validators;
    return { networkId: this.#networkId, signer, previous };
  }
}

interface Forged {
  readonly ledger: DevnetLedger;
  readonly tip: Tip;
}
