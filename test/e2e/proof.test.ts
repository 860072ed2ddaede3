// Goal: what a node proves by `ace proof` is believed without it, by a later ledger hash too.
// Method: a real devnet, a real node and the real command; the node is gone when the proofs are checked.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { verifyLedgerChain, verifyReceiptProof } from "../../src/access/verify.ts";
import { buildContract } from "../../src/authoring/build-contract.ts";
import { callOperations } from "../../src/client/build.ts";
import { type Client, openClient } from "../../src/client/client.ts";
import { openNodeClient } from "../../src/client/http.ts";
import { type Node, openNode } from "../../src/node/node.ts";
import { type LiveNetwork, openLiveNetwork } from "../support/live-network.ts";
import { deploy, nodeConfig } from "../support/node-kit.ts";
import { makeHome } from "../unit/cli-process.ts";

const folder = mkdtempSync(join(tmpdir(), "ace-proof-"));
const home = makeHome();
let live: LiveNetwork;
let node: Node;
let client: Client;
let counter: bigint;

beforeAll(async () => {
  live = await openLiveNetwork(folder, "on sending");
  const config = nodeConfig({
    networkFile: live.networkFile,
    dataDir: join(folder, "node"),
    rpcUrl: live.rpcUrl,
  });
  node = await openNode(config, "0.0.0");
  const { signal } = new AbortController();
  client = openClient({
    stellar: live.stellar,
    node: openNodeClient(node.httpUrl, signal),
    signal,
  });
  const example = buildContract("contracts-examples/counter/counter.ts");
  counter = await deploy(client, live.signer, example, "10");
});
afterAll(async () => {
  await live[Symbol.asyncDispose]();
  home[Symbol.dispose]();
  rmSync(folder, { recursive: true, force: true });
});

const add = (by: bigint) =>
  client.call(live.signer, callOperations({ contract: counter, method: "add", args: [by] }));

it("is believed without the node that made it", { timeout: 120_000 }, async () => {
  const environment = { ACE_NODE: node.httpUrl };
  const ace = (...args: readonly string[]) => home.ace(["proof", ...args], { environment });
  const { hash, ledger } = await add(7n);
  const name = counter.toString();
  const present = await ace("state", name, "counted", "--out", "present.json");
  expect(present).toMatchObject({ exitCode: 0 });
  expect(present.stdout).toMatch(new RegExp(`^contract ${name} counted is "?7"? +after ledger`));
  const absent = await ace("state", name, "nothing", "--out", "absent.json");
  expect(absent.stdout).toContain(`contract ${name} nothing is absent`);
  const { ledger: later } = await add(1n);
  const receipt = await ace("receipt", hash, "--to", String(later), "--out", "receipt.json");
  expect(receipt.stdout).toMatch(
    new RegExp(`^contract ${name} add by G\\w{55} +ok +ledger ${ledger}$`, "m"),
  );
  expect((await ace("receipt", "00".repeat(32))).exitCode).toBe(3);

  const { ledgerHash: then } = await client.node.link(ledger);
  const { ledgerHash: trusted } = await client.node.link(later);
  const { proofs } = await client.node.receiptProofs(hash);
  const { chain } = await client.node.ledgerChain(ledger, later);
  expect(chain).toHaveLength(later - ledger);
  expect(await verifyLedgerChain({ trusted, ledgerHash: then, chain })).toBe(true);
  expect(await verifyLedgerChain({ trusted: then, ledgerHash: trusted, chain })).toBe(false);
  expect(await Promise.all(proofs.map(verifyReceiptProof))).toEqual([true]);
  await expect(client.node.ledgerChain(ledger, later + 9)).rejects.toMatchObject({
    code: "NOT_FOUND",
  });

  await node[Symbol.asyncDispose]();
  const checks = await Promise.all([
    ace("verify", "present.json", "--trusted", then),
    ace("verify", "absent.json", "--trusted", then),
    ace("verify", "receipt.json", "--trusted", trusted),
    ace("verify", "present.json", "--trusted", trusted),
  ]);
  expect(checks.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0, 1]);
});
