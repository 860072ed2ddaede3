// Goal: whoever sends a transaction learns its fate, and never a guess.
// Method: the real client against a real devnet whose ledgers close by hand, and against endpoints that
//         are gone, busy, or answer something else.
import { createServer, type Server } from "node:http";
import { Keypair, type Transaction } from "@stellar/stellar-sdk";
import { afterAll, beforeAll, expect, it } from "vitest";
import { buildTransaction, paymentOperation } from "../../src/client/build.ts";
import { openClient, type Signer, signWith } from "../../src/client/client.ts";
import { openNodeClient } from "../../src/client/http.ts";
import { openStellar, type Stellar } from "../../src/client/stellar.ts";
import { createDevnet, type Devnet } from "../../src/devnet/devnet.ts";
import { type DevnetServer, serveDevnet } from "../../src/devnet/server.ts";
import { isAceError } from "../../src/lib/errors.ts";
import { silentEvents } from "../../src/lib/events.ts";
import { openMiddleman } from "../support/node-kit.ts";

const passphrase = "Ace Test ; client";
/** Ledgers are a second apart and begin an hour ago: none runs ahead of the clock. */
const START_S = Math.floor(Date.now() / 1_000) - 3_600;
const { signal } = new AbortController();
const HASH = "ab".repeat(32);

let net: Devnet;
let server: DevnetServer;
let stellar: Stellar;
let rich: Signer;
let stranger: Signer;
/** What becomes of a transaction for which there is never room; begun first, for it takes long. */
let busy: Promise<Fault>;
const servers: Server[] = [];

beforeAll(async () => {
  net = createDevnet({ passphrase, seed: "client", closeTime: BigInt(START_S) });
  const clock = { nowMs: () => 0 };
  server = await serveDevnet({ net, port: 0, closeMs: "manual", events: silentEvents, clock });
  stellar = openStellar({ rpcUrl: server.url, passphrase, signal });
  rich = signer();
  stranger = signer();
  await fetch(`${server.friendbotUrl}?addr=${rich.account}`);
  const answer = { sendTransaction: { status: "TRY_AGAIN_LATER", hash: HASH, latestLedger: 9 } };
  const crowded = { rpcUrl: await endpoint(rpcAnswer(answer)), passphrase, signal };
  busy = faultOf(openStellar(crowded).send(await payment(5n)));
});
afterAll(async () => {
  await server.close();
  for (const one of servers) {
    one.closeAllConnections();
    one.close();
  }
});

function signer(): Signer {
  const key = Keypair.random();
  return { account: key.publicKey(), sign: (hash) => key.sign(Buffer.from(hash)) };
}

/** A payment of `rich`, signed by `by`. */
async function payment(
  amount: bigint,
  { by = rich, to = rich.account } = {},
): Promise<Transaction> {
  const account = await stellar.account(rich.account);
  const pay = paymentOperation({ to, asset: "XLM", amount });
  const transaction = buildTransaction(account, passphrase, [pay]);
  signWith(transaction, by);
  return transaction;
}

interface Fault {
  readonly code: string;
  readonly message: string;
}

async function faultOf(work: Promise<unknown>): Promise<Fault> {
  try {
    await work;
    return { code: "none", message: "" };
  } catch (error) {
    if (isAceError(error)) return { code: error.code, message: error.message };
    return { code: "without a code", message: String(error) };
  }
}

/** Closes ledgers until it is done. */
async function closeWhenSent<T>(work: Promise<T>): Promise<T> {
  const timer = setInterval(() => net.close({ closeTime: 0n }), 40);
  try {
    return await work;
  } finally {
    clearInterval(timer);
  }
}

/** An endpoint that answers each request with what `answer` makes of it. */
async function endpoint(answer: (body: string, path: string) => string, status = 200) {
  const made = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", () => {
      response.writeHead(status, { "content-type": "application/json" });
      response.end(answer(Buffer.concat(chunks).toString(), request.url ?? ""));
    });
  });
  servers.push(made);
  await new Promise<void>((resolve) => made.listen(0, "127.0.0.1", resolve));
  const address = made.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return `http://127.0.0.1:${port}`;
}

function rpcAnswer(results: Readonly<Record<string, object>>): (body: string) => string {
  return (body) => {
    const { id, method } = JSON.parse(body);
    return JSON.stringify({ jsonrpc: "2.0", id, result: results[method] ?? {} });
  };
}

const NOT_FOUND = {
  status: "NOT_FOUND",
  latestLedger: 9,
  latestLedgerCloseTime: String(START_S),
  oldestLedger: 1,
  oldestLedgerCloseTime: String(START_S),
};

it("tells the ledger and the time in which a transaction was applied", async () => {
  const sent = await closeWhenSent(stellar.send(await payment(5n)));
  const found = net.transaction(sent.hash);
  expect(sent.ledger).toBeLessThanOrEqual(net.latest.sequence);
  expect(net.ledger(sent.ledger)?.transactions.map(({ hash }) => hash)).toEqual([sent.hash]);
  expect(BigInt(sent.closeTime)).toBe(net.ledger(sent.ledger)?.closeTime);
  expect(found?.hash).toBe(sent.hash);
});

it("says in words why Stellar refused a transaction, and that nothing was charged", async () => {
  const before = await stellar.balance(rich.account);
  const { code, message } = await faultOf(stellar.send(await payment(5n, { by: stranger })));
  expect(code).toBe("SUBMIT_REJECTED");
  expect(message).toContain("bad_auth");
  expect(await stellar.balance(rich.account)).toBe(before);
});

it("says which operation of an applied transaction failed, and how", async () => {
  const { code, message } = await faultOf(
    closeWhenSent(stellar.send(await payment(5n, { to: stranger.account }))),
  );
  expect(code).toBe("SUBMIT_FAILED");
  expect(message).toMatch(/ledger \d+: tx_failed .*payment.*no_destination/);
});

it("calls a transaction expired only once a ledger closed after its time without it", async () => {
  const transaction = await payment(5n);
  const maxTimeS = Number(transaction.timeBounds?.maxTime);
  const silent = { ...NOT_FOUND, latestLedgerCloseTime: String(maxTimeS) };
  const answers = { sendTransaction: { status: "PENDING", hash: HASH, latestLedger: 9 } };
  const early = await endpoint(rpcAnswer({ ...answers, getTransaction: silent }));
  const late = { ...silent, latestLedgerCloseTime: String(maxTimeS + 1) };
  const over = await endpoint(rpcAnswer({ ...answers, getTransaction: late }));
  const sendTo = (rpcUrl: string) =>
    faultOf(openStellar({ rpcUrl, passphrase, signal, timeoutMs: 600 }).send(transaction));
  expect((await sendTo(early)).code).toBe("SUBMIT_TIMEOUT");
  const expired = await sendTo(over);
  expect(expired.code).toBe("SUBMIT_EXPIRED");
  expect(expired.message).toContain(Buffer.from(transaction.hash()).toString("hex"));
});

it("leaves the question open, with the hash to look for, when no ledger closes", async () => {
  const patient = openStellar({ rpcUrl: server.url, passphrase, signal, timeoutMs: 300 });
  const transaction = await payment(5n);
  const { code, message } = await faultOf(patient.send(transaction));
  expect(code).toBe("SUBMIT_TIMEOUT");
  const { hash } = net.close({ closeTime: 0n }).transactions[0] ?? { hash: "none" };
  expect(message).toContain(hash);
  // It was still to come, as the hint says: whoever sent another would have paid twice.
  expect(hash).toBe(Buffer.from(transaction.hash()).toString("hex"));
});

it("asks for the fate of a transaction whose answer was lost, instead of calling it unsent", async () => {
  let lost = 0;
  await using middleman = await openMiddleman(server.url, (answer, asked) => {
    if (!asked.includes("sendTransaction") && lost > 1) return answer;
    lost += 1;
    return undefined;
  });
  const shaky = openStellar({ rpcUrl: middleman.url, passphrase, signal });
  const transaction = await payment(5n);
  const sent = await closeWhenSent(shaky.send(transaction));
  expect(net.transaction(sent.hash)).toBeDefined();
  expect(lost).toBe(2);
});

it("names the endpoint where nothing answers, for Stellar and for the node", async () => {
  const nowhere = "http://127.0.0.1:9";
  const gone = openStellar({ rpcUrl: nowhere, passphrase, signal });
  for (const work of [
    () => gone.account(rich.account),
    () => gone.balance(rich.account),
    () => gone.signers(rich.account),
    () => gone.latestLedger(),
    () => gone.headerHash(5),
  ]) {
    const { code, message } = await faultOf(work());
    expect([code, message.includes(nowhere)]).toEqual(["LEDGER_NO_SOURCE", true]);
  }
  const { code, message } = await faultOf(openNodeClient(nowhere, signal).status());
  expect([code, message.includes(nowhere)]).toEqual(["NODE_UNREACHABLE", true]);
});

it("tells an account that is not there from an endpoint that is not", async () => {
  expect((await faultOf(stellar.account(stranger.account))).code).toBe("ACCOUNT_MISSING");
  expect(await stellar.balance(stranger.account)).toBeUndefined();
  expect(await stellar.signers(stranger.account)).toBeUndefined();
  expect(await stellar.signers(rich.account)).toMatchObject({
    signers: [{ key: rich.account, weight: 1 }],
  });
  expect((await faultOf(stellar.headerHash(999_999))).code).toBe("LEDGER_NO_SOURCE");
});

it.each([
  ["other JSON", '{"tip":"high","receipts":[]}'],
  ["a list", "[]"],
  ["a page of HTML", "<html></html>"],
  ["nothing", ""],
])("takes %s for no answer of a node", async (_name, body) => {
  const url = await endpoint(() => body);
  const { code, message } = await faultOf(openNodeClient(url, signal).receipts(HASH));
  expect([code, message.includes(url)]).toEqual(["NODE_UNREACHABLE", true]);
});

it("hands on the node's own error by its code, and no code that nobody knows", async () => {
  const fault = { code: "LICENCE_MISSING", message: "buy first", hint: "…" };
  const known = await endpoint(() => JSON.stringify(fault), 403);
  expect(await faultOf(openNodeClient(known, signal).status())).toEqual({
    code: "LICENCE_MISSING",
    message: "buy first",
  });
  const strange = await endpoint(() => JSON.stringify({ ...fault, code: "toString" }), 403);
  expect((await faultOf(openNodeClient(strange, signal).status())).code).toBe("NODE_UNREACHABLE");
  const broken = await endpoint(() => "oops", 500);
  expect((await faultOf(openNodeClient(broken, signal).status())).code).toBe("NODE_UNREACHABLE");
});

it("says that a transaction is in its ledger when only its receipts cannot be had", async () => {
  const node = openNodeClient("http://127.0.0.1:9", signal);
  const client = openClient({ stellar, node, signal });
  const { code, message } = await faultOf(client.receipts({ hash: HASH, ledger: 7, closeTime: 0 }));
  expect(code).toBe("SUBMIT_TIMEOUT");
  expect(message).toContain(`${HASH} is in ledger 7`);
});

it("stops at once when it is told to", async () => {
  const stop = new AbortController();
  const rpcUrl = await endpoint(
    rpcAnswer({
      sendTransaction: { status: "PENDING", hash: HASH, latestLedger: 9 },
      getTransaction: NOT_FOUND,
    }),
  );
  const sending = openStellar({ rpcUrl, passphrase, signal: stop.signal }).send(await payment(5n));
  const node = openNodeClient(await endpoint(() => '{"tip":1,"receipts":[]}'), stop.signal);
  const client = openClient({ stellar, node, signal: stop.signal });
  const waiting = client.receipts({ hash: HASH, ledger: 2, closeTime: 0 });
  setTimeout(() => stop.abort(), 50);
  // Either may be the first to end.
  await Promise.all(
    [sending, waiting].map((one) => expect(one).rejects.toMatchObject({ name: "AbortError" })),
  );
});

it("gives up on a network that is always busy", async () => {
  const { code, message } = await busy;
  expect([code, message.includes("later")]).toEqual(["SUBMIT_REJECTED", true]);
});

// The last one: its ledgers are ahead of the clock.
it("is expired on a devnet that closed past its time", async () => {
  const transaction = await payment(5n);
  const late = BigInt(transaction.timeBounds?.maxTime ?? 0) + 1n;
  await using middleman = await openMiddleman(server.url, (answer, asked) => {
    if (asked.includes("sendTransaction")) net.close({ closeTime: late });
    return answer;
  });
  const slow = openStellar({ rpcUrl: middleman.url, passphrase, signal });
  expect((await faultOf(slow.send(transaction))).code).toBe("SUBMIT_EXPIRED");
});
