/**
 * The client: build, simulate, sign, send, and wait for the receipt. Published as `ace-node/client`.
 *
 * A Stellar transaction that succeeded may hold a call that failed: only the receipt says which.
 *
 * Errors  `CALL_FAILED` with the contract's code, and those of `stellar.ts` and `http.ts`.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Transaction, xdr } from "@stellar/stellar-sdk";
import { AceError, isAceError } from "../lib/errors.ts";
import { buildTransaction } from "./build.ts";
import type { NodeClient } from "./http.ts";
import type { ReceiptJson, SimulationJson } from "./schemas.ts";
import type { Sent, Stellar } from "./stellar.ts";

/** Who signs: an account, and its signature over a transaction's hash. */
export interface Signer {
  readonly account: string;
  sign(hash: Uint8Array): Uint8Array;
}

export interface Outcome extends Sent {
  readonly receipts: readonly ReceiptJson[];
}

export interface Client {
  readonly stellar: Stellar;
  readonly node: NodeClient;
  /** Builds the transaction and asks the node what it would do; nothing is signed or sent. */
  simulate(account: string, operations: readonly xdr.Operation[]): Promise<Prepared>;
  /** Signs, sends and waits for the ledger: for transactions that no contract reads. */
  send(signer: Signer, operations: readonly xdr.Operation[], memo?: string): Promise<Sent>;
  /** The same, and waits for the receipts. Throws `CALL_FAILED` unless `allowFailure`. */
  call(
    signer: Signer,
    operations: readonly xdr.Operation[],
    options?: { readonly allowFailure?: boolean },
  ): Promise<Outcome>;
  /** Waits until the node has applied this ledger, and gives the transaction's receipts. */
  receipts(sent: Sent): Promise<readonly ReceiptJson[]>;
}

export interface Prepared extends SimulationJson {
  readonly transaction: Transaction;
}

interface Options {
  readonly stellar: Stellar;
  readonly node: NodeClient;
  readonly signal: AbortSignal;
}

const RECEIPT_POLL_MS = 150;
const RECEIPT_WAIT_MS = 60_000;

export function openClient({ stellar, node, signal }: Options): Client {
  const build = async (
    account: string,
    operations: readonly xdr.Operation[],
    memo?: string,
  ): Promise<Transaction> => {
    const [entry, { closeTimeS }] = await Promise.all([
      stellar.account(account),
      stellar.latestLedger(),
    ]);
    return buildTransaction(entry, stellar.passphrase, operations, { memo, closeTimeS });
  };
  const send = async (
    signer: Signer,
    operations: readonly xdr.Operation[],
    memo?: string,
  ): Promise<Sent> => {
    const transaction = await build(signer.account, operations, memo);
    signWith(transaction, signer);
    return await stellar.send(transaction);
  };
  const receipts = (sent: Sent): Promise<readonly ReceiptJson[]> => waitFor(node, sent, signal);
  return {
    stellar,
    node,
    send,
    receipts,
    simulate: async (account, operations) => {
      const transaction = await build(account, operations);
      const answer = await node.simulate(transaction.toEnvelope().toXdr("base64"));
      return { transaction, ...answer };
    },
    call: async (signer, operations, { allowFailure = false } = {}) => {
      const sent = await send(signer, operations);
      const seen = await receipts(sent);
      const failed = seen.find((receipt) => !receipt.ok);
      if (failed !== undefined && !allowFailure) throw failureOf(failed, sent);
      return { ...sent, receipts: seen };
    },
  };
}

/** Adds the signer's signature to the transaction. */
export function signWith(transaction: Transaction, signer: Signer): void {
  const signature = signer.sign(transaction.hash());
  transaction.addSignature(signer.account, Buffer.from(signature).toString("base64"));
}

/** The error that a failed receipt becomes for the person who sent the call. */
export function failureOf(receipt: ReceiptJson, sent: Pick<Sent, "hash" | "ledger">): AceError {
  const where = `contract ${receipt.contract} "${receipt.method}" failed with ${receipt.code}`;
  const refunds = receipt.refunds.length === 0 ? "" : "; the payments with it are refunded";
  const what = `${where} in ledger ${sent.ledger}, transaction ${sent.hash}${refunds}`;
  return new AceError("CALL_FAILED", what, { cause: receipt });
}

async function waitFor(
  node: NodeClient,
  sent: Sent,
  signal: AbortSignal,
): Promise<readonly ReceiptJson[]> {
  for (let waitedMs = 0; waitedMs < RECEIPT_WAIT_MS; waitedMs += RECEIPT_POLL_MS) {
    const { tip, receipts } = await node.receipts(sent.hash).catch((cause) => {
      const isAway = isAceError(cause, "NODE_UNREACHABLE") || isAceError(cause, "NODE_MOVED");
      throw isAway ? unseen(sent, cause) : cause;
    });
    if (tip >= sent.ledger) return receipts;
    await sleep(RECEIPT_POLL_MS, undefined, { signal });
  }
  throw unseen(sent);
}

/** The transaction is in its ledger; what its calls did is for whoever asks again. */
function unseen({ ledger, hash }: Sent, cause?: unknown): AceError {
  const node = cause === undefined ? "has not applied it yet" : "does not answer";
  const what = `transaction ${hash} is in ledger ${ledger}, but the node ${node}`;
  return new AceError("SUBMIT_TIMEOUT", what, { cause });
}
