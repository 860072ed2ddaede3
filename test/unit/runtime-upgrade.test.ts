// Goal: a contract's code changes only as its own source allows, and state and money outlive it.
// Method: contracts with each policy in the real sandbox; time is the close time of made ledgers.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { codeHashOf } from "../../src/runtime/admit.ts";
import { RuntimeKit } from "../support/runtime-kit.ts";
import {
  DAY_S,
  every,
  hashOf,
  OWNER,
  owner,
  stranger,
  till,
  Upgrades,
  type Version,
} from "../support/upgrades.ts";

let node: Upgrades;
beforeAll(async () => {
  node = await Upgrades.open();
});
afterAll(() => node[Symbol.asyncDispose]());

const first = till({ upgrade: OWNER });
const second = till({ upgrade: OWNER, step: "10n", migrate: "n.set(n.get() + from * 100n);" });

describe("an owner", () => {
  it("changes the code once the announced time has come; state, money and number stay", async () => {
    const contract = await node.kit.deploy(first, [], owner);
    await node.kit.one({ contract, method: "add", args: [5n], pays: [["XLM", 9n]] });
    const announced = await node.announce(contract, second);
    expect(announced).toMatchObject({
      code: "",
      codeHash: codeHashOf(second),
      events: [{ contract: 0n, topic: "announced" }],
    });
    const told = await node.kit.runtime.contract(contract);
    expect(told?.announcement).toMatchObject({ codeHash: codeHashOf(second) });
    expect(told?.announcement?.earliest).toBe((told?.announcement?.announced ?? 0n) + 7n * DAY_S);

    expect(await node.upgrade(contract, second)).toMatchObject({ code: "UPGRADE_TOO_EARLY" });
    expect(await node.kit.one({ contract, method: "add", args: [1n] })).toMatchObject({
      result: 6n,
    });

    node.kit.wait(7n * DAY_S);
    const before = node.kit.call({ contract, method: "add", args: [1n] });
    const swap = node.kit.call({
      method: "upgrade",
      args: [contract, hashOf(second)],
      caller: owner,
    });
    const after = node.kit.call({ contract, method: "add", args: [1n] });
    const { receipts } = await node.kit.close(before, { ...swap, gasLimit: 5_000_000n }, after);
    expect(receipts.map(({ code }) => code)).toEqual(["", "", ""]);
    expect(receipts.map(({ result }) => result)).toEqual([7n, null, 117n]);
    expect(receipts.map(({ codeHash }) => codeHash)).toEqual(
      [first, second, second].map(codeHashOf),
    );
    const [event] = receipts[1]?.events ?? [];
    expect(event).toMatchObject({ contract: 0n, topic: "upgraded" });
    expect(event?.data).toEqual(
      new Map<string, unknown>([
        ["version", 2n],
        ["codeHash", hashOf(second)],
        ["contract", contract],
      ]),
    );
    expect(await node.kit.runtime.contract(contract)).toMatchObject({
      version: 2n,
      owner,
      codeHash: codeHashOf(second),
      announcement: undefined,
      balances: [{ asset: "XLM", amount: 9n }],
      former: [{ version: 1n, codeHash: codeHashOf(first) }],
    });
    expect(await node.view(contract)).toBe(117n);
  });

  it("takes an announcement back, and may let it lapse", async () => {
    const contract = await node.kit.deploy(first, [], owner);
    expect(await node.registry("cancel", [contract])).toMatchObject({
      code: "UPGRADE_NOT_ANNOUNCED",
    });
    await node.announce(contract, second);
    expect(await node.registry("cancel", [contract], stranger)).toMatchObject({
      code: "UPGRADE_NOT_OWNER",
    });
    const cancelled = await node.registry("cancel", [contract]);
    expect(cancelled).toMatchObject({ code: "", events: [{ topic: "cancelled" }] });
    node.kit.wait(8n * DAY_S);
    expect(await node.upgrade(contract, second)).toMatchObject({ code: "UPGRADE_NOT_ANNOUNCED" });
    await node.announce(contract, second);
    node.kit.wait(37n * DAY_S);
    expect(await node.upgrade(contract, second)).toMatchObject({ code: "UPGRADE_EXPIRED" });
  });
});

describe("an owner's announcement", () => {
  it("waits as long as the code that runs says, counted from the last announcement", async () => {
    const slow = till({ upgrade: every(30) });
    const third = till({ upgrade: every(30), step: "3n" });
    const contract = await node.kit.deploy(slow, [], owner);
    await node.announce(contract, third);
    node.kit.wait(29n * DAY_S);
    expect(await node.upgrade(contract, third)).toMatchObject({ code: "UPGRADE_TOO_EARLY" });
    await node.announce(contract, third);
    node.kit.wait(2n * DAY_S);
    expect(await node.upgrade(contract, third)).toMatchObject({ code: "UPGRADE_TOO_EARLY" });
    node.kit.wait(28n * DAY_S);
    expect(await node.upgrade(contract, third)).toMatchObject({ code: "" });
  });

  it("upgrades again and again, and every version is told", async () => {
    const contract = await node.kit.deploy(first, [], owner);
    for (const step of ["2n", "3n", "4n"]) {
      const next = till({ upgrade: OWNER, step });
      await node.announce(contract, next);
      node.kit.wait(7n * DAY_S);
      expect(await node.upgrade(contract, next)).toMatchObject({ code: "" });
    }
    const told = await node.kit.runtime.contract(contract);
    expect(told?.version).toBe(4n);
    expect(told?.former.map(({ version }) => version)).toEqual([1n, 2n, 3n]);
    expect(await node.kit.one({ contract, method: "add", args: [1n] })).toMatchObject({
      result: 4n,
    });
  });
});

const strict = { upgrade: every(10), implements: '"till/1"' };

describe("new code", () => {
  it.each<[string, Version, string]>([
    ["lacks a method", { get: "" }, "method get"],
    [
      "asks for another argument",
      { add: "args: [text], returns: int, payable: true" },
      "method add",
    ],
    ["gives another result", { get: "args: [], returns: text, view: true" }, "method get"],
    ["takes payments no longer", { add: "args: [int], returns: int" }, "method add"],
    ["lacks an interface", { implements: "" }, "interface till/1"],
    ["may be changed sooner", { upgrade: every(9) }, "upgrade policy"],
  ])("that %s is refused when it is announced", async (_name, change, gone) => {
    const contract = await node.kit.deploy(till(strict), [], owner);
    const receipt = await node.announce(contract, till({ ...strict, step: "2n", ...change }));
    expect(receipt).toMatchObject({ code: "UPGRADE_INCOMPATIBLE", result: gone });
  });

  it("may be stricter, and then nothing changes it any more", async () => {
    const contract = await node.kit.deploy(first, [], owner);
    const last = till({ implements: '"till/1"', step: "2n" });
    await node.announce(contract, last);
    node.kit.wait(7n * DAY_S);
    expect(await node.upgrade(contract, last)).toMatchObject({ code: "" });
    const again = till({ step: "3n" });
    expect(await node.announce(contract, again)).toMatchObject({ code: "UPGRADE_NEVER" });
    expect(await node.upgrade(contract, again)).toMatchObject({ code: "UPGRADE_NEVER" });
  });

  it.each([
    ["the code that runs", first, "UPGRADE_SAME_CODE"],
    ["code that admission refuses", "export const x = Date;", "CODE_REFUSED"],
  ])("that is %s is refused", async (_name, source, code) => {
    const contract = await node.kit.deploy(first, [], owner);
    expect(await node.announce(contract, source)).toMatchObject({ code });
  });
});

describe("a change", () => {
  it("is refused when it was not announced, or another was", async () => {
    const contract = await node.kit.deploy(first, [], owner);
    expect(await node.upgrade(contract, second)).toMatchObject({ code: "UPGRADE_NOT_ANNOUNCED" });
    await node.announce(contract, second);
    node.kit.wait(7n * DAY_S);
    const other = till({ upgrade: OWNER, step: "7n" });
    expect(await node.upgrade(contract, other)).toMatchObject({ code: "UPGRADE_OTHER_CODE" });
    expect(await node.upgrade(contract, second, stranger)).toMatchObject({
      code: "UPGRADE_NOT_OWNER",
    });
  });

  it("to code that nobody put on the ledger cannot be announced, nor by a stranger", async () => {
    const contract = await node.kit.deploy(first, [], owner);
    const hash = hashOf("nothing of the kind");
    expect(await node.registry("announce", [contract, hash])).toMatchObject({
      code: "CODE_INCOMPLETE",
    });
    const put2 = await node.put(second, stranger);
    expect(await node.registry("announce", [contract, put2], stranger)).toMatchObject({
      code: "UPGRADE_NOT_OWNER",
    });
    expect(await node.registry("announce", [4_000n, hash])).toMatchObject({
      code: "CONTRACT_UNKNOWN",
    });
  });

  it.each([
    ["no arguments", []],
    ["no contract", [new Uint8Array(32), new Uint8Array(32)]],
    ["a short hash", [256n, new Uint8Array(31)]],
    ["a number below nothing", [-1n, new Uint8Array(32)]],
    ["a proposal that is no number", [256n, new Uint8Array(32), new Uint8Array(1)]],
    ["too many", [256n, new Uint8Array(32), 1n, 1n]],
  ])("is asked for with %s, and refused", async (_name, args) => {
    for (const method of ["announce", "upgrade", "cancel"]) {
      expect(await node.registry(method, args)).toMatchObject({ code: "ARGS_INVALID", ok: false });
    }
  });

  it("runs its migration as nobody but the registry can", async () => {
    const contract = await node.kit.deploy(second, [], owner);
    const direct = await node.kit.one({ contract, method: "migrate", args: [1n], caller: owner });
    expect(direct).toMatchObject({ code: "METHOD_UNKNOWN" });
  });
});

it("is seen by the next call in the same ledger, however many processes share it", async () => {
  const outcomes: unknown[] = [];
  for (const workers of [1, 3]) {
    await using kit = await RuntimeKit.open({ workers });
    const [left, right] = [await kit.deploy(first, [], owner), await kit.deploy(first, [], owner)];
    const add = (contract: bigint) => kit.call({ contract, method: "add", args: [1n] });
    const change = (method: string, contract: bigint) =>
      kit.call({ method, args: [contract, hashOf(second)], caller: owner, gasLimit: 5_000_000n });
    const bytes = new TextEncoder().encode(second);
    const put = { method: "put", args: [hashOf(second), 0n, bytes], caller: owner };
    await kit.close(kit.call(put), change("announce", left), change("announce", right));
    await kit.close(add(left), add(right));
    kit.wait(7n * DAY_S);
    const calls = [left, right].flatMap((contract) => [add(contract), add(contract)]);
    const swaps = [left, right].map((contract) => change("upgrade", contract));
    const { ledgerHash, receipts } = await kit.close(...calls, ...swaps, ...calls);
    expect(receipts.map(({ code }) => code)).toEqual(Array(10).fill(""));
    outcomes.push([ledgerHash, receipts.map(({ result }) => result)]);
  }
  expect(outcomes[1]).toEqual(outcomes[0]);
});
