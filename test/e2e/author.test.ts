// Goal: the way of an author, from an empty folder to code on a ledger that anyone can rebuild, with the
//       commands themselves: each a process, as people run them.
// Method: one folder, made by `new`; the kit, vitest and TypeScript are linked into it, as `npm install`
//         would put them there. A devnet with a real node on it carries the contract.
import { type ChildProcess, spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { z } from "zod";
import { type Client, openClient } from "../../src/client/client.ts";
import { openNodeClient } from "../../src/client/http.ts";
import { type Node, openNode } from "../../src/node/node.ts";
import { type LiveNetwork, openLiveNetwork } from "../support/live-network.ts";
import { build, deploy, nodeConfig } from "../support/node-kit.ts";

const WAIT_MS = 200_000;
const Told = z.object({ ok: z.boolean(), data: z.record(z.string(), z.unknown()).optional() });
const { signal } = new AbortController();

let place: string;
let folder: string;
beforeAll(() => {
  place = mkdtempSync(join(tmpdir(), "ace-author-"));
  folder = join(place, "my-tips");
});
afterAll(() => rmSync(place, { recursive: true, force: true }));

function start(...words: readonly string[]): ChildProcess {
  return spawn(process.execPath, [resolve("bin/ace.mjs"), "contract", ...words, "--json"], {
    cwd: place,
    // A first snapshot of gas is saved for a person, not for a machine that checks.
    env: { ...process.env, CI: "" },
    stdio: ["ignore", "pipe", "pipe"],
  });
}

interface Ended {
  readonly status: number | null;
  /** What the last line on stdout tells. */
  readonly data: Readonly<Record<string, unknown>>;
  readonly words: string;
}

/** The other side of a command may be a node in this process: nothing here may block. */
async function contract(...words: readonly string[]): Promise<Ended> {
  const child = start(...words);
  let out = "";
  let all = "";
  child.stdout?.on("data", (chunk: Buffer) => {
    out += chunk.toString();
    all += chunk.toString();
  });
  child.stderr?.on("data", (chunk: Buffer) => {
    all += chunk.toString();
  });
  const status = await new Promise<number | null>((done) => child.once("close", done));
  const line = out.trim().split("\n").at(-1) ?? "";
  const told = line === "" ? undefined : Told.parse(JSON.parse(line));
  return { status, data: told?.data ?? {}, words: all };
}

function install(): void {
  const modules = join(folder, "node_modules");
  mkdirSync(modules);
  symlinkSync(resolve("."), join(modules, "ace-node"));
  for (const name of ["vitest", "typescript"]) {
    symlinkSync(resolve("node_modules", name), join(modules, name));
  }
}

it("goes from an empty folder to tested code with one hash", { timeout: WAIT_MS }, async () => {
  expect(await contract("new", "my-tips", "--from", "tips")).toMatchObject({ status: 0 });
  const source = join("my-tips", "tip-jar.ts");

  const early = await contract("test", "my-tips");
  expect(early.status).toBe(1);
  expect(early.words).toContain("TEST_RUNNER_MISSING");
  install();

  const tested = await contract("test", "my-tips");
  expect(tested.words).not.toContain("error[");
  expect(tested.status).toBe(0);
  expect(existsSync(join(folder, "gas.snapshot.json"))).toBe(true);

  const first = await contract("build", source);
  expect(first.data["codeHash"]).toMatch(/^[0-9a-f]{64}$/);
  const script = readFileSync(join(folder, "tip-jar.js"), "utf8");
  expect((await contract("build", source)).data).toEqual(first.data);
  expect(readFileSync(join(folder, "tip-jar.js"), "utf8")).toBe(script);
});

it("builds and tests at every change until it is told to end", { timeout: WAIT_MS }, async () => {
  const source = join(folder, "tip-jar.ts");
  const text = readFileSync(source, "utf8");
  const child = start("dev", source, "--no-check");
  let told = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    told += chunk.toString();
  });
  const has = async (part: string): Promise<void> => {
    await expect.poll(() => told, { timeout: 90_000, interval: 100 }).toContain(part);
  };
  await has("waiting for changes");
  expect(told).not.toContain("error[");
  told = "";
  writeFileSync(source, `${text}\nexport function late() { return Date.now(); }\n`);
  await has("error[CODE_REFUSED]");
  expect(told).toMatch(/tip-jar\.ts:\d+:\d+/);
  const ended = new Promise((done) => child.once("close", done));
  child.kill("SIGINT");
  await ended;
  writeFileSync(source, text);
});

it("shows whether a contract runs a source, and who may change it", {
  timeout: WAIT_MS,
}, async () => {
  const shop = (words: string): string => `
import { contract, state, int } from "ace-node/contract";
contract({ name: "shop", upgrade: { by: "owner", delayDays: 7 }, methods: { add: { args: [int] } } });
const sum = state.value("sum", int);
export function add(by) { sum.set((sum.get() ?? 0n) + ${words}); }
`;
  await using live = await openLiveNetwork(place, "on sending");
  await using node = await nodeOn(live);
  const client: Client = openClient({
    stellar: live.stellar,
    node: openNodeClient(node.httpUrl, signal),
    signal,
  });
  const number = await deploy(client, live.signer, build(place, "shop.js", shop("by")));
  const at = ["--node", node.httpUrl, "--network", live.networkFile];
  writeFileSync(join(place, "same.js"), shop("by"));
  writeFileSync(join(place, "other.js"), shop("by + by"));
  const same = await contract("verify", String(number), "--source", "same.js", ...at);
  expect(same.data).toMatchObject({ matches: "running" });
  const other = await contract("verify", String(number), "--source", "other.js", ...at);
  expect(other.status).not.toBe(0);
  expect(other.words).toContain("SOURCE_DIFFERS");
  const status = await contract("upgrade", String(number), "--status", ...at);
  expect(status).toMatchObject({ status: 0 });
  expect(status.words).toContain("owner");
});

function nodeOn(live: LiveNetwork): Promise<Node> {
  const config = nodeConfig({
    networkFile: live.networkFile,
    dataDir: join(place, "data"),
    rpcUrl: live.rpcUrl,
    operatorFile: live.operatorFile,
  });
  return openNode(config, "0.0.0");
}
