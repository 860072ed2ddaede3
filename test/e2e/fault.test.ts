// Goal: a node whose contract process fails for good stands still in plain sight, and loses nothing.
// Method: the real `ace node` follows a devnet; its contract processes are killed as often as they come,
//         until it gives a ledger up. Then it is asked what its users, its supervisor and its operator
//         ask, and started again with nothing in its way.
import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openNodeClient } from "../../src/client/http.ts";
import { type LiveNetwork, openLiveNetwork } from "../support/live-network.ts";
import { type NodeProcess, startNode } from "../support/node-process.ts";

const folder = mkdtempSync(join(tmpdir(), "ace-fault-"));
const { signal } = new AbortController();
const nodes: NodeProcess[] = [];

let live: LiveNetwork;
beforeAll(async () => {
  live = await openLiveNetwork(folder);
});
afterAll(async () => {
  for (const node of nodes) await node.end("SIGKILL");
  await live[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

function start(): NodeProcess {
  const environment = {
    ACE_HOME: folder,
    ACE_NETWORK_FILE: live.networkFile,
    ACE_RPC: live.rpcUrl,
  };
  const node = startNode(["--data", join(folder, "data")], environment);
  nodes.push(node);
  return node;
}

/** What `ace node status` prints, on both of its outputs. */
async function statusOf(url: string): Promise<string> {
  const words = ["bin/ace.mjs", "node", "status", "--node", url];
  const env = { ...process.env, ACE_HOME: folder };
  const { stdout, stderr } = await promisify(execFile)(process.execPath, words, { env });
  return stdout + stderr;
}

/** Processes for contracts that this test's nodes have started. */
function contractProcesses(): readonly number[] {
  const parents = new Set(nodes.map(({ pid }) => pid));
  return readdirSync("/proc").flatMap((name) => {
    const text = /^\d+$/.test(name) ? textOf(`/proc/${name}/stat`) : "";
    const parent = Number(text.slice(text.lastIndexOf(")")).split(" ")[2]);
    return parents.has(parent) ? [Number(name)] : [];
  });
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It is gone already.
  }
}

it.runIf(process.platform === "linux")(
  "answers and says why, and goes on after a restart when the cause is gone",
  { timeout: 180_000 },
  async () => {
    const node = start();
    const url = await node.url;
    const client = openNodeClient(url, signal);
    while ((await client.status()).tip === undefined) await sleep(50);
    const calls = live.keepCalling();
    while ((await client.status()).state !== "stopped") {
      for (const pid of contractProcesses()) kill(pid);
      await sleep(20);
    }
    const { tip, fault } = await client.status();
    expect(fault).toMatchObject({ code: "CONTRACT_FAULT", hint: expect.stringMatching("Restart") });
    const health = await fetch(`${url}/health`);
    expect(health.status).toBe(503);
    expect(await health.json()).toMatchObject({ status: "fault", ...fault });
    const told = await statusOf(url);
    expect(told).toContain(`CONTRACT_FAULT: ${fault?.message}`);
    expect(told).toContain("Restart the node");
    const read = await fetch(`${url}/v1/ledgers/${tip?.sequence}`);
    expect([read.status, read.headers.get("ace-stale")]).toEqual([200, "CONTRACT_FAULT"]);
    expect((await client.view(1n, "setting", ["epoch.ledgers"])).ok).toBe(true);
    await calls.stop();
    expect((await client.status()).tip).toEqual(tip);
    expect(await node.end("SIGTERM")).toBe(0);

    const goal = live.latestLedger();
    expect(goal).toBeGreaterThan(tip?.sequence ?? goal);
    const again = openNodeClient(await start().url, signal);
    while (((await again.status()).tip?.sequence ?? 0) < goal) await sleep(50);
    expect(await again.status()).toMatchObject({ state: "following" });
    const kept = await (await fetch(`${await nodes[1]?.url}/v1/ledgers/${tip?.sequence}`)).json();
    expect(kept).toMatchObject({ ledgerHash: tip?.ledgerHash });
  },
);
