// Goal: how long a person waits for a receipt, besides waiting for the ledger to close.
// Method: a devnet that closes by hand and a real node with its default settings. Each call is sent,
//         the ledger closes some tenths of a second later, another time for each call, and the
//         receipt is awaited through the node's API; the wait for the close is taken off. The peer
//         is the Stellar SDK's own poll for the same transaction, started at the same moment: it
//         knows nothing of contracts and says only that the transaction is in a ledger.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { rpc, type Transaction } from "@stellar/stellar-sdk";
import { buildTransaction, callOperations } from "../src/client/build.ts";
import { signWith } from "../src/client/client.ts";
import { openNodeClient } from "../src/client/http.ts";
import { loadConfig } from "../src/node/config.ts";
import { openNode } from "../src/node/node.ts";
import { linkDevice } from "../test/support/devices.ts";
import { type LiveNetwork, openLiveNetwork } from "../test/support/live-network.ts";
import { type Figure, median } from "./figure.ts";

const CALLS = 12;
const LOOK_MS = 5;
const CLOSE_MS_MIN = 200;
const CLOSE_MS_SPREAD = 700;
const CLOSE_MS_STEP = 270;

export async function callFigures(): Promise<readonly Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), "ace-bench-"));
  await using parts = new AsyncDisposableStack();
  parts.defer(() => rmSync(folder, { recursive: true, force: true }));
  const live = parts.use(await openLiveNetwork(folder, "manual"));
  const config = loadConfig({
    networkFile: live.networkFile,
    dataDir: join(folder, "node"),
    rpcUrl: live.rpcUrl,
    logLevel: "silent",
    httpPort: 0,
    peerPort: 0,
    trackerPort: 0,
  });
  const node = parts.use(await openNode(config, "bench"));
  const api = openNodeClient(node.httpUrl, new AbortController().signal);
  const server = new rpc.Server(live.rpcUrl, { allowHttp: true });

  const ours: number[] = [];
  const theirs: number[] = [];
  for (let call = 0; call <= CALLS; call += 1) {
    const transaction = await nextCall(live, call);
    const hash = transaction.hash().toHex();
    const startedMs = performance.now();
    await server.sendTransaction(transaction);
    const closeMs = CLOSE_MS_MIN + ((call * CLOSE_MS_STEP) % CLOSE_MS_SPREAD);
    const closing = sleep(closeMs).then(() => live.closeLedger());
    const [own, peer] = await Promise.all([
      receiptMs(api, hash, startedMs),
      server.pollTransaction(hash).then(() => performance.now() - startedMs),
      closing,
    ]);
    // The first one also pays for everything that is loaded on first use.
    if (call === 0) continue;
    ours.push(own - closeMs);
    theirs.push(peer - closeMs);
  }
  const value = Math.round(median(ours));
  const peer = Math.round(median(theirs));
  const ratio = Number((value / peer).toFixed(2));
  return [{ name: "spine.call_to_receipt_ms", value, unit: "ms", peer, ratio }];
}

async function nextCall(
  { stellar, signer, network }: LiveNetwork,
  call: number,
): Promise<Transaction> {
  const owner = { vault: network.vault, account: signer.account };
  const operations = callOperations(linkDevice(`device ${call}`, owner));
  const account = await stellar.account(signer.account);
  const transaction = buildTransaction(account, stellar.passphrase, operations);
  signWith(transaction, signer);
  return transaction;
}

async function receiptMs(
  api: ReturnType<typeof openNodeClient>,
  hash: string,
  startedMs: number,
): Promise<number> {
  for (;;) {
    const { receipts } = await api.receipts(hash);
    if (receipts.length > 0) return performance.now() - startedMs;
    await sleep(LOOK_MS);
  }
}
