// Goal: the doctor finds what is wrong, and friendbot's answers are understood.
// Method: the real executable against a server that answers as a Stellar RPC and friendbot do.
import { once } from "node:events";
import { chmodSync, mkdirSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { makeHome } from "./cli-process.ts";

const home = makeHome();
const funded = new Set<string>();
let closeTime = 0;

const server = createServer((request, response) => {
  const address = new URL(request.url ?? "", "http://x").searchParams.get("addr");
  if (address !== null) {
    const isKnown = funded.has(address);
    funded.add(address);
    response.statusCode = isKnown ? 400 : 200;
    response.end(JSON.stringify(isKnown ? { detail: "account already funded" } : { hash: "00" }));
    return;
  }
  let text = "";
  request.on("data", (chunk: Buffer) => {
    text += chunk.toString();
  });
  request.on("end", () => {
    const { id, method } = JSON.parse(text);
    response.end(JSON.stringify({ jsonrpc: "2.0", id, result: answers(method) }));
  });
});

function answers(method: string): unknown {
  if (method === "getHealth") return { status: "healthy" };
  if (method === "getNetwork") return { passphrase: "cli test" };
  return { sequence: 7, closeTime: String(closeTime) };
}

let url = "";
beforeAll(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  url = typeof address === "object" && address !== null ? `http://127.0.0.1:${address.port}` : "";
});
afterAll(() => {
  server.close();
  home[Symbol.dispose]();
});

async function findings(): Promise<{ exitCode: number | null; states: Map<string, string> }> {
  const { exitCode, stdout } = await home.ace(["doctor", "--json", "--rpc", url]);
  const answer: { data: { findings: { name: string; state: string }[] } } = JSON.parse(stdout);
  const states = answer.data.findings.map(({ name, state }): [string, string] => [name, state]);
  return { exitCode, states: new Map(states) };
}

it("is content with a machine that only lacks a node and a network", async () => {
  closeTime = Math.floor(Date.now() / 1_000);
  const { exitCode, states } = await findings();
  expect(exitCode).toBe(0);
  for (const name of ["node", "isolated-vm", "signatures", "rpc", "clock"])
    expect(states.get(name)).toBeDefined();
  expect([...states.values()]).not.toContain("fail");
  expect([states.get("rpc"), states.get("network"), states.get("keys")]).toEqual([
    "ok",
    "warn",
    "warn",
  ]);
});

it("fails on a slow clock, a broken network file and a keystore that is open to others", async () => {
  closeTime = Math.floor(Date.now() / 1_000) + 3_600;
  home.file("network.json", "{");
  await home.ace(["key", "new", "ann", "--plaintext"]);
  chmodSync(join(home.path, "keys"), 0o755);
  const { exitCode, states } = await findings();
  expect(exitCode).toBe(1);
  for (const name of ["clock", "network", "keys"]) expect(states.get(name)).toBe("fail");
});

it("tells of a network file that cannot be read at all, instead of failing itself", async () => {
  using own = makeHome();
  mkdirSync(join(own.path, "network.json"));
  const { exitCode, stdout } = await own.ace(["doctor", "--rpc", url]);
  expect(exitCode).toBe(1);
  expect(stdout).toContain("network.json: EISDIR");
});

it("fails where no Stellar RPC answers, and says what to start", async () => {
  const { exitCode, stdout, stderr } = await home.ace(["doctor"]);
  expect(exitCode).toBe(1);
  expect(stdout).toContain("ace devnet");
  expect(stderr).toContain("error[CHECK_FAILED]: not well:");
});

it("funds a new key, and is not upset by one funded before", async () => {
  using own = makeHome();
  const made = await own.ace(["key", "new", "ann", "--plaintext", "--fund", "--rpc", url]);
  expect(made).toMatchObject({ exitCode: 0, stderr: expect.stringContaining("is funded") });
  expect(funded).toContain(made.stdout.trim());
  const again = await own.ace(["key", "fund", "ann", "--json", "--rpc", url]);
  expect(JSON.parse(again.stdout).data).toMatchObject({ isNew: false });
});

it("keeps the key when friendbot cannot be reached, and says so", async () => {
  using own = makeHome();
  const { exitCode, stdout } = await own.ace([
    "key",
    "new",
    "ben",
    "--plaintext",
    "--fund",
    "--json",
  ]);
  const answer = JSON.parse(stdout);
  expect(exitCode).toBe(6);
  expect(answer).toMatchObject({ ok: false, error: { code: "LEDGER_NO_SOURCE" } });
  expect((await own.ace(["key", "address", "ben"])).stdout.trim()).toBe(answer.data.address);
});
