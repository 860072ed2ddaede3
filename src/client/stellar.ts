/**
 * Stellar as a client needs it: account state, submission, and the fate of what was submitted.
 *
 * Flow    Every transaction has `maxTime`. Its fate is known once it is in a ledger, or once a
 *         ledger closed after `maxTime` without it: until then nobody may send another in its place.
 * Errors  `ACCOUNT_MISSING`, `SUBMIT_REJECTED`, `SUBMIT_FAILED`, `SUBMIT_EXPIRED`, `SUBMIT_TIMEOUT`,
 *         `LEDGER_NO_SOURCE` when the endpoint does not answer.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { Account, Keypair, rpc, type Transaction, xdr } from "@stellar/stellar-sdk";
import { toHex } from "../lib/bytes.ts";
import { AceError, isAceError } from "../lib/errors.ts";
import { accountFromBytes } from "../lib/strkey.ts";
import { resultCodes } from "./result-codes.ts";

export interface Sent {
  readonly hash: string;
  readonly ledger: number;
  /** Unix seconds of the ledger's close. */
  readonly closeTime: number;
}

export interface AccountSigners {
  /** With the master key. */
  readonly signers: readonly { readonly key: string; readonly weight: number }[];
  readonly mediumThreshold: number;
}

export interface Stellar {
  readonly passphrase: string;
  account(id: string): Promise<Account>;
  /** Whether the account exists, and what it holds of the native asset, in stroops. */
  balance(id: string): Promise<bigint | undefined>;
  /** Signers and thresholds as they are now; undefined when the account does not exist. */
  signers(id: string): Promise<AccountSigners | undefined>;
  entries(...keys: xdr.LedgerKey[]): Promise<readonly rpc.Api.LedgerEntryResult[]>;
  /** Stellar's hash of a closed ledger's header, as the endpoint claims it. */
  headerHash(sequence: number): Promise<string>;
  latestLedger(): Promise<{ readonly sequence: number; readonly closeTimeS: number }>;
  /** Sends a signed transaction and waits until its fate is known. */
  send(transaction: Transaction): Promise<Sent>;
}

interface Options {
  readonly rpcUrl: string;
  readonly passphrase: string;
  readonly signal: AbortSignal;
  /** How long to wait for a fate before leaving the question open. */
  readonly timeoutMs?: number;
}

const REQUEST_MS = 20_000;
const POLL_MS = 250;
const TIMEOUT_MS = 90_000;
const TRY_AGAIN_MAX = 20;

export function openStellar({ rpcUrl, passphrase, signal, timeoutMs }: Options): Stellar {
  const server = new rpc.Server(rpcUrl, { allowHttp: true, timeout: REQUEST_MS });
  const reach = <T>(work: Promise<T>): Promise<T> => reached(work, rpcUrl);
  return {
    passphrase,
    account: async (id) => {
      const entry = await accountEntry(server, reach, id);
      if (entry !== undefined) return new Account(id, entry.seqNum.toString());
      throw new AceError("ACCOUNT_MISSING", `account ${id} does not exist on this network`);
    },
    balance: async (id) => (await accountEntry(server, reach, id))?.balance,
    signers: async (id) => {
      const entry = await accountEntry(server, reach, id);
      return entry === undefined ? undefined : signersOf(id, entry);
    },
    entries: async (...keys) => (await reach(server.getLedgerEntries(...keys))).entries,
    headerHash: async (sequence) => {
      const page = await reach(
        server.getLedgers({ startLedger: sequence, pagination: { limit: 1 } }),
      );
      const [ledger] = page.ledgers;
      if (ledger?.sequence === sequence) return ledger.hash;
      throw new AceError("LEDGER_NO_SOURCE", `${rpcUrl} does not have ledger ${sequence}`);
    },
    latestLedger: async () => {
      const health = await reach(server.getLatestLedger());
      return { sequence: health.sequence, closeTimeS: Number(health.closeTime ?? 0) };
    },
    send: async (transaction) => {
      await submit(server, transaction, reach, signal);
      return await fateOf(server, transaction, {
        reach,
        signal,
        timeoutMs: timeoutMs ?? TIMEOUT_MS,
      });
    },
  };
}

type Reach = <T>(work: Promise<T>) => Promise<T>;

async function submit(
  server: rpc.Server,
  transaction: Transaction,
  reach: Reach,
  signal: AbortSignal,
): Promise<void> {
  for (let attempt = 0; attempt < TRY_AGAIN_MAX; attempt += 1) {
    const answer = await reach(server.sendTransaction(transaction)).catch(unanswered);
    // It may have arrived: only its fate can tell, and whoever sent it again might pay twice.
    if (answer === undefined) return;
    if (answer.status === "ERROR") {
      const why = answer.errorResult === undefined ? "unknown" : resultCodes(answer.errorResult);
      throw new AceError("SUBMIT_REJECTED", `transaction ${answer.hash} was refused: ${why}`);
    }
    if (answer.status !== "TRY_AGAIN_LATER") return;
    await sleep(POLL_MS, undefined, { signal });
  }
  throw new AceError("SUBMIT_REJECTED", "the network asked to try again later, too many times");
}

async function fateOf(
  server: rpc.Server,
  transaction: Transaction,
  { reach, signal, timeoutMs }: { reach: Reach; signal: AbortSignal; timeoutMs: number },
): Promise<Sent> {
  const hash = toHex(transaction.hash());
  const maxTimeS = Number(transaction.timeBounds?.maxTime ?? 0);
  for (let waitedMs = 0; waitedMs < timeoutMs; waitedMs += POLL_MS) {
    const found = await reach(server.getTransaction(hash)).catch(unanswered);
    const sent = found === undefined ? undefined : knownFate(found, { hash, maxTimeS });
    if (sent !== undefined) return sent;
    await sleep(POLL_MS, undefined, { signal });
  }
  throw new AceError(
    "SUBMIT_TIMEOUT",
    `transaction ${hash} is neither in a ledger nor ruled out yet`,
  );
}

/** Undefined while neither is known; throws what ended badly. */
function knownFate(
  found: rpc.Api.GetTransactionResponse,
  { hash, maxTimeS }: { readonly hash: string; readonly maxTimeS: number },
): Sent | undefined {
  if (found.status === rpc.Api.GetTransactionStatus.SUCCESS) {
    return { hash, ledger: found.ledger, closeTime: Number(found.createdAt) };
  }
  if (found.status === rpc.Api.GetTransactionStatus.FAILED) {
    const why = resultCodes(found.resultXdr);
    throw new AceError(
      "SUBMIT_FAILED",
      `transaction ${hash} failed in ledger ${found.ledger}: ${why}`,
    );
  }
  if (maxTimeS === 0 || Number(found.latestLedgerCloseTime) <= maxTimeS) return undefined;
  throw new AceError("SUBMIT_EXPIRED", `transaction ${hash} did not make it before its maxTime`);
}

/** Undefined for an answer that never came; any other fault is passed on. */
function unanswered(error: unknown): undefined {
  if (isAceError(error, "LEDGER_NO_SOURCE") && isConnectionFault(error.cause)) return undefined;
  throw error;
}

async function reached<T>(work: Promise<T>, rpcUrl: string): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    if (cause instanceof AceError) throw cause;
    const what = isConnectionFault(cause)
      ? `nothing answers at ${rpcUrl}`
      : `${rpcUrl} does not answer as a Stellar RPC does: ${messageOf(cause)}`;
    throw new AceError("LEDGER_NO_SOURCE", what, { cause });
  }
}

function isConnectionFault(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = "code" in error ? String(error.code) : "";
  return (
    /ECONN|ENOTFOUND|ETIMEDOUT|EAI_AGAIN|UND_ERR/.test(code) ||
    /fetch failed|ECONN|terminated|status code 5\d\d/.test(error.message)
  );
}

/** The SDK rejects with the error object of JSON-RPC, which is no `Error`. */
function messageOf(cause: unknown): string {
  const isTold = typeof cause === "object" && cause !== null && "message" in cause;
  return isTold ? String(cause.message) : String(cause);
}

/**
 * Undefined only when the endpoint says that there is none. The SDK's own `getAccount` calls every
 * fault "not found": an endpoint that is down would make any account look like one without signers.
 */
async function accountEntry(
  server: rpc.Server,
  reach: Reach,
  id: string,
): Promise<xdr.AccountEntry | undefined> {
  const accountId = Keypair.fromPublicKey(id).xdrPublicKey();
  const key = xdr.LedgerKey.account(new xdr.LedgerKeyAccount({ accountId }));
  const { entries } = await reach(server.getLedgerEntries(key));
  const found = entries[0]?.val;
  if (found === undefined || found.type === "account") return found?.value;
  throw new AceError("LEDGER_NO_SOURCE", `asked for an account, the source gave a ${found.type}`);
}

function signersOf(id: string, entry: xdr.AccountEntry): AccountSigners {
  const [masterWeight = 0, , mediumThreshold = 0] = entry.thresholds.toBytes();
  const others = entry.signers.flatMap(({ key, weight }) =>
    key.type === "signerKeyTypeEd25519"
      ? [{ key: accountFromBytes(key.ed25519.toBytes()), weight }]
      : [],
  );
  return { signers: [{ key: id, weight: masterWeight }, ...others], mediumThreshold };
}
