// Goal: nothing that people ask of a devnet, however odd, ends it, loses what it keeps or does nothing.
// Method: the pure network and its server with faults that do not fit; folders torn by hand.
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Operation } from "@stellar/stellar-sdk/base";
import { afterAll, describe, expect, it } from "vitest";
import { fundMissing } from "../../src/devnet/dev-accounts.ts";
import { createDevnet } from "../../src/devnet/devnet.ts";
import { parseFault } from "../../src/devnet/faults.ts";
import {
  dropKeptDevnet,
  type KeptOptions,
  openKeptDevnet,
} from "../../src/devnet/files-network.ts";
import { createFriendbot } from "../../src/devnet/friendbot.ts";
import { serveDevnet } from "../../src/devnet/server.ts";
import { silentEvents } from "../../src/lib/events.ts";
import { createBench, keypair, PASSPHRASE } from "../devnet-kit.ts";

const root = mkdtempSync(join(tmpdir(), "ace-misuse-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const fresh = (): string => mkdtempSync(join(root, "net-"));
const open = (folder: string, also: Partial<KeptOptions> = {}) =>
  openKeptDevnet({
    folder,
    closeTime: 1_000n,
    defaults: { passphrase: PASSPHRASE, seed: "misuse" },
    ...also,
  });
const inWords = (code: string, message: RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) });

function kept(): string {
  const folder = fresh();
  using devnet = open(folder);
  devnet.net.closeUntil(6);
  return folder;
}

async function serve(net = createBench().net) {
  const clock = { nowMs: () => 0 };
  const options = { net, port: 0, closeMs: "manual", events: silentEvents, clock } as const;
  const server = await serveDevnet(options);
  const call = async (method: string, path: string, body?: unknown) => {
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    return await fetch(`${server.url}${path}`, { method, ...sent });
  };
  const rpc = async (method: string, params: unknown): Promise<unknown> =>
    await (await call("POST", "/", { jsonrpc: "2.0", id: 1, method, params })).json();
  return { net, call, rpc, [Symbol.asyncDispose]: () => server.close() };
}

describe("a fault", () => {
  it.each([
    ["rpc:lag=2.5", /whole number from 1/],
    ["rpc:lag=0", /whole number from 1/],
    ["lake:bomb=999999999", /from 1 to 4096 \(MiB\)/],
    ["rpc:delay=999999999", /a number from 0 to 3600 \(seconds\)/],
    ["rpc:http-503@100", /no single ledger: leave out @100/],
    ["rpc:lag@next", /leave out @/],
    ["rpc:passphrase*1", /goes on until it is removed: leave out \*1/],
    ["network:surge=5*3", /happens once/],
    ["network:base-fee=500@1", /ledger 1 has closed already/],
    ["network:surge=0@9", /whole number from 1/],
  ])("%s is refused, with what would be right", (text, message) => {
    const { faults } = createBench().net;
    expect(() => faults.add(parseFault(text))).toThrow(inWords("DEVNET_FAULT_INVALID", message));
    expect(faults.list()).toEqual([]);
  });

  it("of the network that does not fit when its ledger comes is dropped with a warning", () => {
    const warnings: unknown[] = [];
    const warn = (name: string, fields: unknown): void => void warnings.push({ name, fields });
    const events = { info: () => undefined, warn };
    const net = createDevnet({ passphrase: PASSPHRASE, seed: "", closeTime: 1n, events });
    // Protocol 27, and the empty value came with 28.
    net.faults.add(parseFault("network:lost-set@5"));
    net.closeUntil(8);
    expect(net.faults.list()).toEqual([]);
    expect(warnings).toMatchObject([{ fields: { fault: "network:lost-set@5" } }]);
  });

  it("that lies once about a transaction waits for a ledger that has one", async () => {
    await using server = await serve();
    const { net, rpc } = server;
    net.closeUntil(3);
    net.faults.add(parseFault("rpc:altered-tx*1"));
    await rpc("getLedgers", { startLedger: 2, pagination: { limit: 1 } });
    expect(net.faults.list()).toHaveLength(1);
    createBench(net).fund("alice");
    const read = async () => await rpc("getLedgers", { startLedger: 4 });
    const [lie, truth] = [await read(), await read()];
    expect(lie).not.toEqual(truth);
    expect(net.faults.list()).toEqual([]);
  });

  it("that holds transactions back leaves what is none alone, and the devnet running", async () => {
    await using server = await serve();
    const { net, call, rpc } = server;
    net.faults.add(parseFault("rpc:submit-held=1*1"));
    const refused = { error: { code: -32_602, message: "invalid_xdr" } };
    expect(await rpc("sendTransaction", { transaction: "garbage" })).toMatchObject(refused);
    expect(net.faults.list()).toHaveLength(1);
    expect((await call("POST", "/close")).status).toBe(200);
  });
});

it("removing a fault that is not there is refused, and an odd path is just not found", async () => {
  await using server = await serve();
  expect((await server.call("DELETE", "/faults", { id: 9 })).status).toBe(400);
  expect((await server.call("GET", "//")).status).toBe(404);
});

it("when the root account is gone, all who want money are told so at once", async () => {
  const bench = createBench();
  const { net, root: rootKey } = bench;
  bench.fund("heir", "late");
  const friendbot = createFriendbot(net);
  const destination = keypair("heir").publicKey();
  bench.run({ from: rootKey }, Operation.accountMerge({ destination }));
  const answer = friendbot.fund(keypair("poor").publicKey());
  friendbot.beforeClose();
  net.close({ closeTime: 0n });
  friendbot.afterClose();
  const detail = expect.stringContaining("merged away");
  expect(await answer).toMatchObject({ status: 503, body: { detail } });
  const fundPoor = (): void => fundMissing(net, [keypair("poor").publicKey()], () => undefined);
  expect(fundPoor).toThrow(inWords("DEVNET_LIMIT", /merged away/));
});

it("when the root account no longer signs, all who want money are told so at once", async () => {
  const bench = createBench();
  const { net, root: rootKey } = bench;
  bench.run({ from: rootKey }, Operation.setOptions({ masterWeight: 0 }));
  const friendbot = createFriendbot(net);
  const answer = friendbot.fund(keypair("poor").publicKey());
  friendbot.beforeClose();
  const detail = expect.stringContaining("txBadAuth");
  expect(await answer).toMatchObject({ status: 503, body: { detail } });
});

describe("a folder", () => {
  it("whose ledgers are damaged before their end is refused and loses none of them", () => {
    const folder = kept();
    const file = join(folder, "ledgers", "0000000001.xdr");
    const bytes = readFileSync(file);
    bytes[0] = 0;
    writeFileSync(file, bytes);
    expect(() => open(folder)).toThrow(inWords("DEVNET_DATA", /damaged in its middle/));
    expect(readFileSync(file)).toEqual(bytes);
  });

  it("that a power cut filled up with zeros goes on from its last whole ledger", () => {
    const folder = kept();
    const file = join(folder, "ledgers", "0000000001.xdr");
    writeFileSync(file, Buffer.concat([readFileSync(file), Buffer.alloc(4_000)]));
    using devnet = open(folder);
    expect(devnet.net.latest.sequence).toBe(6);
  });

  it("that lost its ledgers is no new devnet", () => {
    const folder = kept();
    rmSync(join(folder, "ledgers"), { recursive: true });
    expect(() => open(folder)).toThrow(inWords("DEVNET_DATA", /its ledgers are gone/));
    expect(dropKeptDevnet(folder)).toBe(0);
    using devnet = open(folder);
    expect(devnet.isResumed).toBe(false);
  });

  it("of another protocol is refused when one is asked for", () => {
    const folder = kept();
    expect(() => open(folder, { protocol: 28 })).toThrow(inWords("DEVNET_DATA", /protocol 27/));
    using devnet = open(folder, { protocol: 27 });
    expect(devnet.isResumed).toBe(true);
  });

  it("that a kill left at its very beginning is used, and dropped, as an empty one", () => {
    const folder = fresh();
    writeFileSync(join(folder, "devnet.json.new"), "{");
    const copy = fresh();
    cpSync(folder, copy, { recursive: true });
    using devnet = open(folder);
    expect(devnet.isResumed).toBe(false);
    expect(dropKeptDevnet(copy)).toBe(0);
  });

  it("that cannot keep its last state ends in peace, and has every ledger", () => {
    const folder = fresh();
    const devnet = open(folder);
    devnet.net.closeUntil(6);
    // Where the state would be drafted there is something else.
    mkdirSync(join(folder, "state-0000000006.zst.new"));
    devnet[Symbol.dispose]();
    rmSync(join(folder, "state-0000000006.zst.new"), { recursive: true });
    using next = open(folder);
    expect(next.net.latest.sequence).toBe(6);
  });

  it("that is a file is refused in words", () => {
    const file = join(fresh(), "file");
    writeFileSync(file, "");
    expect(() => open(file)).toThrow(inWords("DEVNET_DATA", /cannot be made a folder/));
    expect(() => dropKeptDevnet(file)).toThrow(inWords("DEVNET_DATA", /cannot be made a folder/));
  });
});
