// Goal: the plug may be pulled at any moment.
// Method: a real node process follows a devnet on which calls keep coming, and is killed with
//         SIGKILL 50 times at random moments, in starting, applying and committing alike, every second
//         life with two processes for contracts. Its chain is then compared, ledger by ledger, with that
//         of a node that was never disturbed and has one.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openNodeClient } from "../../src/client/http.ts";
import { networkId } from "../../src/contracts/service-network.ts";
import { openStore } from "../../src/store/store.ts";
import { type LiveNetwork, openLiveNetwork } from "../support/live-network.ts";
import { type NodeProcess, startNode } from "../support/node-process.ts";

const KILLS = 50;
/** Two of three lives end while the node follows; the others wherever starting has come to. */
const STARTING_MS_MAX = 900;
const FOLLOWING_MS_MAX = 700;

let live: LiveNetwork;
const folder = mkdtempSync(join(tmpdir(), "ace-kill-"));

beforeAll(async () => {
  live = await openLiveNetwork(folder);
});
afterAll(async () => {
  await live[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

function start(name: string, workers: number): NodeProcess {
  return startNode(["--data", join(folder, name), "--workers", String(workers)], {
    ACE_HOME: folder,
    ACE_NETWORK_FILE: live.networkFile,
    ACE_RPC: live.rpcUrl,
  });
}

it("keeps the chain of an undisturbed node through 50 kills", { timeout: 900_000 }, async () => {
  const calls = live.keepCalling();
  const endedThemselves: string[] = [];
  for (let kill = 0; kill < KILLS; kill += 1) {
    const node = start("killed", 1 + (kill % 2));
    const isStarting = kill % 3 === 0;
    if (!isStarting) await node.url.catch((error) => endedThemselves.push(String(error)));
    await sleep(Math.random() * (isStarting ? STARTING_MS_MAX : FOLLOWING_MS_MAX));
    await node.end("SIGKILL");
  }
  await calls.stop();
  // A crowded machine may cost a life or two; a folder that no node can open any more costs them all.
  expect(endedThemselves.length, endedThemselves.join("\n")).toBeLessThanOrEqual(2);

  const nodes = [start("killed", 2), start("calm", 1)];
  const goal = live.latestLedger();
  for (const node of nodes) {
    const client = openNodeClient(await node.url, new AbortController().signal);
    while (((await client.status()).tip?.sequence ?? 0) < goal) await sleep(100);
  }
  await Promise.all(nodes.map((node) => node.end("SIGTERM")));

  const id = networkId(live.network);
  using killed = openStore({ dir: join(folder, "killed"), networkId: id });
  using calm = openStore({ dir: join(folder, "calm"), networkId: id });
  for (let sequence = live.network.genesisLedger; sequence <= goal; sequence += 1) {
    expect(killed.link(sequence)).toEqual(calm.link(sequence));
  }
  expect(calls.sent()).toBeGreaterThan(10);
});
