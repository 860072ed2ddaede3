// Goal: what wallets do with the Stellar SDK works here as it does on a public network.
// Method: the unmodified SDK over HTTP alone: fund by friendbot, build, sign, submit, poll.
import { gunzipSync } from "node:zlib";
import {
  Account,
  Asset,
  Claimant,
  type FeeBumpTransaction,
  type Keypair,
  MuxedAccount,
  Operation,
  rpc,
  type Transaction,
  TransactionBuilder,
  xdr,
} from "@stellar/stellar-sdk";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { createDevnet, type Devnet } from "../../src/devnet/devnet.ts";
import { type DevnetServer, serveDevnet } from "../../src/devnet/server.ts";
import { silentEvents } from "../../src/lib/events.ts";
import { keypair, PASSPHRASE } from "../devnet-kit.ts";
import { readFixture } from "../fixtures/stellar-data.ts";

const DAY_S = 86_400;
/** Long past, so that the SDK's time bounds, which read the real clock, all lie ahead. */
const clock = { nowMs: () => 1_000_000_000_000 };
let net: Devnet;
let server: DevnetServer;
let client: rpc.Server;

beforeAll(async () => {
  net = createDevnet({ passphrase: PASSPHRASE, seed: "sdk", closeTime: 1_000n });
  server = await serveDevnet({ net, port: 0, closeMs: "manual", events: silentEvents, clock });
  client = new rpc.Server(server.url, { allowHttp: true });
});
afterAll(() => server.close());

async function funded(name: string): Promise<Keypair> {
  const key = keypair(`sdk ${name}`);
  await client.requestAirdrop(key.publicKey());
  return key;
}

async function build(from: Keypair, ...operations: readonly xdr.Operation[]): Promise<Transaction> {
  const account = await client.getAccount(from.publicKey());
  const builder = new TransactionBuilder(account, { fee: "100", networkPassphrase: PASSPHRASE });
  for (const operation of operations) builder.addOperation(operation);
  return builder.setTimeout(300).build();
}

async function sent(
  transaction: Transaction | FeeBumpTransaction,
): Promise<rpc.Api.GetSuccessfulTransactionResponse> {
  const { hash, status } = await client.sendTransaction(transaction);
  expect(status).toBe("PENDING");
  server.closeLedger();
  const answer = await client.pollTransaction(hash, { attempts: 1 });
  if (answer.status !== rpc.Api.GetTransactionStatus.SUCCESS) throw new Error(answer.status);
  return answer;
}

async function run(signers: readonly Keypair[], ...operations: readonly xdr.Operation[]) {
  const [source] = signers;
  if (source === undefined) throw new Error("nobody signs");
  const transaction = await build(source, ...operations);
  transaction.sign(...signers);
  return sent(transaction);
}

async function balance(key: Keypair): Promise<bigint> {
  return (await client.getAccountEntry(key.publicKey())).balance;
}

const pay = (to: string, amount: string): xdr.Operation =>
  Operation.payment({ destination: to, asset: Asset.native(), amount });

async function post(path: string, body: unknown, method = "POST") {
  const response = await fetch(`${server.url}${path}`, { method, body: JSON.stringify(body) });
  return { status: response.status, json: await response.json() };
}

describe("a wallet", () => {
  it("pays to the muxed address of a customer, and the number stays in the transaction", async () => {
    const [alice, bob] = [await funded("alice"), await funded("bob")];
    const bobAccount = await client.getAccount(bob.publicKey());
    const customer = new MuxedAccount(new Account(bobAccount.accountId(), "0"), "412").accountId();
    const before = await balance(bob);
    const answer = await run([alice], pay(customer, "5"));
    expect((await balance(bob)) - before).toBe(50_000_000n);
    const [operation] = TransactionBuilder.fromXDR(answer.envelopeXdr, PASSPHRASE).operations;
    expect(operation).toMatchObject({ type: "payment", destination: customer });
  });

  it("has its fee paid by somebody else", async () => {
    const [poor, rich] = [await funded("poor"), await funded("rich")];
    const inner = await build(poor, pay(rich.publicKey(), "1"));
    inner.sign(poor);
    const bump = TransactionBuilder.buildFeeBumpTransaction(rich, "200", inner, PASSPHRASE);
    bump.sign(rich);
    const [poorBefore, richBefore] = [await balance(poor), await balance(rich)];
    const answer = await sent(bump);
    expect(answer.feeBump).toBe(true);
    expect(poorBefore - (await balance(poor))).toBe(10_000_000n);
    expect((await balance(rich)) - richBefore).toBe(10_000_000n - 400n + 200n);
  });

  it("speeds up a transaction that waits, by a fee bump of ten times the bid and no less", async () => {
    const alice = await funded("hasty");
    const inner = await build(alice, pay(alice.publicKey(), "1"));
    inner.sign(alice);
    expect((await client.sendTransaction(inner)).status).toBe("PENDING");
    const bump = (fee: string): FeeBumpTransaction => {
      const made = TransactionBuilder.buildFeeBumpTransaction(alice, fee, inner, PASSPHRASE);
      made.sign(alice);
      return made;
    };
    const low = await client.sendTransaction(bump("999"));
    expect(low.status).toBe("ERROR");
    expect(low.errorResult?.result.type).toBe("txInsufficientFee");
    expect(low.errorResult?.feeCharged).toBe(2_000n);
    const answer = await sent(bump("1000"));
    expect(answer.feeBump).toBe(true);
    expect(net.latest.transactions).toHaveLength(1);
  });
});

describe("a wallet with others", () => {
  it("locks value for somebody, who claims it when the time has come", async () => {
    const [giver, taker] = [await funded("giver"), await funded("taker")];
    const openAt = Number(net.latest.closeTime) + DAY_S;
    const later = Claimant.predicateNot(Claimant.predicateBeforeAbsoluteTime(String(openAt)));
    const locking = await build(
      giver,
      Operation.createClaimableBalance({
        asset: Asset.native(),
        amount: "7",
        claimants: [new Claimant(taker.publicKey(), later)],
      }),
    );
    const balanceId = locking.getClaimableBalanceId(0);
    locking.sign(giver);
    await sent(locking);
    const claim = Operation.claimClaimableBalance({ balanceId });
    await expect(run([taker], claim)).rejects.toThrow("FAILED");
    const before = await balance(taker);
    expect(await post("/warp", { seconds: DAY_S })).toMatchObject({ status: 200 });
    await run([taker], claim);
    expect((await balance(taker)) - before).toBe(70_000_000n - 100n);
  });

  it("needs two of three signers once it says so", async () => {
    const [vault, second, third] = [
      await funded("vault"),
      keypair("sdk second"),
      keypair("sdk third"),
    ];
    const signer = (key: Keypair): xdr.Operation =>
      Operation.setOptions({ signer: { ed25519PublicKey: key.publicKey(), weight: 1 } });
    const thresholds = { lowThreshold: 2, medThreshold: 2, highThreshold: 2 };
    await run([vault], signer(second), signer(third), Operation.setOptions(thresholds));
    const alone = await build(vault, pay(second.publicKey(), "2"));
    alone.sign(vault);
    const refused = await client.sendTransaction(alone);
    expect(refused.errorResult?.result.type).toBe("txBadAuth");
    const create = Operation.createAccount({
      destination: second.publicKey(),
      startingBalance: "2",
    });
    const together = await build(vault, create);
    together.sign(second, third);
    await sent(together);
    expect(await balance(second)).toBe(20_000_000n);
  });

  it("brings somebody in without a single lumen of their own", async () => {
    const [sponsor, newcomer] = [await funded("sponsor"), keypair("sdk newcomer")];
    const sponsoredId = newcomer.publicKey();
    await run(
      [sponsor, newcomer],
      Operation.beginSponsoringFutureReserves({ sponsoredId }),
      Operation.createAccount({ destination: sponsoredId, startingBalance: "0" }),
      Operation.changeTrust({ asset: new Asset("USD", sponsor.publicKey()), source: sponsoredId }),
      Operation.endSponsoringFutureReserves({ source: sponsoredId }),
    );
    const entry = await client.getAccountEntry(sponsoredId);
    expect(entry.balance).toBe(0n);
    expect(entry.ext.type === "v1" && entry.ext.v1.ext.type).toBe("v2");
    const usd = new Asset("USD", sponsor.publicKey());
    await run([sponsor], Operation.payment({ destination: sponsoredId, asset: usd, amount: "3" }));
  });
});

const Recorded = z.object({ records: z.array(z.record(z.string(), z.unknown())) });

describe("JSON-RPC replies", () => {
  it("have every field of those that were recorded from a public server, in the same XDR", async () => {
    const text = gunzipSync(readFixture("rpc/transactions.json.gz")).toString();
    const [theirs = {}] = Recorded.parse(JSON.parse(text)).records;
    const startLedger = net.latest.sequence;
    const { transactions } = await client._getTransactions({ startLedger });
    const ours: Readonly<Record<string, unknown>> = { ...transactions?.[0] };
    expect(Object.keys(ours)).toEqual(expect.arrayContaining(Object.keys(theirs)));
    const [their, our] = [theirs, ours].map(({ resultMetaXdr }) =>
      xdr.TransactionMeta.fromXdr(String(resultMetaXdr), "base64"),
    );
    expect(our?.type).toBe(their?.type);
    const headers = Recorded.parse(
      JSON.parse(Buffer.from(readFixture("rpc/ledgers.json")).toString()),
    );
    const { ledgers } = await client._getLedgers({ startLedger, pagination: { limit: 1 } });
    const [ledger = {}] = ledgers;
    expect(Object.keys(ledger)).toEqual(
      expect.arrayContaining(Object.keys(headers.records[0] ?? {})),
    );
  });
});

describe("control over HTTP", () => {
  it("closes as many ledgers as told, as far apart as told", async () => {
    const { sequence, closeTime } = net.latest;
    const answer = await post("/close", { count: 3, seconds: 5 });
    const expected = { sequence: sequence + 3, closeTime: String(closeTime + 15n) };
    expect(answer).toMatchObject({ status: 200, json: expected });
  });

  it("lets the validators vote an upgrade into the next ledger", async () => {
    expect(await post("/upgrade", { baseFee: 150 })).toMatchObject({ status: 200 });
    expect(net.latest.header.baseFee).toBe(100);
    server.closeLedger();
    expect(net.latest.header.baseFee).toBe(150);
    const refused = { status: 400, json: { code: "DEVNET_UNSUPPORTED" } };
    expect(await post("/upgrade", { protocol: 29 })).toMatchObject(refused);
    expect(await post("/upgrade", { protocol: 20 })).toMatchObject(refused);
    expect(await post("/upgrade", { baseFee: 0 })).toMatchObject(refused);
    expect(await post("/upgrade", { flags: 8 })).toMatchObject(refused);
  });

  it("adds, lists and removes faults", async () => {
    expect(await post("/faults", { fault: "rpc:lag=3" })).toMatchObject({ status: 200 });
    const { json } = await post("/faults", { fault: "lake:missing@9*2" });
    expect(json).toMatchObject({ faults: [{ fault: "rpc:lag=3" }, { fault: "lake:missing@9*2" }] });
    const [first] = net.faults.list();
    await post("/faults", { id: first?.id }, "DELETE");
    expect(net.faults.list()).toHaveLength(1);
    await post("/faults", {}, "DELETE");
    expect(net.faults.list()).toEqual([]);
  });

  it("tells whose word this network is, and where everything is", async () => {
    const quorum = await fetch(`${server.url}/quorum`);
    expect(await quorum.json()).toEqual(net.quorumSet);
    expect(net.quorumSet).toMatchObject({ threshold: 2, innerQuorumSets: [] });
    const overview = await (await fetch(server.url)).json();
    expect(overview).toMatchObject({ rpcUrl: server.url, passphrase: PASSPHRASE });
  });

  it.each([
    ["/close", { count: 0 }],
    ["/close", { count: 1, other: true }],
    ["/warp", {}],
    ["/warp", { seconds: -1 }],
    ["/upgrade", { baseFee: "1" }],
    ["/faults", { fault: "nonsense" }],
  ])("refuses %s of %j", async (path, body) => {
    const { sequence } = net.latest;
    expect((await post(path, body)).status).toBe(400);
    expect(net.latest.sequence).toBe(sequence);
  });
});
