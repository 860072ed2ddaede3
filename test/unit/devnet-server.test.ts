// Goal: the unmodified Stellar SDK works against the devnet, over HTTP.
// Method: a real server on loopback whose ledgers close by hand; the SDK's own client in front.
import {
  Asset,
  Claimant,
  type Keypair,
  Operation,
  rpc,
  type Transaction,
  TransactionBuilder,
  type xdr,
} from "@stellar/stellar-sdk";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createDevnet, type Devnet } from "../../src/devnet/devnet.ts";
import { type DevnetServer, serveDevnet } from "../../src/devnet/server.ts";
import { openRpcSource } from "../../src/ledger/rpc-source.ts";
import { verifyRaw } from "../../src/ledger/verify-ledger.ts";
import { silentEvents } from "../../src/lib/events.ts";
import { codeOf, keypair, PASSPHRASE } from "../devnet-kit.ts";

/** Long past, so that the SDK's time bounds, which read the real clock, all lie ahead. */
const clock = { nowMs: () => 1_000_000_000_000 };
let net: Devnet;
let server: DevnetServer;
let client: rpc.Server;

beforeAll(async () => {
  net = createDevnet({ passphrase: PASSPHRASE, seed: "test", closeTime: 1_000n });
  server = await serveDevnet({ net, port: 0, closeMs: "manual", events: silentEvents, clock });
  client = new rpc.Server(server.url, { allowHttp: true });
});
afterAll(() => server.close());

async function build(from: Keypair, ...operations: readonly xdr.Operation[]): Promise<Transaction> {
  const account = await client.getAccount(from.publicKey());
  const builder = new TransactionBuilder(account, { fee: "100", networkPassphrase: PASSPHRASE });
  for (const operation of operations) builder.addOperation(operation);
  return builder.setTimeout(300).build();
}

async function sendAll(
  from: Keypair,
  signers: readonly Keypair[],
  ...operations: readonly xdr.Operation[]
): Promise<rpc.Api.GetTransactionResponse> {
  const transaction = await build(from, ...operations);
  for (const signer of signers) transaction.sign(signer);
  const { hash, status } = await client.sendTransaction(transaction);
  expect(status).toBe("PENDING");
  server.closeLedger();
  return client.pollTransaction(hash, { attempts: 1 });
}

async function post(path: string, body: string): Promise<{ status: number; json: unknown }> {
  const response = await fetch(`${server.url}${path}`, { method: "POST", body });
  return { status: response.status, json: await response.json() };
}
const call = async (method: string, params?: unknown): Promise<unknown> => {
  const { json } = await post("/", JSON.stringify({ jsonrpc: "2.0", id: 7, method, params }));
  return json;
};
const errorOf = (code: number, message: unknown = expect.any(String)) => ({
  jsonrpc: "2.0",
  id: 7,
  error: { code, message },
});

describe("the SDK", () => {
  it("learns what network this is", async () => {
    await expect(client.getNetwork()).resolves.toEqual({
      passphrase: PASSPHRASE,
      friendbotUrl: server.friendbotUrl,
      protocolVersion: 27,
    });
    await expect(client.getHealth()).resolves.toMatchObject({ status: "healthy", oldestLedger: 1 });
    await expect(client.getVersionInfo()).resolves.toMatchObject({ protocolVersion: 27 });
    const latest = await client.getLatestLedger();
    expect([latest.id, latest.sequence]).toEqual([net.latest.hash, net.latest.sequence]);
  });

  it("funds an account, and is told when it was funded before", async () => {
    const alice = keypair("funded");
    const { status } = await client.fundAddress(alice.publicKey());
    expect(status).toBe("SUCCESS");
    const account = await client.getAccount(alice.publicKey());
    expect(account.sequenceNumber()).toBe(String(BigInt(net.latest.sequence) << 32n));
    await expect(client.fundAddress(alice.publicKey())).rejects.toThrow(/already funded/);
    await expect(client.requestAirdrop(alice.publicKey())).resolves.toMatchObject({
      sequenceNumber: expect.any(Function),
    });
  });

  it("pays, and reads the transaction back", async () => {
    const [alice, bob] = [keypair("payer"), keypair("payee")];
    await client.requestAirdrop(alice.publicKey());
    await client.requestAirdrop(bob.publicKey());
    const payment = { destination: bob.publicKey(), asset: Asset.native(), amount: "12.5" };
    const answer = await sendAll(alice, [alice], Operation.payment(payment));
    expect(answer).toMatchObject({
      status: "SUCCESS",
      ledger: net.latest.sequence,
      feeBump: false,
    });
    const entry = await client.getAccountEntry(bob.publicKey());
    expect(entry.balance).toBe(100_125_000_000n);
    const page = await client.getTransactions({ startLedger: net.latest.sequence });
    expect(page.transactions.map(({ txHash }) => txHash)).toEqual([answer.txHash]);
  });

  it("is told of a failed transaction, with every code", async () => {
    const alice = keypair("failing");
    await client.requestAirdrop(alice.publicKey());
    const destination = keypair("nobody").publicKey();
    const payment = Operation.payment({ destination, asset: Asset.native(), amount: "1" });
    const answer = await sendAll(alice, [alice], payment);
    if (answer.status !== rpc.Api.GetTransactionStatus.FAILED) throw new Error(answer.status);
    expect(codeOf(answer.resultXdr)).toBe("paymentNoDestination");
  });

  it("is told at once of a transaction that can never be in a ledger", async () => {
    const alice = keypair("hasty");
    await client.requestAirdrop(alice.publicKey());
    const unsigned = await build(alice, Operation.manageData({ name: "a", value: "1" }));
    const answer = await client.sendTransaction(unsigned);
    expect(answer.status).toBe("ERROR");
    if (answer.errorResult === undefined) throw new Error("no result");
    expect(codeOf(answer.errorResult)).toBe("txBadAuth");
  });
});

describe("the SDK's operations", () => {
  it("work with several signers", async () => {
    const [alice, bob] = [keypair("vault"), keypair("cosigner")];
    await client.requestAirdrop(alice.publicKey());
    const signer = { ed25519PublicKey: bob.publicKey(), weight: 1 };
    const thresholds = { lowThreshold: 2, medThreshold: 2, highThreshold: 2 };
    const armed = await sendAll(alice, [alice], Operation.setOptions({ signer, ...thresholds }));
    expect(armed.status).toBe("SUCCESS");
    const note = Operation.manageData({ name: "ace:1", value: Buffer.from([1, 2, 3]) });
    expect((await sendAll(alice, [alice, bob], note)).status).toBe("SUCCESS");
    const alone = await build(alice, note);
    alone.sign(alice);
    expect((await client.sendTransaction(alone)).status).toBe("ERROR");
  });

  it("open a trustline and pay an issued asset", async () => {
    const [issuer, holder] = [keypair("mint"), keypair("holder")];
    await client.requestAirdrop(issuer.publicKey());
    await client.requestAirdrop(holder.publicKey());
    const asset = new Asset("ACE", issuer.publicKey());
    await sendAll(holder, [holder], Operation.changeTrust({ asset }));
    const destination = holder.publicKey();
    await sendAll(issuer, [issuer], Operation.payment({ destination, asset, amount: "42" }));
    const { balanceEntry } = await client.getAssetBalance(destination, asset);
    expect(balanceEntry).toMatchObject({ amount: "420000000", authorized: true });
  });

  it("agree with the devnet on the id of a claimable balance", async () => {
    const alice = keypair("locker");
    await client.requestAirdrop(alice.publicKey());
    const claimants = [new Claimant(alice.publicKey())];
    const lock = { asset: Asset.native(), amount: "5", claimants };
    const transaction = await build(alice, Operation.createClaimableBalance(lock));
    transaction.sign(alice);
    const id = transaction.getClaimableBalanceId(0);
    await client.sendTransaction(transaction);
    server.closeLedger();
    await expect(client.getClaimableBalance(id)).resolves.toMatchObject({ amount: 50_000_000n });
  });

  it("show in the fee statistics", async () => {
    const stats = await client.getFeeStats();
    expect(stats.inclusionFee).toMatchObject({ max: "100", min: "100", mode: "100", p99: "100" });
    expect(Number(stats.inclusionFee.transactionCount)).toBeGreaterThan(0);
  });
});

it("the follower reads the whole history through JSON-RPC and believes it", async () => {
  const source = openRpcSource({ url: server.url, passphrase: PASSPHRASE });
  let previousHash: string | undefined;
  let sequence = 0;
  for await (const raw of source.read(1)) {
    sequence += 1;
    const passphrase = PASSPHRASE;
    previousHash = verifyRaw(raw, { passphrase, sequence, previousHash }).hash;
  }
  expect(previousHash).toBe(net.latest.hash);
});

describe("JSON-RPC", () => {
  it("pages through ledgers, and refuses its own cursor at the tip until the next close", async () => {
    while (net.latest.sequence < 5) server.closeLedger();
    const first = await client.getLedgers({ startLedger: 2, pagination: { limit: 2 } });
    expect(first.ledgers.map(({ sequence }) => sequence)).toEqual([2, 3]);
    const next = await client.getLedgers({ pagination: { cursor: first.cursor, limit: 200 } });
    expect(next.ledgers[0]?.sequence).toBe(4);
    const tip = { pagination: { cursor: next.cursor } };
    await expect(client.getLedgers(tip)).rejects.toMatchObject({
      code: -32_602,
      message: expect.stringMatching(/^cursor \('\d+'\) must be between the oldest ledger: 1/),
    });
    server.closeLedger();
    expect((await client.getLedgers(tip)).ledgers).toHaveLength(1);
  });

  it("refuses a start outside of what it keeps, in the words of the original", async () => {
    const words =
      /^start ledger must be between the oldest ledger: 1 and the latest ledger: \d+ for this rpc instance$/;
    for (const startLedger of [0, net.latest.sequence + 1]) {
      for (const method of ["getLedgers", "getTransactions"]) {
        const answer = await call(method, { startLedger });
        expect(answer).toEqual(errorOf(-32_600, expect.stringMatching(words)));
      }
    }
    expect(await call("getLedgers", { startLedger: 1, pagination: { limit: 201 } })).toEqual(
      errorOf(-32_600),
    );
    expect(await call("getLedgers", { startLedger: 1, pagination: { cursor: "1" } })).toEqual(
      errorOf(-32_600),
    );
  });

  it("pages through transactions without a gap or a repetition", async () => {
    const all = await client.getTransactions({ startLedger: 1, pagination: { limit: 200 } });
    const seen: string[] = [];
    let page = await client.getTransactions({ startLedger: 1, pagination: { limit: 3 } });
    while (page.transactions.length > 0) {
      seen.push(...page.transactions.map(({ txHash }) => txHash));
      const { cursor } = page;
      page = await client.getTransactions({ pagination: { cursor, limit: 3 } });
    }
    expect(seen).toEqual(all.transactions.map(({ txHash }) => txHash));
    expect(seen.length).toBeGreaterThan(3);
  });
});

describe("a JSON-RPC request", () => {
  it("knows no transaction that it never saw", async () => {
    const hash = "0".repeat(64);
    await expect(client.getTransaction(hash)).resolves.toMatchObject({ status: "NOT_FOUND" });
    expect(await call("getTransaction", { hash: "abc" })).toEqual(errorOf(-32_602));
  });

  it("refuses what is no request, no method and no parameter", async () => {
    expect((await post("/", "{")).json).toMatchObject({ id: null, error: { code: -32_700 } });
    expect((await post("/", "[]")).json).toMatchObject({ error: { code: -32_600 } });
    expect(await call("getContracts")).toEqual(errorOf(-32_601));
    expect(await call("toString")).toEqual(errorOf(-32_601));
    expect(await call("getLedgers", { startLedger: "one" })).toEqual(errorOf(-32_602));
    expect(await call("getLedgers", { startLedger: 1, xdrFormat: "json" })).toEqual(
      errorOf(-32_602),
    );
    expect(await call("getLedgerEntries", { keys: ["AAAA"] })).toEqual(errorOf(-32_602));
    const keys = Array.from({ length: 201 }, () => "");
    expect(await call("getLedgerEntries", { keys })).toEqual(errorOf(-32_602));
    expect(await call("sendTransaction", { transaction: "AAAA" })).toEqual(
      errorOf(-32_602, "invalid_xdr"),
    );
  });

  it("runs no contracts and has no events of them", async () => {
    await expect(client.getEvents({ startLedger: 1, filters: [] })).resolves.toMatchObject({
      events: [],
    });
    const alice = keypair("payer");
    const transaction = await build(alice, Operation.manageData({ name: "a", value: "1" }));
    await expect(client.simulateTransaction(transaction)).resolves.toMatchObject({
      error: expect.stringContaining("DEVNET_UNSUPPORTED"),
    });
  });
});

describe("friendbot", () => {
  const ask = async (query: string): Promise<{ status: number; json: unknown }> => {
    const response = await fetch(`${server.friendbotUrl}?${query}`);
    return { status: response.status, json: await response.json() };
  };

  it("answers the second call with 400 and creates nothing for a bad address", async () => {
    const address = keypair("twice").publicKey();
    expect((await ask(`addr=${address}`)).status).toBe(200);
    expect(await ask(`addr=${address}`)).toMatchObject({
      status: 400,
      json: { detail: expect.stringContaining("createAccountAlreadyExist") },
    });
    const { sequence } = net.latest;
    const muxed = "MA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJUAAAAAAAAAAAACJUQ";
    for (const bad of ["", "addr=", "addr=GABC", `addr=${muxed}`]) {
      expect((await ask(bad)).status).toBe(400);
    }
    expect(net.latest.sequence).toBe(sequence);
  });
});

describe("the server", () => {
  it("closes a ledger when asked to, at the time of its clock", async () => {
    const { sequence } = net.latest;
    const { json } = await post("/close", "");
    expect(json).toMatchObject({ sequence: sequence + 1, hash: net.latest.hash });
    expect(net.latest.closeTime).toBeGreaterThanOrEqual(1_000_000_000n);
  });

  it("takes no body above its cap and knows no other place", async () => {
    expect((await post("/", "x".repeat(1024 * 1024 + 1))).status).toBe(413);
    expect((await post("/other", "")).status).toBe(404);
    expect((await fetch(`${server.url}/close`)).status).toBe(404);
  });

  it("says so when its port is taken", async () => {
    const port = Number(new URL(server.url).port);
    const second = serveDevnet({ net, port, closeMs: "manual", events: silentEvents, clock });
    await expect(second).rejects.toMatchObject({ code: "PORT_IN_USE" });
  });

  it("closes by itself in intervals, and stops", async () => {
    const other = createDevnet({ passphrase: PASSPHRASE, seed: "test", closeTime: 1_000n });
    const options = { net: other, port: 0, closeMs: 5, events: silentEvents, clock };
    const ticking = await serveDevnet(options);
    await expect.poll(() => other.latest.sequence).toBeGreaterThan(3);
    await ticking.close();
    const { sequence } = other.latest;
    expect(other.ledger(sequence)?.closeTime).toBe(1_000_000_000n + BigInt(sequence) - 2n);
    await expect(fetch(ticking.url)).rejects.toThrow();
  });
});
