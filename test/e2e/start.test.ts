// Goal: a node that starts says where it listens, one that cannot run contracts says why and ends, and
//       one without libsodium runs all the same.
// Method: the package as its users have it, in a copy where a part is missing, as processes of their own.
import { spawn } from "node:child_process";
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openNodeClient } from "../../src/client/http.ts";
import { parseAddress } from "../../src/p2p/addresses.ts";
import { type LiveNetwork, openLiveNetwork } from "../support/live-network.ts";
import { until } from "../support/node-kit.ts";
import { startNode } from "../support/node-process.ts";
import { ACE } from "../support/plain-package.ts";
import { makeHome } from "../unit/cli-process.ts";

const base = mkdtempSync(join(tmpdir(), "ace-start-"));
const { signal } = new AbortController();
let live: LiveNetwork;

beforeAll(async () => {
  // The contract process may run as a user of its own.
  chmodSync(base, 0o755);
  live = await openLiveNetwork(base, "on sending");
});
afterAll(async () => {
  await live[Symbol.asyncDispose]();
  rmSync(base, { recursive: true, force: true });
});

const argsIn = (name: string) => [
  "--network",
  live.networkFile,
  "--rpc",
  live.rpcUrl,
  "--data",
  join(base, name),
];
const noPorts = ["--port", "0", "--peer-port", "0", "--tracker-port", "0"];

/** A copy of the package beside all of its packages but these. */
function packageWithout(name: string, ...missing: readonly string[]): string {
  const root = join(base, name);
  const modules = join(dirname(dirname(ACE)), "..", "..");
  cpSync(dirname(dirname(ACE)), root, { recursive: true });
  mkdirSync(join(root, "node_modules"));
  for (const each of readdirSync(modules)) {
    if (each.startsWith(".") || missing.includes(each)) continue;
    symlinkSync(join(modules, each), join(root, "node_modules", each));
  }
  return root;
}

function canConnect(address: string): Promise<boolean> {
  const peer = parseAddress(address);
  if (peer === undefined) return Promise.resolve(false);
  return new Promise((resolve) => {
    const socket = connect(peer);
    socket.on("connect", () => resolve(true)).on("error", () => resolve(false));
    socket.on("connect", () => socket.destroy());
  });
}

it("a node on any free ports logs each of them, and publishes nothing that names no address", async () => {
  const node = startNode([...argsIn("ports"), "--host", "0.0.0.0"], {});
  using home = makeHome();
  try {
    const url = await node.url;
    const line = () =>
      node
        .messages()
        .split("\n")
        .find((text) => text.includes("node.started"));
    await until(() => line() !== undefined);
    const told = JSON.parse(line() ?? "{}");
    expect(told).toMatchObject({ httpUrl: url, host: "0.0.0.0", version: expect.any(String) });
    const api = openNodeClient(told.httpUrl, signal);
    const { trackerUrl, peerAddress, serverKey } = told;
    expect((await api.status()).swarming).toEqual({
      tracker: trackerUrl,
      peer: peerAddress,
      serverKey,
    });
    for (const place of [new URL(trackerUrl).host, peerAddress]) {
      expect(await canConnect(place), place).toBe(true);
    }
    const place = ["--data", join(base, "ports"), "--network", live.networkFile];
    const film = home.file("film.mp4", "a film");
    const ended = await home.ace(["content", "publish", film, ...place, "--node", url, "--json"]);
    expect(ended.exitCode).toBe(2);
    expect(ended.stderr + ended.stdout).toMatch(/CONFIG_INVALID.*0\.0\.0\.0.*--public-host/s);
    expect(await api.contents()).toEqual([]);
  } finally {
    await node.end("SIGTERM");
  }
});

it("a node whose contract process cannot start says why, and ends", async () => {
  const root = packageWithout("broken");
  rmSync(join(root, "dist", "runtime", "process-child.js"));
  using home = makeHome();
  const args = ["node", ...argsIn("broken-data"), ...noPorts, "--follow-only", "--json"];
  const command = [process.execPath, join(root, "bin", "ace.mjs")] as const;
  const ended = await home.ace(args, { command: [...command] });
  expect(ended.exitCode).toBe(6);
  expect(ended.stdout + ended.stderr).toMatch(/CONTRACT_START_FAILED.*process-child/s);
  expect(ended.stderr).toContain("contracts.start_failed");
});

it("a node without libsodium starts with issuer keys, and follows", async () => {
  const root = packageWithout("plain", "sodium-native");
  using home = makeHome();
  const bin = join(root, "bin", "ace.mjs");
  const args = ["node", ...argsIn("plain-data"), ...noPorts];
  const operator = ["--operator", live.operatorFile, "--log", "info", "--json"];
  const child = spawn(process.execPath, [bin, ...args, ...operator], {
    env: { ...process.env, ACE_HOME: home.path },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let log = "";
  child.stderr.on("data", (bytes: Buffer) => {
    log += bytes.toString();
  });
  const gone = new Promise<number | null>((resolve) => child.once("exit", resolve));
  await until(() => /ledger\.applied/.test(log) && /node\.started/.test(log));
  child.kill("SIGTERM");
  expect(await gone).toBe(0);
});
