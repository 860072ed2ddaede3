// Goal: the plug may be pulled at any moment.
// Method: a real node process follows a devnet on which calls keep coming, and is killed with
//         SIGKILL 50 times at random moments, in starting, applying and committing alike, every second
//         life with two processes for contracts. Its chain is then compared, ledger by ledger, with that
//         of a node that was never disturbed and has one.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openNodeClient } from "../../src/client/http.ts";
import { networkId } from "../../src/contracts/service-network.ts";
import { openStore } from "../../src/store/store.ts";
import { type LiveNetwork, openLiveNetwork } from "../support/live-network.ts";

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

function startNode(name: string, workers: number): ChildProcess {
  const ports = ["--port", "0", "--peer-port", "0", "--tracker-port", "0"];
  const data = ["--data", join(folder, name), "--follow-only", "--log", "error", "--json"];
  const shared = ["--workers", String(workers)];
  return spawn(process.execPath, ["bin/ace.mjs", "node", ...ports, ...data, ...shared], {
    env: {
      ...process.env,
      ACE_HOME: folder,
      ACE_NETWORK_FILE: live.networkFile,
      ACE_RPC: live.rpcUrl,
    },
    stdio: ["ignore", "pipe", "ignore"],
  });
}

async function urlOf(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error("no output");
  let last = "";
  for await (const line of createInterface(child.stdout)) {
    last = line;
    const ready = JSON.parse(line);
    if (ready.event === "ready") return ready.data.httpUrl;
  }
  throw new Error(`the node did not start: ${last}`);
}

async function gone(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = new Promise((resolve) => child.once("exit", resolve));
  child.kill(signal);
  await exit;
}

it("keeps the chain of an undisturbed node through 50 kills", { timeout: 900_000 }, async () => {
  const calls = live.keepCalling();
  const endedThemselves: string[] = [];
  for (let kill = 0; kill < KILLS; kill += 1) {
    const child = startNode("killed", 1 + (kill % 2));
    const isStarting = kill % 3 === 0;
    if (!isStarting) await urlOf(child).catch((error) => endedThemselves.push(String(error)));
    await sleep(Math.random() * (isStarting ? STARTING_MS_MAX : FOLLOWING_MS_MAX));
    await gone(child, "SIGKILL");
  }
  await calls.stop();
  // A crowded machine may cost a life or two; a folder that no node can open any more costs them all.
  expect(endedThemselves.length, endedThemselves.join("\n")).toBeLessThanOrEqual(2);

  const nodes = [startNode("killed", 2), startNode("calm", 1)];
  const goal = live.latestLedger();
  for (const node of nodes) {
    const client = openNodeClient(await urlOf(node), new AbortController().signal);
    node.stdout?.resume();
    while (((await client.status()).tip?.sequence ?? 0) < goal) await sleep(100);
  }
  await Promise.all(nodes.map((node) => gone(node, "SIGTERM")));

  const id = networkId(live.network);
  using killed = openStore({ dir: join(folder, "killed"), networkId: id });
  using calm = openStore({ dir: join(folder, "calm"), networkId: id });
  for (let sequence = live.network.genesisLedger; sequence <= goal; sequence += 1) {
    expect(killed.link(sequence)).toEqual(calm.link(sequence));
  }
  expect(calls.sent()).toBeGreaterThan(10);
});
