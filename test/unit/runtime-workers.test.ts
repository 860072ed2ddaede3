// Goal: a ledger that is shared out among processes comes out as one process would apply it.
// Method: two runtimes get the same ledgers, one with one worker and one with two; everything they give
//         must be equal. Each ledger is one in which parts meet in another way, and the events tell
//         whether it ran in parts, and whether it ran again.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Call } from "../../src/contracts/call.ts";
import { muxedAddress } from "../../src/lib/strkey.ts";
import type { Applied } from "../../src/runtime/applied.ts";
import { fromByteText } from "../../src/runtime/byte-text.ts";
import { type Footprint, meetings } from "../../src/runtime/footprint.ts";
import { addressBytes } from "../../src/runtime/realm/address.ts";
import { accountOf, contractText, RuntimeKit, vault } from "../support/runtime-kit.ts";

const source = contractText(
  `add: { args: [int], returns: int, payable: true }, seen: { args: [], returns: int, view: true },
   ask: { args: [int], returns: text }, tell: { args: [int, int] }, out: { args: [account, int], payable: true },
   count: { args: [], returns: int }, spin: { args: [] }`,
  `const n = state.value("n", int);
   export function add(by) { n.set((n.get() ?? 0n) + by); return n.get(); }
   export function seen() { return n.get() ?? 0n; }
   export function ask(other) { try { return call(other, "seen", []) + ""; } catch (error) { return error.code; } }
   export function tell(other, by) { call(other, "add", [by]); }
   export function out(to, amount) { pay(to, XLM, amount); }
   export function count() { for (const one of ctx.transfers) take(one); return 1n; }
   export function spin() { for (;;) {} }`,
);
const bytesOf = (address: string): Uint8Array => fromByteText(addressBytes(address) ?? "");

let alone: RuntimeKit;
let pair: RuntimeKit;
let told: string[] = [];
beforeAll(async () => {
  const events = { info: (name: string) => void told.push(name), warn: () => {} };
  alone = await RuntimeKit.open();
  pair = await RuntimeKit.open({ workers: 2, events });
});
afterAll(async () => {
  await alone[Symbol.asyncDispose]();
  await pair[Symbol.asyncDispose]();
});

/** Both give the same; how the pair came to it. */
async function same(
  ...calls: readonly Call[]
): Promise<{ applied: Applied; how: readonly string[] }> {
  told = [];
  const [expected, applied] = await Promise.all([alone.close(...calls), pair.close(...calls)]);
  expect(applied).toEqual(expected);
  expect(pair.state.rows).toEqual(alone.state.rows);
  const how = told.filter((name) => name !== "contracts.started");
  return { applied, how };
}

/** So many ledgers in parts, that meetings of before are forgiven. */
const CALM = 3;

/** Contracts that have to do with nothing yet, and are called by calls of their own. */
async function contracts(count: number): Promise<readonly bigint[]> {
  const calls = Array.from({ length: count }, () => alone.deployCalls(source)).flat();
  const { applied } = await same(...calls);
  const made = applied.receipts.flatMap(({ result }) =>
    typeof result === "bigint" ? [result] : [],
  );
  for (let calm = 0; calm < CALM; ) {
    const { how } = await same(...made.map((contract) => add(contract)));
    if (how.includes("contracts.shared")) calm += 1;
  }
  return made;
}

const add = (contract: bigint, by = 1n): Call =>
  alone.call({ contract, method: "add", args: [by] });
const ask = (contract: bigint, other: bigint): Call =>
  alone.call({ contract, method: "ask", args: [other] });

describe("a ledger of strangers", () => {
  it("runs in parts", async () => {
    const [a = 0n, b = 0n] = await contracts(2);
    expect((await same(add(a), add(b), add(a, 3n))).how).toEqual(["contracts.shared"]);
    expect((await same(ask(a, a), ask(b, b))).how).toEqual(["contracts.shared"]);
  });

  it("runs again when a call reads what another part wrote, earlier or later, and from then on together", async () => {
    const [a = 0n, b = 0n, c = 0n, d = 0n] = await contracts(4);
    expect((await same(add(a, 5n), ask(b, a))).how).toEqual(["contracts.rerun"]);
    const later = await same(ask(c, d), add(d, 5n));
    expect(later.applied.receipts.map(({ result }) => result)).toEqual(["3", 8n]);
    expect((await same(add(a, 5n), ask(b, a))).how).toEqual([]);
  });

  it("runs again when a call writes what another part read", async () => {
    const [a = 0n, b = 0n] = await contracts(2);
    const tell = alone.call({ contract: b, method: "tell", args: [a, 4n] });
    const { how } = await same(add(a), tell, alone.call({ contract: a, method: "seen" }));
    expect(how).toEqual(["contracts.rerun"]);
  });

  it("counts what two contracts pay to the same account", async () => {
    const [a = 0n, b = 0n] = await contracts(2);
    const to = bytesOf(accountOf("payee"));
    const out = (contract: bigint): Call =>
      alone.call({ contract, method: "out", args: [to, 3n], pays: [["XLM", 5n]] });
    expect((await same(out(a), out(b))).how).toEqual(["contracts.rerun"]);
    expect((await same(out(b), out(a))).how).toEqual([]);
  });

  it("sees money that came from a contract of another part", async () => {
    const [a = 0n, b = 0n] = await contracts(2);
    const to = bytesOf(muxedAddress(vault, b));
    const give = alone.call({ contract: a, method: "out", args: [to, 4n], pays: [["XLM", 5n]] });
    const spend = alone.call({ contract: b, method: "out", args: [bytesOf(accountOf("x")), 4n] });
    const { applied, how } = await same(give, spend, add(b));
    expect(how).toEqual(["contracts.rerun"]);
    expect(applied.receipts.map(({ code }) => code)).toEqual(["", "", ""]);
  });

  it("calls a contract that is made in it only once it is made", async () => {
    const [a = 0n, b = 0n] = await contracts(2);
    const next = b + 1n;
    const { applied, how } = await same(
      ask(a, next),
      ...alone.deployCalls(source),
      ask(a, next),
      add(next),
    );
    expect(how).toEqual(["contracts.rerun"]);
    const results = applied.receipts.map(({ result }) => result);
    expect(results).toEqual(["CONTRACT_UNKNOWN", null, next, "0", 1n]);
  });

  it("lets two contracts of one transaction take a transfer once", async () => {
    const [a = 0n, b = 0n] = await contracts(2);
    const first = alone.call({ contract: a, method: "count", pays: [["XLM", 5n]] });
    const shared = { ...first, paid: [] };
    const { applied, how } = await same(shared, { ...shared, index: 1, contract: b }, add(a));
    expect(how).toEqual([]);
    expect(applied.receipts.map(({ code }) => code)).toEqual(["", "TRANSFER_TAKEN", ""]);
  });
});

it("refuses what is beyond the gas of a ledger, wherever its calls ran", {
  timeout: 60_000,
}, async () => {
  const [a = 0n, b = 0n] = await contracts(2);
  const spin = (contract: bigint): Call =>
    alone.call({ contract, method: "spin", gasLimit: 5_000_000n });
  const calls = Array.from({ length: 41 }, (_, index) => spin(index % 2 === 0 ? a : b));
  const { applied, how } = await same(...calls, add(a));
  expect(how).toEqual(["contracts.rerun"]);
  expect(applied.receipts.slice(-2).map(({ code }) => code)).toEqual([
    "LEDGER_FULL",
    "LEDGER_FULL",
  ]);
});

describe("parts of a ledger", () => {
  const nothing = { gasUsed: 0, contracts: [], read: [], written: [], scanned: [] };
  const of = (contract: number, parts: Partial<Footprint>): readonly Footprint[] => [
    { ...nothing, contract, ...parts },
  ];

  it.each<[string, Partial<Footprint>, Partial<Footprint>]>([
    ["have entries of one contract", { contracts: [9] }, { contracts: [9] }],
    ["write one entry", { written: ["k"] }, { written: ["k"] }],
    ["read what the other writes", { read: ["k"] }, { written: ["k"] }],
    ["scan where the other writes", { scanned: ["k"] }, { written: ["key"] }],
    ["call a contract whose entries the other has", { contracts: [2] }, {}],
  ])("meet when both %s", (_, left, right) => {
    expect(meetings([of(1, left), of(2, right)])).toEqual(
      [[1, 2]].map((edge) => expect.arrayContaining(edge)),
    );
    expect(meetings([of(2, right), of(1, left)])).toHaveLength(1);
  });

  it("are apart when both only read, and what one part does is its own", () => {
    expect(meetings([of(1, { read: ["k"] }), of(2, { read: ["k"], scanned: ["m"] })])).toEqual([]);
    const own = [
      ...of(1, { written: ["k"], contracts: [3] }),
      ...of(2, { read: ["k"], contracts: [3] }),
    ];
    expect(meetings([own, of(4, {})])).toEqual([]);
  });
});
