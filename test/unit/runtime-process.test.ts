// Goal: the contract process is fenced, replaced when it dies, and never the source of an outcome.
// Method: real processes; kill them, damage state, fail a commit, and compare what comes out.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { decodeCbor } from "../../src/lib/cbor.ts";
import { silentEvents } from "../../src/lib/events.ts";
import { codeHashOf } from "../../src/runtime/admit.ts";
import { committedGround } from "../../src/runtime/pending-state.ts";
import { frameTypes } from "../../src/runtime/process-frames.ts";
import { startContractProcess } from "../../src/runtime/process-host.ts";
import { openRuntime } from "../../src/runtime/runtime.ts";
import { contractText, MemoryState, network, RuntimeKit } from "../support/runtime-kit.ts";

const counter = contractText(
  "add: { args: [int], returns: int }, spin: { args: [] }",
  `const n = state.value("n", int);
   export function add(by) { n.set((n.get() ?? 0n) + by); return n.get(); }
   export function spin() { n.set(1n); for (;;) {} }`,
);

function killLedgerProcess(kit: RuntimeKit): void {
  const [pid] = kit.runtime.pids;
  if (pid !== undefined) process.kill(pid, "SIGKILL");
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe("the fence of the contract process", () => {
  it("lets a contract reach the listed objects only, all of them frozen", async () => {
    const state = committedGround(new MemoryState());
    await using started = startContractProcess({ events: silentEvents, watchdogMs: 5_000 });
    const payload = new Uint8Array();
    const read = (bytes: Uint8Array): Uint8Array => bytes;
    const answer = await started.ask({ type: frameTypes.audit, payload, state, read });
    const listed = z
      .array(z.string())
      .parse(JSON.parse(readFileSync("test/vectors/realm.json", "utf8")));
    const found = z.string().parse(decodeCbor(answer)).trimEnd().split("\n");
    expect(found.toSorted()).toEqual(listed);
    expect(found.filter((path) => path.endsWith("(not frozen)"))).toEqual([]);
  });

  it("refuses to run without its fence", () => {
    const script = "src/runtime/process-child.ts";
    const options = ["--no-node-snapshot", script];
    const { output } = spawnSync(process.execPath, options, {
      stdio: ["ignore", "pipe", "pipe", "pipe"],
    });
    expect(String(output[3])).toContain("the permission model is off");
  });
});

describe("the contract process", () => {
  it("is replaced when it is killed in the middle of a ledger, and the ledger comes out the same", async () => {
    await using calm = await RuntimeKit.open();
    const faults: string[] = [];
    const events = { info: () => {}, warn: (name: string) => void faults.push(name) };
    await using hurt = await RuntimeKit.open({ events });
    const applied = [];
    for (const kit of [calm, hurt]) {
      const contract = await kit.deploy(counter);
      const spins = Array.from({ length: 3 }, () =>
        kit.call({ contract, method: "spin", gasLimit: 5_000_000n }),
      );
      if (kit === hurt) kit.state.onceRead(() => killLedgerProcess(kit));
      const add = kit.call({ contract, method: "add", args: [7n] });
      applied.push(await kit.close(...spins, add));
    }
    expect(faults).toEqual(["contracts.fault"]);
    expect(applied[1]).toEqual(applied[0]);
    expect(applied[0]?.receipts.map(({ code }) => code)).toEqual([
      ...Array(3).fill("OUT_OF_GAS"),
      "",
    ]);
  });

  it("stops the node when it fails twice, with the state as it was", async () => {
    await using kit = await RuntimeKit.open();
    const kill = (): void => {
      killLedgerProcess(kit);
      kit.state.onceRead(kill);
    };
    kit.state.onceRead(kill);
    const call = kit.call({ contract: 1n });
    const named = `ledger 50, transaction ${call.txHash}, contract 1, method receive`;
    const fault = { code: "CONTRACT_FAULT", message: expect.stringContaining(named) };
    await expect(kit.apply([call])).rejects.toMatchObject(fault);
    expect(kit.state.rows).toEqual([]);
    kit.state.onceRead(() => {});
    const { receipts } = await kit.close(call);
    expect(receipts).toMatchObject([{ code: "CONTRACT_UNKNOWN" }]);
  });

  it("that died while nobody asked is replaced at once, and that is no fault", async () => {
    const faults: string[] = [];
    const events = { info: () => {}, warn: (name: string) => void faults.push(name) };
    await using kit = await RuntimeKit.open({ events });
    await kit.close();
    const [dead] = kit.runtime.pids;
    killLedgerProcess(kit);
    while (dead !== undefined && isRunning(dead)) await setImmediate();
    const { receipts } = await kit.close(kit.call({ contract: 1n }));
    expect(receipts).toMatchObject([{ code: "CONTRACT_UNKNOWN" }]);
    expect(faults).toEqual([]);
  });
});

describe("the state", () => {
  it("is the same on two nodes that saw the same ledgers", async () => {
    await using left = await RuntimeKit.open();
    await using right = await RuntimeKit.open();
    for (const kit of [left, right]) await kit.deploy(counter);
    const [one, two] = [left, right].map((kit) =>
      kit.call({ contract: 256n, method: "add", args: [1n] }),
    );
    if (one === undefined || two === undefined) throw new Error("two calls");
    expect(await left.close(one)).toEqual(await right.close(two));
    expect(right.state.rows).toEqual(left.state.rows);
  });

  it("is taken up again where it was left, and refused when a byte of it changed", async () => {
    await using kit = await RuntimeKit.open();
    const contract = await kit.deploy(counter);
    const tip = await kit.close(kit.call({ contract, method: "add", args: [2n] }));
    const options = { network, systemContracts: [], state: kit.state, events: silentEvents };
    {
      await using later = await openRuntime({ ...options, tip });
      const call = kit.call({ contract, method: "add", args: [3n] });
      const next = { sequence: kit.sequence, closeTime: 1n, headerHash: "00".repeat(32) };
      expect((await later.apply({ ...next, calls: [call] })).receipts[0]?.result).toBe(5n);
    }
    const [row] = kit.state.rows;
    if (row === undefined) throw new Error("there is state");
    kit.state.commit([{ key: row.key, value: Uint8Array.of(1) }]);
    await expect(openRuntime({ ...options, tip })).rejects.toMatchObject({
      code: "STATE_ROOT_MISMATCH",
    });
  });

  it("forgets a ledger whose commit failed, and applies it again", async () => {
    await using kit = await RuntimeKit.open();
    const contract = await kit.deploy(counter);
    await kit.close(kit.call({ contract, method: "add", args: [2n] }));
    const call = kit.call({ contract, method: "add", args: [5n] });
    const failed = await kit.apply([call]);
    await kit.runtime.reset();
    const again = await kit.close(call);
    expect(again).toEqual(failed);
    expect(again.receipts[0]?.result).toBe(7n);
    await kit.runtime.reset();
    expect(
      (await kit.close(kit.call({ contract, method: "add", args: [1n] }))).receipts[0],
    ).toMatchObject({ result: 8n });
  });
});

describe("a system contract", () => {
  const system = (source: string, hash = codeHashOf(source)) => ({
    network: { ...network, systemContracts: { "1": hash } },
    systemContracts: [{ number: 1n, source, setupArgs: [4n] }],
  });
  const source = contractText(
    "setup: { args: [int] }, get: { args: [], returns: int, view: true }",
    `const n = state.value("n", int);
     export function setup(a) { if (a < 4n) fail("TOO_SMALL"); n.set(a); }
     export function get() { return n.get(); }`,
  );

  it("is there after the genesis ledger, set up with its arguments", async () => {
    await using kit = await RuntimeKit.open(system(source));
    await kit.close();
    const answer = await kit.runtime.view({ contract: 1n, method: "get", args: [] });
    expect(answer).toMatchObject({ ok: true, result: 4n });
  });

  it("of another hash than the network's is refused before anything runs", async () => {
    await expect(RuntimeKit.open(system(source, "00".repeat(32)))).rejects.toMatchObject({
      code: "PROTOCOL_MISMATCH",
    });
  });

  it("that cannot be set up stops the node at genesis", async () => {
    const options = system(source);
    const systemContracts = options.systemContracts.map((one) => ({ ...one, setupArgs: [1n] }));
    await using kit = await RuntimeKit.open({ ...options, systemContracts });
    await expect(kit.close()).rejects.toMatchObject({ code: "PROTOCOL_MISMATCH" });
  });
});
