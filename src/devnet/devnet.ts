/**
 * The devnet: a Stellar network inside this process, with ledgers that close when told to.
 *
 * No clock and no network: close times are arguments, so the same submissions give the same ledgers,
 * hash for hash. Ledger 1 holds one account, whose key is the SHA-256 of the passphrase and which
 * owns every coin; base fee and base reserve have their present values from the start.
 *
 * Units   Close times are Unix seconds. Hashes are lower-case hexadecimal text.
 * Errors  `DEVNET_PASSPHRASE`, `DEVNET_UNSUPPORTED`, `DEVNET_BAD_ENVELOPE`, `DEVNET_LIMIT`.
 * Source  stellar-core; what is not modelled is refused by name (`operations.ts`).
 */
import type { xdr } from "@stellar/stellar-sdk/base";
import { isPublicPassphrase } from "../contracts/settings.ts";
import { AceError } from "../lib/errors.ts";
import type { Events } from "../lib/events.ts";
import type { Consensus, QuorumSet } from "./consensus.ts";
import type { DevnetLedger, DevnetTransaction, Tip } from "./devnet-ledger.ts";
import type { Faults } from "./faults.ts";
import type { History, LedgerStore, TransactionIndex } from "./history.ts";
import { Network } from "./network.ts";
import type { Queue, SubmitAnswer } from "./queue.ts";
import type { StateCopy } from "./state.ts";
import { PROTOCOL_DEFAULT, PROTOCOL_MAX, PROTOCOL_MIN, type UpgradeSettings } from "./upgrades.ts";

export interface DevnetOptions {
  readonly passphrase: string;
  /** Any text: the keys of the devnet's validators come from it. */
  readonly seed: string;
  /** Close time of ledger 1. */
  readonly closeTime: bigint;
  readonly protocol?: number;
  /** Older ledgers are no longer answered, as a public RPC forgets them. */
  readonly historyLedgersMax?: number;
  /** How many of the three validators are heard to confirm only, not to externalize. */
  readonly confirming?: number;
  readonly events?: Events;
  /** Goes on from there, instead of beginning with ledger 1. */
  readonly resume?: DevnetPast | undefined;
  /** Has every ledger from the moment it closes, so that memory need not. */
  readonly store?: LedgerStore | undefined;
}

/** A network as it was kept. */
export interface DevnetPast {
  readonly latest: DevnetLedger;
  readonly state: StateCopy;
  readonly transactions: TransactionIndex;
}

export interface Devnet {
  readonly passphrase: string;
  readonly latest: DevnetLedger;
  readonly oldestSequence: number;
  readonly historyLedgersMax: number;
  /** For a node's configuration: whose word this network is. */
  readonly quorumSet: QuorumSet;
  readonly consensus: Consensus;
  /** What its sources are told to do wrong. */
  readonly faults: Faults;
  /** Every entry of the ledger, as the latest one left it. */
  readonly entries: Iterable<xdr.LedgerEntry>;
  /** The ledger of each transaction that is known by its hash. */
  readonly transactions: TransactionIndex;
  submit(envelopeBase64: string): SubmitAnswer;
  /** Closes one ledger, at `closeTime` or one second after the last one, whichever is later. */
  close(options: { readonly closeTime: bigint }): DevnetLedger;
  /** Closes ledgers a second apart until `sequence` is closed. */
  closeUntil(sequence: number): DevnetLedger;
  /** Closes ONE ledger, whose close time is that much later. */
  warp(durationSeconds: bigint): DevnetLedger;
  /** The validators vote it into the next ledger. Errors `DEVNET_UNSUPPORTED`. */
  upgrade(settings: UpgradeSettings): void;
  /** The next ledger gets the empty value of CAP-83: what waits goes on waiting. Needs protocol 28. */
  loseNextSet(): void;
  ledger(sequence: number): DevnetLedger | undefined;
  /** A ledger however old it is, while it is kept anywhere: what lakes and archives publish. */
  archived(sequence: number): DevnetLedger | undefined;
  entry(key: xdr.LedgerKey): xdr.LedgerEntry | undefined;
  transaction(hash: string): DevnetTransaction | undefined;
  /** Sends a transaction of the root account that creates these accounts, 10,000 XLM each. */
  fund(accounts: readonly string[]): SubmitAnswer;
  /** Calls `listener` with each ledger that closes from now on, until the result is called. */
  onClose(listener: (ledger: DevnetLedger) => void): () => void;
  /** Remembers everything, for `restore`; costs one copy of a table of references. */
  snapshot(): DevnetSnapshot;
  /** Goes back to where `snapshot` was taken. What was closed since never happened. */
  restore(snapshot: DevnetSnapshot): void;
  /** The state as it is now, for keeping. */
  copyState(): StateCopy;
}

export interface DevnetSnapshot {
  readonly tip: Tip;
  readonly state: StateCopy;
  readonly history: History;
  readonly queue: Queue;
}

export function createDevnet(options: DevnetOptions): Devnet {
  refuse(options.passphrase, options.protocol ?? PROTOCOL_DEFAULT);
  return new Network(options);
}

function refuse(passphrase: string, protocol: number): void {
  if (isPublicPassphrase(passphrase)) {
    throw new AceError("DEVNET_PASSPHRASE", `"${passphrase}" belongs to a public network`);
  }
  if (!Number.isInteger(protocol) || protocol < PROTOCOL_MIN || protocol > PROTOCOL_MAX) {
    const known = `${PROTOCOL_MIN} to ${PROTOCOL_MAX}`;
    throw new AceError("DEVNET_UNSUPPORTED", `protocol ${protocol} is not one of ${known}`);
  }
}
