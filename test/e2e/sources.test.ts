// Goal: a node over several sources tells which it follows, which lies and how well its tip is proved; what
//         it knows survives a restart, and it ends when it is told to, whatever its sources do.
// Method: one devnet serves RPC, lake and archive; faults make one of them lie, lag or fall silent.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { openNodeClient } from "../../src/client/http.ts";
import type { StatusJson } from "../../src/client/schemas.ts";
import { parseFault } from "../../src/devnet/faults.ts";
import { type DevnetServer, serveDevnet } from "../../src/devnet/server.ts";
import { silentEvents } from "../../src/lib/events.ts";
import type { Config } from "../../src/node/config.ts";
import { openNode } from "../../src/node/node.ts";
import { makeHistory } from "../support/history.ts";
import { nodeConfig } from "../support/node-kit.ts";
import { startNode } from "../support/node-process.ts";
import { publish } from "../support/published.ts";

const history = makeHistory(6, 24);
const { net } = history;
const folder = mkdtempSync(join(tmpdir(), "ace-sources-"));
const place = publish(history, folder);
const { signal } = new AbortController();
/** A node that hangs never ends; a crowded machine takes a while. */
const END_MS = 45_000;

let server: DevnetServer;
beforeAll(async () => {
  const clock = { nowMs: () => 0 };
  server = await serveDevnet({ net, port: 0, closeMs: "manual", events: silentEvents, clock });
});
afterEach(() => net.faults.clear());
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

function configOf(name: string, more: object): Config {
  return nodeConfig({
    networkFile: place.networkFile,
    dataDir: join(folder, name),
    ...more,
  });
}

const all = () => ({
  rpcUrl: server.url,
  lakeUrl: server.lakeUrl,
  archiveUrl: server.archiveUrl,
  quorumFile: place.quorumFile,
});

async function statusWhen(
  url: string,
  isReached: (status: StatusJson) => boolean,
): Promise<StatusJson> {
  const client = openNodeClient(url, signal);
  for (;;) {
    const status = await client.status();
    if (isReached(status)) return status;
    await sleep(50);
  }
}

it("goes on without a source that lies, keeps the proof and says so", async () => {
  net.faults.add(parseFault("lake:altered-header@34"));
  const { rpcUrl, lakeUrl } = all();
  const settings = configOf("lied-to", { rpcUrl, lakeUrl });
  {
    await using node = await openNode(settings, "0.0.0");
    const status = await statusWhen(
      node.httpUrl,
      ({ tip, sources }) => tip?.sequence === history.last && sources[1]?.fault !== undefined,
    );
    expect(status.fault).toBeUndefined();
    const [rpc, lake] = status.sources;
    expect(rpc).toMatchObject({ kind: "rpc", state: "following" });
    expect(lake).toMatchObject({ state: "quarantined", fault: { code: "LEDGER_HASH_MISMATCH" } });
    const metrics = await (await fetch(`${node.httpUrl}/metrics`)).text();
    expect(metrics).toContain('ace_events_total{event="ledger.source_quarantined"} 1');
  }
  const evidence = join(settings.dataDir, "evidence");
  const names = readdirSync(evidence);
  const [facts = ""] = names.filter((name) => name.endsWith(".json"));
  expect(readFileSync(join(evidence, facts), "utf8")).toContain('"ledger": 34');
  expect(names.filter((name) => name.endsWith(".xdr"))).toHaveLength(1);
});

it("shows how well the tip is proved, and knows what was anchored after a restart", async () => {
  const { rpcUrl, quorumFile } = all();
  {
    await using node = await openNode(configOf("proved", all()), "0.0.0");
    const status = await statusWhen(
      node.httpUrl,
      ({ tip, trust }) => tip?.sequence === history.last && trust.anchored === 127,
    );
    expect(status).toMatchObject({ state: "following", trust: { required: 1, level: 1 } });
    expect(status.trust.level1).toBe(history.last);
  }
  await using again = await openNode(configOf("proved", { rpcUrl, quorumFile }), "0.0.0");
  const known = await statusWhen(again.httpUrl, ({ sources }) => sources[0]?.newest !== undefined);
  expect(known.trust).toMatchObject({ required: 0, anchored: 127 });
});

it("shows a source that came back behind the cursor as behind, without its old fault, and ends then", async () => {
  const data = ["--data", join(folder, "behind"), "--rpc", server.url];
  const environment = { ACE_HOME: folder, ACE_NETWORK_FILE: place.networkFile };
  const node = startNode(data, environment);
  const url = await node.url;
  await statusWhen(url, ({ tip }) => tip?.sequence === history.last);
  net.faults.add(parseFault("rpc:down"));
  await statusWhen(url, ({ fault }) => fault?.code === "LEDGER_NO_SOURCE");
  net.faults.clear();
  net.faults.add(parseFault("rpc:lag=50"));
  const status = await statusWhen(url, ({ sources }) => sources[0]?.state === "behind");
  expect(status.state).toBe("waiting");
  expect(status.fault).toBeUndefined();
  expect(status.sources[0]?.fault).toBeUndefined();
  const end = node.end("SIGINT");
  expect(await Promise.race([end, sleep(END_MS, "it did not end")])).toBe(0);
});

it("ends when it is told to, while a source hangs and before the first ledger", async () => {
  net.faults.add(parseFault("rpc:delay=60"));
  const data = ["--data", join(folder, "hanging"), "--rpc", server.url, "--from", "genesis"];
  const node = startNode(data, { ACE_HOME: folder, ACE_NETWORK_FILE: place.networkFile });
  // A process that has not come so far knows nothing of signals yet.
  while (!node.messages().includes("contracts.started")) await sleep(20);
  await Promise.race([node.url, sleep(3_000)]);
  const end = node.end("SIGINT");
  const code = await Promise.race([end, sleep(END_MS, "it did not end")]);
  expect([0, 7, 130]).toContain(code);
});

it.each([
  ["rpc:passphrase", { rpcUrl: "url" }],
  ["lake:passphrase", { lakeUrl: "lakeUrl" }],
  ["archive:passphrase", { archiveUrl: "archiveUrl" }],
] as const)("refuses another network before anything is applied: %s", async (fault, where) => {
  net.faults.add(parseFault(fault));
  const [[name, at] = ["rpcUrl", "url"]] = Object.entries(where);
  const dir = fault.replace(":", "-");
  await using node = await openNode(configOf(dir, { [name]: addressOf(at) }), "0.0.0");
  const status = await statusWhen(node.httpUrl, ({ state }) => state === "stopped");
  expect(status.fault?.code).toBe("NETWORK_MISMATCH");
  expect(status.tip).toBeUndefined();
});

it("refuses a network that began anew, by its founding ledger, over every kind of source", async () => {
  const other = makeHistory(1, 130);
  // A founding ledger of the same number and passphrase, and yet another.
  const path = mkdtempSync(join(tmpdir(), "ace-anew-"));
  const anew = publish(history, path);
  const { genesisLedger } = history.network;
  const networkFile = join(path, "founded.json");
  writeFileSync(
    networkFile,
    JSON.stringify({ ...other.network, genesisLedger, genesisHash: "cd".repeat(32) }),
  );
  const places = [{ rpcUrl: server.url }, { lakeUrl: anew.lake }, { archiveUrl: anew.archive }];
  for (const [index, source] of places.entries()) {
    const settings = configOf(`anew-${index}`, { ...source, networkFile });
    await using node = await openNode(settings, "0.0.0");
    const status = await statusWhen(node.httpUrl, ({ state }) => state === "stopped");
    expect(status.fault?.code).toBe("NETWORK_MISMATCH");
    expect(status.tip).toBeUndefined();
  }
  rmSync(path, { recursive: true, force: true });
});

function addressOf(name: string): string {
  if (name === "lakeUrl") return server.lakeUrl;
  return name === "archiveUrl" ? server.archiveUrl : server.url;
}
