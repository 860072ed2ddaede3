// Goal: code changes only as buyers were told when they came, and what they have stays theirs.
// Method: a devnet whose clock is moved on, a real node on it, and the client that everybody uses: a
//         shop of each policy, one that its owner changes and one that a vote of the DAO changes.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { xdr } from "@stellar/stellar-sdk";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  announceCall,
  cancelCall,
  publishCall,
  putCall,
  upgradeCall,
} from "../../src/cli/registry-calls.ts";
import {
  callOperations,
  lockOperation,
  paymentOperation,
  trustOperation,
} from "../../src/client/build.ts";
import { type Client, openClient, type Signer } from "../../src/client/client.ts";
import { openNodeClient } from "../../src/client/http.ts";
import type { ContractJson, ReceiptJson } from "../../src/client/schemas.ts";
import { sha256Hex } from "../../src/lib/hash.ts";
import { type Node, openNode } from "../../src/node/node.ts";
import { type LiveNetwork, openLiveNetwork } from "../support/live-network.ts";
import { build, deploy, nodeConfig, onlyReceipt, until } from "../support/node-kit.ts";

const WEEK_S = 604_800;
const DAO = 1n;
const folder = mkdtempSync(join(tmpdir(), "ace-upgrade-"));
const { signal } = new AbortController();

/** A shop sells one thing and remembers who bought; its second version also counts the buyers. */
const shop = (policy: string, isSecond: boolean): string => `
import { account, bool, contract, ctx, int, state, XLM } from "ace-node/contract";
contract({
  name: "shop",
  ${policy}
  methods: {
    buy: { args: [], payable: [XLM] },
    has: { args: [account], returns: bool, view: true },
    ${isSecond ? "migrate: { args: [int] }, buyers: { args: [], returns: int, view: true }," : ""}
  },
});
const bought = state.map("bought", account, int);
const count = state.value("count", int);
export function buy() { bought.set(ctx.caller, ctx.paid(XLM)); ${isSecond ? "count.set(buyers() + 1n);" : ""} }
export function has(who) { return bought.has(who); }
${isSecond ? "export function migrate() { count.set(BigInt(bought.scan().length)); } export function buyers() { return count.get() ?? 0n; }" : ""}
`;

let live: LiveNetwork;
let node: Node;
let client: Client;
let buyers: readonly Signer[] = [];

beforeAll(async () => {
  live = await openLiveNetwork(folder, "on sending");
  const config = nodeConfig({
    networkFile: live.networkFile,
    dataDir: join(folder, "data"),
    rpcUrl: live.rpcUrl,
    operatorFile: live.operatorFile,
  });
  node = await openNode(config, "0.0.0");
  const api = openNodeClient(node.httpUrl, signal);
  client = openClient({ stellar: live.stellar, node: api, signal });
  buyers = await Promise.all([live.account(), live.account()]);
});
afterAll(async () => {
  await node[Symbol.asyncDispose]();
  await live[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

async function send(operations: readonly xdr.Operation[], who = live.signer): Promise<ReceiptJson> {
  return onlyReceipt(await client.call(who, operations, { allowFailure: true }));
}

async function put(source: string, who = live.signer): Promise<string> {
  const hash = sha256Hex(Buffer.from(source));
  expect(await send(putCall(hash, 0, Buffer.from(source)), who)).toMatchObject({ code: "" });
  return hash;
}

async function buyAll(contract: bigint): Promise<void> {
  const { address } = await client.node.contract(contract);
  for (const buyer of buyers) {
    const pay = paymentOperation({ to: address, asset: "XLM", amount: 7n });
    const operations = [...callOperations({ contract, method: "buy", args: [] }), pay];
    expect(await send(operations, buyer)).toMatchObject({ code: "" });
  }
}

const told = (contract: bigint): Promise<ContractJson> => client.node.contract(contract);
const has = async (contract: bigint, { account }: Signer): Promise<unknown> =>
  (await client.node.view(contract, "has", [account])).result;

async function expectKept(contract: bigint): Promise<void> {
  for (const buyer of buyers) expect(await has(contract, buyer)).toBe(true);
  expect((await client.node.view(contract, "buyers", [])).result).toBe("2");
  expect(await told(contract)).toMatchObject({
    version: "2",
    balances: [{ asset: "XLM", amount: "14" }],
    former: [{ version: "1" }],
  });
}

describe("code that its owner may change", () => {
  const policy = 'upgrade: "owner",';
  const [first, second] = [shop(policy, false), shop(policy, true)];

  it("changes a week after everybody could read it, and not before", async () => {
    const contract = await deploy(client, live.signer, build(folder, "shop.js", first));
    await buyAll(contract);
    const hash = await put(second);
    expect(await send(announceCall(contract, hash), buyers[0])).toMatchObject({
      code: "UPGRADE_NOT_OWNER",
    });
    expect(await send(announceCall(contract, hash))).toMatchObject({
      code: "",
      events: [{ topic: "announced", data: { contract: contract.toString(), codeHash: hash } }],
    });
    const { upgrade } = await told(contract);
    expect(upgrade).toMatchObject({
      policy: "owner",
      words: "by its owner, 7 days after announcing",
      announced: { codeHash: hash },
    });
    const { announced: from = 0, earliest = 0 } = upgrade.announced ?? {};
    expect(earliest - from).toBe(WEEK_S);
    expect((await client.node.code(hash)).source).toBe(second);

    expect(await send(upgradeCall(contract, hash))).toMatchObject({ code: "UPGRADE_TOO_EARLY" });
    live.warp(WEEK_S);
    await until(() => node.tip() === live.latestLedger());
    const simulated = await client.simulate(live.signer.account, upgradeCall(contract, hash));
    const receipt = await send(upgradeCall(contract, hash));
    expect(receipt).toMatchObject({ code: "", events: [{ topic: "upgraded" }] });
    expect(simulated.receipts).toMatchObject([{ code: "", gasUsed: receipt.gasUsed }]);
    expect(simulated.changes).toContainEqual({
      contract: contract.toString(),
      name: "count",
      key: "",
      after: "2",
    });
    expect((await told(contract)).upgrade.announced).toBeUndefined();
    await expectKept(contract);
  });

  it("stays as it is when the owner thinks better of it", async () => {
    const contract = await deploy(client, live.signer, build(folder, "shop.js", first));
    const hash = sha256Hex(Buffer.from(second));
    expect(await send(announceCall(contract, hash))).toMatchObject({ code: "" });
    expect(await send(cancelCall(contract))).toMatchObject({ code: "" });
    live.warp(WEEK_S);
    expect(await send(upgradeCall(contract, hash))).toMatchObject({
      code: "UPGRADE_NOT_ANNOUNCED",
    });
    expect(await told(contract)).toMatchObject({ version: "1" });
  });
});

it("never changes code that says so", async () => {
  const contract = await deploy(client, live.signer, build(folder, "none.js", shop("", false)));
  const hash = await put(shop("", true));
  for (const operations of [announceCall(contract, hash), upgradeCall(contract, hash)]) {
    expect(await send(operations)).toMatchObject({ code: "UPGRADE_NEVER" });
  }
  expect((await told(contract)).upgrade).toEqual({ policy: "none", words: "never" });
});

it("changes code by a vote: proposed, passed, and enacted by whoever comes", async () => {
  const policy = 'upgrade: "dao",';
  const [voter, anybody] = [await live.account(), await live.account()];
  const contract = await deploy(client, live.signer, build(folder, "dao.js", shop(policy, false)));
  await buyAll(contract);
  await lockPower(voter);
  const hash = await put(shop(policy, true), anybody);
  expect(await send(publishCall(hash), anybody)).toMatchObject({ code: "" });

  const proposal = new Map<string, string | bigint | Uint8Array>([
    ["kind", "contract.upgrade"],
    ["name", ""],
    ["value", contract],
    ["code", Uint8Array.fromHex(hash)],
  ]);
  const dao = (method: string, args: Parameters<typeof callOperations>[0]["args"]) =>
    callOperations({ contract: DAO, method, args });
  const proposed = await send(dao("propose", ["Count the buyers", proposal]), voter);
  expect(proposed).toMatchObject({ code: "" });
  const id = BigInt(String(proposed.result));
  const enact = upgradeCall(contract, hash, id);
  live.warp(2);
  expect(await send(dao("vote", [id, "yes"]), voter)).toMatchObject({ code: "" });
  expect(await send(enact, anybody)).toMatchObject({ code: "DAO_NOT_QUEUED" });
  live.warp(30);
  expect(await send(enact, anybody)).toMatchObject({ code: "DAO_EARLY" });
  live.warp(10);
  expect(await send(dao("execute", [id]), anybody)).toMatchObject({ code: "DAO_BY_REGISTRY" });
  const direct = dao("enact", [id, contract, Uint8Array.fromHex(hash)]);
  expect(await send(direct, anybody)).toMatchObject({ code: "DAO_BY_REGISTRY" });
  const receipt = await send(enact, anybody);
  expect(receipt).toMatchObject({ code: "" });
  expect(receipt.events.map(({ topic }) => topic)).toEqual(["executed", "upgraded"]);
  await expectKept(contract);
  expect(await send(enact, anybody)).toMatchObject({ code: "DAO_NOT_QUEUED" });
});

/** Gives an account the governance asset, which it locks to itself. */
async function lockPower(who: Signer): Promise<void> {
  const asset = live.network.governanceAsset;
  const amount = 1_000n;
  await client.send(who, [trustOperation(asset)]);
  await client.send(live.signer, [paymentOperation({ to: who.account, asset, amount })]);
  const { closeTimeS } = await live.stellar.latestLedger();
  const until = BigInt(closeTimeS + WEEK_S);
  const operations = [
    lockOperation(who.account, asset, amount, until),
    ...callOperations({ contract: DAO, method: "lock", args: [until] }),
  ];
  expect(await send(operations, who)).toMatchObject({ code: "" });
}
