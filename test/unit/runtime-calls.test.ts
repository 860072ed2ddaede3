// Goal: money, calls between contracts and refusals do what the chapter says, in the real sandbox.
// Method: small contracts, one process for the file, receipts and books compared.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { muxedAddress } from "../../src/lib/strkey.ts";
import { readPayables } from "../../src/runtime/book-keys.ts";
import { fromByteText } from "../../src/runtime/byte-text.ts";
import { addressBytes } from "../../src/runtime/realm/address.ts";
import { accountOf, contractText, RuntimeKit, vault } from "../support/runtime-kit.ts";

const payer = accountOf("payer");
const stranger = accountOf("stranger");
const other = `USD:${accountOf("issuer")}`;

const till = contractText(
  `receive: { args: [], payable: [XLM] }, keep: { args: [], payable: true, returns: int },
   out: { args: [account, int] },
   count: { args: [], returns: int, view: true }, sneak: { args: [], returns: int, view: true },
   add: { args: [int], returns: int }, spin: { args: [] },
   relay: { args: [int, text, list(int, 4)], returns: text, payable: true },
   pass: { args: [int, int], payable: true }, first: { args: [], returns: int }`,
  `const n = state.value("n", int);
   export function receive() { n.set((n.get() ?? 0n) + ctx.paid(XLM)); }
   export function keep() { return ctx.balance(XLM); }
   export function out(to, amount) { pay(to, XLM, amount); pay(to, XLM, amount); }
   export function count() { return n.get() ?? 0n; }
   export function sneak() { n.set(1n); return 1n; }
   export function add(by) { n.set((n.get() ?? 0n) + by); emit("added", { by }); if (by === 13n) fail("UNLUCKY"); return n.get(); }
   export function spin() { for (;;) {} }
   export function relay(to, method, args) {
     n.set(77n);
     try { call(to, method, args, { gas: 50000n }); return "done"; } catch (e) { return e.code; }
   }
   export function pass(to, amount) { call(to, "keep", [], { pay: { asset: XLM, amount } }); }
   export function first() { const [t] = ctx.transfers; take(t); take(t); return t.amount; }`,
);

let kit: RuntimeKit;
let one: bigint;
let two: bigint;
beforeAll(async () => {
  kit = await RuntimeKit.open();
  one = await kit.deploy(till, [], payer);
  two = await kit.deploy(till, [], payer);
});
afterAll(() => kit[Symbol.asyncDispose]());

const owed = (account: string) => readPayables(kit.state, account);
const view = async (contract: bigint, method: string) =>
  await kit.runtime.view({ contract, method, args: [] });

describe("a payment", () => {
  it("is kept by the contract that takes it", async () => {
    const plain = await kit.one({ kind: "receive", contract: one, pays: [["XLM", 40n]] });
    expect(plain).toMatchObject({ code: "", method: "receive", refunds: [] });
    const kept = await kit.one({ contract: one, method: "keep", pays: [["XLM", 2n]] });
    expect(kept).toMatchObject({ code: "", result: 42n });
  });

  it.each([
    ["in an asset that the method does not take", { kind: "receive" as const }, "NOT_PAYABLE"],
    ["to a method that takes none", { method: "add", args: [1n] }, "NOT_PAYABLE"],
    ["to an unknown method", { method: "nope" }, "METHOD_UNKNOWN"],
    ["to an unknown contract", { contract: 4_000n }, "CONTRACT_UNKNOWN"],
    ["with broken calldata", { kind: "malformed" as const, contract: 0n }, "CALLDATA_MALFORMED"],
    ["to the registry", { contract: 0n, method: "deploy" }, "NOT_PAYABLE"],
    ["to a method called with wrong arguments", { method: "pass", args: ["x"] }, "ARGS_INVALID"],
  ])("%s is owed back to who paid it", async (name, parts, code) => {
    const who = accountOf(name);
    const pays = [[other, 5n] as const, [other, 6n] as const];
    const receipt = await kit.one({ contract: one, caller: who, pays, ...parts });
    expect(receipt).toMatchObject({ ok: false, code, effects: [], events: [] });
    expect(receipt.refunds).toHaveLength(2);
    expect(owed(who)).toEqual([{ asset: other, amount: 11n }]);
  });

  it("out of a contract is owed to the payee, and never more than it holds", async () => {
    const to = accountValue(stranger);
    const paid = await kit.one({ contract: one, method: "out", args: [to, 20n] });
    expect(paid.effects).toEqual([
      { contract: one, to: stranger, asset: "XLM", amount: 20n },
      { contract: one, to: stranger, asset: "XLM", amount: 20n },
    ]);
    expect(owed(stranger)).toEqual([{ asset: "XLM", amount: 40n }]);
    const broke = await kit.one({ contract: one, method: "out", args: [to, 2n] });
    expect(broke).toMatchObject({ code: "INSUFFICIENT_BALANCE", effects: [] });
    expect(owed(stranger)).toEqual([{ asset: "XLM", amount: 40n }]);
  });

  it("to another contract moves between their balances", async () => {
    const to = accountValue(muxedAddress(vault, two));
    await kit.one({ contract: one, method: "keep", pays: [["XLM", 8n]] });
    await kit.one({ contract: one, method: "out", args: [to, 3n] });
    expect(await kit.one({ contract: two, method: "keep" })).toMatchObject({ result: 6n });
    await kit.one({ contract: one, method: "pass", args: [two, 4n] });
    expect(await kit.one({ contract: two, method: "keep" })).toMatchObject({ result: 10n });
  });

  it("is counted as used once in a transaction", async () => {
    const receipt = await kit.one({ contract: one, method: "first" });
    expect(receipt.code).toBe("TAKE_INVALID");
    const transfers = [{ operation: 0, from: payer, to: stranger, asset: "XLM", amount: 9n }];
    expect(await kit.one({ contract: one, method: "first", transfers })).toMatchObject({
      code: "TRANSFER_TAKEN",
    });
  });
});

describe("a call of another contract", () => {
  const relay = async (to: bigint, method: string, args: readonly bigint[] = []) =>
    await kit.one({ contract: one, method: "relay", args: [to, method, args] });

  it("keeps what it did when it succeeds, and nothing when it fails", async () => {
    expect(await relay(two, "add", [5n])).toMatchObject({
      result: "done",
      events: [{ contract: two, topic: "added" }],
    });
    const before = await view(two, "count");
    expect(await relay(two, "add", [13n])).toMatchObject({ result: "UNLUCKY", events: [] });
    expect(await view(two, "count")).toMatchObject({ result: before.result });
  });

  it.each([
    ["itself", "one", "add", [1n], "REENTRANT"],
    ["nobody", "none", "add", [1n], "CONTRACT_UNKNOWN"],
    ["an unknown method", "two", "nope", [], "METHOD_UNKNOWN"],
    ["with too few arguments", "two", "add", [], "ARGS_INVALID"],
    ["more gas than it was given", "two", "spin", [], "OUT_OF_GAS"],
    ["a view that writes", "two", "sneak", [], "VIEW_WRITES"],
  ] as const)("of %s is refused with its code, which the caller may catch", async (...row) => {
    const [, to, method, args, code] = row;
    const numbers: Readonly<Record<typeof to, bigint>> = { one, two, none: 5_000n };
    const receipt = await relay(numbers[to], method, args);
    expect(receipt).toMatchObject({ ok: true });
    expect(receipt.result).toBe(code);
  });
});

it("keeps no event beyond the limit, though the contract goes on", async () => {
  const loud = contractText(
    "f: { args: [] }",
    "export function f() { for (let i = 0; i < 40; i++) try { emit('x', 1n); } catch (e) {} }",
  );
  const receipt = await kit.one({ contract: await kit.deploy(loud), method: "f" });
  expect(receipt).toMatchObject({ ok: true });
  expect(receipt.events).toHaveLength(32);
});

describe("a view", () => {
  it("answers from committed state and writes nothing", async () => {
    const rows = kit.state.rows;
    expect(await view(one, "count")).toMatchObject({ ok: true, result: 77n });
    expect(await view(one, "sneak")).toMatchObject({ ok: false, code: "VIEW_WRITES" });
    expect(await view(one, "add")).toMatchObject({ ok: false, code: "METHOD_UNKNOWN" });
    expect(await view(9_999n, "count")).toMatchObject({ ok: false, code: "CONTRACT_UNKNOWN" });
    expect(kit.state.rows).toBe(rows);
  });

  it("sees nothing of a ledger that is applied but not committed", async () => {
    const call = kit.call({ contract: two, method: "add", args: [100n] });
    const before = await view(two, "count");
    const applied = await kit.apply([call]);
    expect(await view(two, "count")).toMatchObject({ result: before.result });
    kit.state.commit(applied.writes);
    kit.sequence += 1;
    expect(await view(two, "count")).not.toMatchObject({ result: before.result });
  });
});

describe("the registry", () => {
  it("refuses code with line and column of what is wrong", async () => {
    const source = contractText("f: { args: [] }", "export function f() {\n  return eval('1');\n}");
    const { receipts } = await kit.close(...kit.deployCalls(source));
    expect(receipts[1]).toMatchObject({ code: "CODE_REFUSED" });
    expect(receipts[1]?.result).toEqual([
      new Map<string, unknown>([
        ["code", "CODE_NAME"],
        ["line", 4n],
        ["column", 10n],
      ]),
    ]);
  });

  it("deploys no code of which a part is missing, and no other account's parts", async () => {
    const source = contractText("g: { args: [] }", "export function g() {}");
    const [put, deploy] = kit.deployCalls(source, [], payer);
    if (put === undefined || deploy === undefined) throw new Error("two calls");
    const poison = { ...put, caller: stranger, args: put.args.with(2, new Uint8Array(9)) };
    const stolen = { ...deploy, caller: stranger };
    const { receipts } = await kit.close(poison, stolen, deploy, put, deploy);
    const codes = receipts.map(({ code }) => code);
    expect(codes).toEqual(["", "CODE_INCOMPLETE", "CODE_INCOMPLETE", "", ""]);
  });

  it("deploys code that was put again in parts of another size", async () => {
    const source = contractText("h: { args: [] }", "export function h() {}");
    const [put, deploy] = kit.deployCalls(source, [], payer);
    if (put === undefined || deploy === undefined) throw new Error("two calls");
    const bytes = new TextEncoder().encode(source);
    const older = { ...put, args: [put.args[0] ?? null, 7n, bytes.subarray(7)] };
    const { receipts } = await kit.close(older, deploy, put, deploy);
    expect(receipts.map(({ code }) => code)).toEqual(["", "CODE_INCOMPLETE", "", ""]);
  });

  it("alone runs a setup: neither a call nor another contract nor a view can", async () => {
    const source = contractText(
      "setup: { args: [], view: true }, n: { args: [], returns: int, view: true }",
      `const v = state.value('v', int);
       export function setup() { v.set((v.get() ?? 0n) + 1n); } export function n() { return v.get(); }`,
    );
    const contract = await kit.deploy(source);
    const call = { contract, method: "setup", pays: [["XLM", 3n] as const] };
    expect(await kit.one(call)).toMatchObject({
      code: "METHOD_UNKNOWN",
      refunds: [{ amount: 3n }],
    });
    const nested = await kit.one({ contract: one, method: "relay", args: [contract, "setup", []] });
    expect(nested.result).toBe("METHOD_UNKNOWN");
    await view(contract, "setup");
    expect(await view(contract, "n")).toMatchObject({ result: 1n });
  });

  it("answers about numbers that a contract can have, and no others", async () => {
    const ask = async (number: bigint) =>
      await kit.runtime.view({ contract: 0n, method: "contract", args: [number] });
    expect(await ask(one)).toMatchObject({ ok: true, result: expect.any(Map) });
    expect(await ask(7n)).toMatchObject({ ok: true, result: null });
    expect(await ask(2n ** 64n + one)).toMatchObject({ ok: false, code: "ARGS_INVALID" });
  });

  it("leaves nothing of a deployment whose setup fails", async () => {
    const source = contractText(
      "setup: { args: [int] }",
      "const v = state.value('v', int); export function setup(a) { v.set(a); fail('NOT_TODAY'); }",
    );
    const { receipts } = await kit.close(...kit.deployCalls(source, [1n]));
    expect(receipts[1]).toMatchObject({ code: "NOT_TODAY", result: null });
    const next = await kit.deploy(till);
    expect(await kit.runtime.contract(next + 1n)).toBeUndefined();
    expect(await kit.runtime.contract(next)).toMatchObject({
      number: next,
      owner: accountOf("caller"),
    });
  });
});

it("simulates a call exactly as it is applied, and keeps nothing of it", async () => {
  const call = kit.call({ contract: two, method: "add", args: [3n] });
  const ledger = { sequence: kit.sequence, closeTime: 1_800_000_000n, calls: [call] };
  const { receipts: first, writes } = await kit.runtime.simulate(ledger);
  const both = await Promise.all([kit.runtime.simulate(ledger), view(two, "count")]);
  const [again, seen] = both;
  expect(await view(two, "count")).toMatchObject({ result: seen.result });
  const { receipts, writes: written } = await kit.close(call);
  expect(first).toEqual(receipts);
  expect(again).toEqual({ receipts: first, writes });
  expect(writes).toEqual(written);
});

/** An address as CBOR carries it. */
function accountValue(address: string): Uint8Array {
  return fromByteText(addressBytes(address) ?? "");
}
