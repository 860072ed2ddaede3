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
import {
  Account,
  Keypair,
  Operation,
  TransactionBuilder,
  type xdr,
} from "@stellar/stellar-sdk/base";
import { isPublicPassphrase } from "../contracts/settings.ts";
import { concatBytes } from "../lib/bytes.ts";
import { AceError } from "../lib/errors.ts";
import { type Events, silentEvents } from "../lib/events.ts";
import { sha256 } from "../lib/hash.ts";
import { invariant } from "../lib/invariant.ts";
import { newAccount, writeAccount } from "./account.ts";
import {
  type Chain,
  closeLedger,
  type DevnetLedger,
  type DevnetTransaction,
  openChain,
  rulesAfter,
} from "./close.ts";
import { type EntryReader, entryKey, readAccount } from "./entries.ts";
import { readEnvelope, type Submission } from "./envelope.ts";
import { createValidator, SET_OPERATIONS_MAX, TOTAL_COINS } from "./header.ts";
import { answerSubmission, type SubmitAnswer } from "./queue.ts";
import { LedgerState } from "./state.ts";
import { chooseTransactions } from "./tx-set.ts";
import { judge } from "./validity.ts";

export interface DevnetOptions {
  readonly passphrase: string;
  /** Any text: the devnet's validator key comes from it. */
  readonly seed: string;
  /** Close time of ledger 1. */
  readonly closeTime: bigint;
  readonly protocol?: number;
  /** Older ledgers are forgotten, as a public RPC forgets them. */
  readonly historyLedgersMax?: number;
  readonly events?: Events;
}

export interface Devnet {
  readonly passphrase: string;
  readonly latest: DevnetLedger;
  readonly oldestSequence: number;
  readonly historyLedgersMax: number;
  /** Every entry of the ledger, as the latest one left it. */
  readonly entries: Iterable<xdr.LedgerEntry>;
  submit(envelopeBase64: string): SubmitAnswer;
  /** Closes one ledger, at `closeTime` or one second after the last one, whichever is later. */
  close(options: { readonly closeTime: bigint }): DevnetLedger;
  ledger(sequence: number): DevnetLedger | undefined;
  entry(key: xdr.LedgerKey): xdr.LedgerEntry | undefined;
  transaction(hash: string): DevnetTransaction | undefined;
  /** Sends a transaction of the root account that creates these accounts, 10,000 XLM each. */
  fund(accounts: readonly string[]): SubmitAnswer;
}

export const FUND_ACCOUNTS_MAX = 100;

const PROTOCOL = 27;
const PROTOCOL_MIN = 23;
const PROTOCOL_MAX = 28;
const HISTORY_LEDGERS_MAX = 200_000;
const STATE_ENTRIES_MAX = 1_000_000;
const FUND_AMOUNT = "10000";
/** Above the base fee, so that a crowded ledger does not keep new accounts waiting. */
const FUND_FEE = "10000";

export function createDevnet(options: DevnetOptions): Devnet {
  const { passphrase, protocol = PROTOCOL, events = silentEvents } = options;
  const historyLedgersMax = options.historyLedgersMax ?? HISTORY_LEDGERS_MAX;
  refuse(passphrase, protocol);
  const networkId = sha256(Buffer.from(passphrase));
  const root = Keypair.fromRawEd25519Seed(networkId);
  const validator = createValidator(sha256(concatBytes(networkId, Buffer.from(options.seed))));
  const state = new LedgerState();
  const chain: Chain = { networkId, validator, state };
  const waiting = new Map<string, Submission>();
  const history = new Map<number, DevnetLedger>();
  const transactions = new Map<string, DevnetTransaction>();

  let latest = openChain(chain, protocol, options.closeTime, () => {
    writeAccount(state, newAccount(root.xdrPublicKey(), TOTAL_COINS, 0n));
  });
  let oldestSequence = latest.sequence;
  history.set(latest.sequence, latest);

  const remember = (ledger: DevnetLedger): void => {
    latest = ledger;
    history.set(ledger.sequence, ledger);
    for (const transaction of ledger.transactions) transactions.set(transaction.hash, transaction);
    while (history.size > historyLedgersMax) {
      for (const { hash } of history.get(oldestSequence)?.transactions ?? []) {
        transactions.delete(hash);
      }
      history.delete(oldestSequence);
      oldestSequence += 1;
    }
  };

  const submit = (envelopeBase64: string): SubmitAnswer => {
    if (state.size >= STATE_ENTRIES_MAX) {
      throw new AceError("DEVNET_LIMIT", `the devnet keeps at most ${STATE_ENTRIES_MAX} entries`);
    }
    const submission = readEnvelope(envelopeBase64, networkId);
    const view = { state, ledger: rulesAfter(latest.header, latest.closeTime) };
    const answer = answerSubmission(view, waiting, submission);
    if (answer.status === "PENDING") waiting.set(answer.hash, submission);
    report(events, answer);
    return answer;
  };

  return {
    passphrase,
    historyLedgersMax,
    get latest() {
      return latest;
    },
    get oldestSequence() {
      return oldestSequence;
    },
    entries: { [Symbol.iterator]: () => state.values()[Symbol.iterator]() },
    submit,
    close: ({ closeTime: asked }) => {
      const earliest = latest.closeTime + 1n;
      const closeTime = asked > earliest ? asked : earliest;
      dropStale(state, latest, closeTime, waiting, events);
      const chosen = chooseTransactions([...waiting.values()], SET_OPERATIONS_MAX);
      for (const { hashHex } of chosen) waiting.delete(hashHex);
      const isFull = waiting.size > 0;
      remember(closeLedger(chain, { previous: latest, closeTime, chosen, isFull }));
      return latest;
    },
    ledger: (sequence) => history.get(sequence),
    entry: (key) => state.get(entryKey(key)),
    transaction: (hash) => transactions.get(hash),
    fund: (accounts) => submit(fundTransaction(state, root, passphrase, accounts)),
  };
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

function report(events: Events, answer: SubmitAnswer): void {
  if (answer.status !== "ERROR") return;
  const { hash, unsupported, errorResultXdr } = answer;
  if (unsupported.length === 0) events.info("devnet.refused", { hash, errorResultXdr });
  else events.warn("devnet.unsupported", { hash, operations: unsupported.join(", ") });
}

/** What can no longer be valid leaves the queue; Stellar's validators never put it in a set. */
function dropStale(
  state: LedgerState,
  latest: DevnetLedger,
  closeTime: bigint,
  waiting: Map<string, Submission>,
  events: Events,
): void {
  const view = { state, ledger: rulesAfter(latest.header, closeTime) };
  for (const [hash, submission] of waiting) {
    const verdict = judge(view, submission);
    if (verdict === undefined) continue;
    waiting.delete(hash);
    events.info("devnet.dropped", {
      hash,
      code: verdict.kind === "ran" ? "txFailed" : verdict.code,
    });
  }
}

function fundTransaction(
  state: EntryReader,
  root: Keypair,
  passphrase: string,
  accounts: readonly string[],
): string {
  const account = readAccount(state, root.xdrPublicKey());
  invariant(account !== undefined, "accountMerge is not modelled, so the root account stays");
  const builder = new TransactionBuilder(new Account(root.publicKey(), String(account.seqNum)), {
    fee: FUND_FEE,
    networkPassphrase: passphrase,
    timebounds: { minTime: 0, maxTime: 0 },
  });
  for (const destination of accounts) {
    builder.addOperation(Operation.createAccount({ destination, startingBalance: FUND_AMOUNT }));
  }
  const transaction = builder.build();
  transaction.sign(root);
  return transaction.toXDR();
}
