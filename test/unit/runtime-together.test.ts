// Goal: what was built apart holds together: upgrades, bounds of storage, exceptions, the gas of a
//       ledger, new versions of the protocol and several workers, in the same ledgers.
// Method: a runtime with one worker and one with two get the same ledgers, and everything that they give
//         must be equal; what it must be is said as well where only one outcome is right.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Call } from "../../src/contracts/call.ts";
import { networkId } from "../../src/contracts/service-network.ts";
import type { Applied } from "../../src/runtime/applied.ts";
import { contractInfo } from "../../src/runtime/contract-info.ts";
import { limits } from "../../src/runtime/limits.ts";
import { bothProtocols, votingNetwork, votingOptions } from "../support/protocols.ts";
import { accountOf, contractText, RuntimeKit, vault } from "../support/runtime-kit.ts";
import { DAY_S, hashOf, OWNER, owner, till } from "../support/upgrades.ts";

/** Several processes start, on machines that may be busy. */
const WAIT_MS = 90_000;
const GAS = 5_000_000n;

/** The transaction of this caller is the exception. */
const poisoned = accountOf("whoever is skipped");
const poison = "ee".repeat(32);

let alone: RuntimeKit;
let pair: RuntimeKit;
beforeAll(async () => {
  const exceptions = [
    { network: networkId(votingNetwork), ledger: votingNetwork.genesisLedger, txHash: poison },
  ];
  const options = { ...votingOptions, protocols: bothProtocols, exceptions };
  alone = await RuntimeKit.open(options);
  pair = await RuntimeKit.open({ ...options, workers: 2 });
  await same();
});
afterAll(async () => {
  await alone[Symbol.asyncDispose]();
  await pair[Symbol.asyncDispose]();
});

async function same(...calls: readonly Call[]): Promise<Applied> {
  const [expected, applied] = await Promise.all([alone.close(...calls), pair.close(...calls)]);
  expect(applied).toEqual(expected);
  expect(pair.state.rows).toEqual(alone.state.rows);
  return applied;
}

const codes = ({ receipts }: Applied): readonly string[] => receipts.map(({ code }) => code);

async function deployed(...sources: readonly string[]): Promise<readonly bigint[]> {
  const calls = sources.flatMap((source) => alone.deployCalls(source, [], owner));
  const { receipts } = await same(...calls);
  return receipts.flatMap(({ result }) => (typeof result === "bigint" ? [result] : []));
}

const registry = (method: string, contract: bigint, source: string): Call =>
  alone.call({ method, args: [contract, hashOf(source)], caller: owner, gasLimit: GAS });

async function announced(contract: bigint, source: string): Promise<void> {
  const [put] = alone.deployCalls(source, [], owner);
  const { receipts } = await same(...(put ? [put] : []), registry("announce", contract, source));
  expect(receipts.map(({ code }) => code)).toEqual(["", ""]);
  for (const kit of [alone, pair]) kit.wait(7n * DAY_S);
}

const add = (contract: bigint, by = 1n): Call =>
  alone.call({ contract, method: "add", args: [by] });
const results = ({ receipts }: Applied): readonly unknown[] => receipts.map(({ result }) => result);

describe("an upgrade in a ledger that is shared out", () => {
  const first = till({ upgrade: OWNER });
  const second = till({ upgrade: OWNER, step: "10n", migrate: "n.set(n.get() + from * 100n);" });

  it("changes the code for the calls after it, and in every cache of every process", {
    timeout: WAIT_MS,
  }, async () => {
    const [a = 0n, b = 0n, c = 0n] = await deployed(first, first, first);
    for (let warm = 0; warm < 4; warm += 1) await same(add(a), add(b), add(c));
    await announced(a, second);
    const before = await pair.runtime.view({ contract: a, method: "get", args: [] });
    expect(before.result).toBe(4n);
    const swap = await same(add(a), add(b), registry("upgrade", a, second), add(a), add(c));
    expect(results(swap)).toEqual([5n, 5n, null, 115n, 5n]);
    const after = await pair.runtime.view({ contract: a, method: "get", args: [] });
    expect(after.result).toBe(115n);
    for (let round = 0; round < 3; round += 1) {
      const orders =
        [
          [a, b, c],
          [c, a, b],
          [b, c, a],
        ][round] ?? [];
      await same(...orders.map((contract) => add(contract)));
    }
    expect(results(await same(add(b), add(a), add(c)))).toEqual([9n, 155n, 9n]);
    const call = { ...add(a), gasLimit: GAS };
    const sequence = pair.sequence;
    const simulated = await pair.runtime.simulate({
      calls: [call],
      closeTime: pair.closeTime,
      sequence,
    });
    expect(simulated.receipts[0]?.result).toBe(165n);
  });
});

describe("an upgrade of a contract that holds much", () => {
  /** Holds rows of 119 bytes, of which the key has 17. */
  const holder = (storageBytes: number, migrate = ""): string =>
    contractText(
      `put: { args: [int] }, drop: { args: [int] }${migrate === "" ? "" : ", migrate: { args: [int] }"}`,
      `const rows = state.map("row", int, text);
       export function put(count) { for (let key = 0n; key < count; key += 1n) rows.set(key, "x".repeat(100)); }
       export function drop(key) { rows.delete(key); }
       ${migrate === "" ? "" : `export function migrate() { ${migrate} }`}`,
    ).replace('name: "test"', `name: "test", upgrade: "owner", storageBytes: ${storageBytes}`);
  const put = (contract: bigint, count: bigint): Call =>
    alone.call({ contract, method: "put", args: [count] });
  const held = (contract: bigint) => {
    const info = contractInfo(pair.state, vault, contract);
    return `${info?.stateBytes} of ${info?.stateBytesMax}, version ${info?.version}`;
  };
  const ownedRow = () =>
    pair.state.rows
      .filter(({ key }) => Buffer.from(key).includes("owned\0"))
      .map(({ value }) => Buffer.from(value).toString("hex"));

  it("to code that declares less than it holds fails, and takes nobody's bound away", async () => {
    const [contract = 0n, other = 0n] = await deployed(holder(2_000), holder(2_000));
    expect(codes(await same(put(contract, 10n), put(other, 1n)))).toEqual(["", ""]);
    const little = holder(500);
    await announced(contract, little);
    const before = [held(contract), ownedRow()];
    const tried = await same(registry("upgrade", contract, little), put(other, 2n));
    expect(codes(tried)).toEqual(["STORAGE_FULL", ""]);
    expect([held(contract), ownedRow()]).toEqual(before);
    const frees = holder(500, "for (let key = 1n; key < 10n; key += 1n) rows.delete(key);");
    await announced(contract, frees);
    expect(codes(await same(put(other, 1n), registry("upgrade", contract, frees)))).toEqual([
      "",
      "",
    ]);
    expect(held(contract)).toMatch(/^1\d\d of 500, version 2$/);
  });

  it("fails when its migration writes beyond the new bound, with all as it was", async () => {
    const [contract = 0n, other = 0n] = await deployed(holder(2_000), holder(2_000));
    await same(put(contract, 2n), put(other, 1n));
    const greedy = holder(600, "put(9n);");
    await announced(contract, greedy);
    const before = [held(contract), ownedRow()];
    const tried = await same(
      put(other, 2n),
      registry("upgrade", contract, greedy),
      put(contract, 3n),
      put(other, 16n),
    );
    expect(codes(tried)).toEqual(["", "STORAGE_FULL", "", ""]);
    expect(ownedRow()).toEqual(before[1]);
    expect(held(contract)).toMatch(/ of 2000, version 1$/);
  });
});

describe("a ledger that is full", () => {
  it("gives back what came with calls that it refuses, an exception among them", {
    timeout: WAIT_MS,
  }, async () => {
    const spinner = contractText(
      "spin: { args: [], payable: true }, add: { args: [int], returns: int, payable: true }",
      `const n = state.value("n", int);
       export function spin() { n.set(0n); for (;;) {} }
       export function add(by) { n.set((n.get() ?? 0n) + by + ctx.paid(XLM)); return n.get(); }`,
    );
    const [a = 0n, b = 0n] = await deployed(spinner, spinner);
    const paid = { pays: [["XLM", 3n]] } as const;
    const caller = poisoned;
    const spin = (contract: bigint): Call =>
      alone.call({ contract, method: "spin", gasLimit: GAS, caller, ...paid });
    const full = limits.gasLedgerMax / limits.gasCallMax;
    const spins = Array.from({ length: full - 1 }, (_, index) => spin(index % 2 === 0 ? a : b));
    const skipped = { ...spin(a), txHash: poison };
    const last = alone.call({
      contract: a,
      method: "add",
      args: [1n],
      gasLimit: GAS,
      caller,
      ...paid,
    });
    const small = { ...last, txHash: "dd".repeat(32), gasLimit: 40_000n, contract: b };
    const applied = await same(...spins, skipped, last, spin(b), small);
    expect(codes(applied).slice(full - 1)).toEqual(["PROTOCOL_SKIPPED", "", "LEDGER_FULL", ""]);
    const refused = applied.receipts.filter(({ code }) => code !== "");
    expect(refused.every(({ refunds }) => refunds[0]?.amount === 3n)).toBe(true);
    expect(
      refused.filter(({ code }) => code !== "OUT_OF_GAS").map(({ gasUsed }) => gasUsed),
    ).toEqual([0n, 0n]);
  });
});
