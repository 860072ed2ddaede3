// Goal: how many processes apply ledgers is no part of what ledgers do.
// Method: the same random ledgers go through one process, through two and through three: calls that
//         stay with their contract and calls that lead to others, payments to people and to contracts,
//         transfers that are taken, transactions of several calls, deployments, some code unknown yet.
//         Receipts, writes and hashes must be the same, byte for byte, also while workers are killed.
//         Contracts come in families that seldom have to do with each other, as strangers do.
//         The seed is fixed, because ledgers that ran in parts and ledgers that met must both occur;
//         ACE_SEED tries another.
import { setImmediate } from "node:timers/promises";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Call } from "../../src/contracts/call.ts";
import { compareBytes } from "../../src/lib/bytes.ts";
import type { CborValue } from "../../src/lib/cbor.ts";
import { muxedAddress } from "../../src/lib/strkey.ts";
import type { Applied } from "../../src/runtime/applied.ts";
import { fromByteText } from "../../src/runtime/byte-text.ts";
import { addressBytes } from "../../src/runtime/realm/address.ts";
import { accountOf, contractText, RuntimeKit, vault } from "../support/runtime-kit.ts";

const seed = Number(process.env["ACE_SEED"] ?? 20_261_122);
const FAMILIES = 7;
const FAMILY = 2;
const PEOPLE_FAMILY = 3;
const FIRST = 256n;

const shop = contractText(
  `put: { args: [account, int], returns: int, payable: true }, drop: { args: [account] },
   total: { args: [], returns: int }, out: { args: [account, int] }, count: { args: [], returns: int },
   relay: { args: [int, account, int], returns: text, payable: true }, ask: { args: [int], returns: text },
   seen: { args: [], returns: int, view: true }, receive: { args: [], payable: true }, spin: { args: [] }`,
  `const held = state.map("held", account, int); const last = state.value("last", { who: account, sum: int });
   export function put(who, amount) {
     const sum = (held.get(who) ?? 0n) + amount + ctx.paid(XLM);
     held.set(who, sum); last.set({ who, sum }); emit("put", { who, sum });
     if (amount === 5n) fail("FIVE");
     return sum;
   }
   export function drop(who) { held.delete(who); held.delete(ctx.caller); }
   export function total() {
     let sum = 0n;
     for (const { value } of held.scan({ limit: 3 })) sum += value;
     held.set(ctx.caller, sum);
     for (const { value } of held.scan()) sum += value;
     return sum + (last.get()?.sum ?? 0n) + ctx.balance(XLM);
   }
   export function out(to, amount) { pay(to, XLM, amount); }
   export function count() { let sum = 0n; for (const one of ctx.transfers) { take(one); sum += one.amount; } last.set({ who: ctx.caller, sum }); return sum; }
   export function relay(other, who, amount) {
     held.set(who, amount);
     try { call(other, "put", [who, amount], ctx.paid(XLM) > 2n ? { pay: { asset: XLM, amount: 2n } } : {}); return "done"; }
     catch (error) { return error.code; }
   }
   export function ask(other) { try { return call(other, "seen", []) + ""; } catch (error) { return error.code; } }
   export function seen() { return last.get()?.sum ?? 0n; }
   export function receive() { last.set({ who: ctx.caller, sum: ctx.paid(XLM) }); }
   export function spin() { last.set({ who: ctx.caller, sum: 1n }); for (;;) {} }`,
);

const PEOPLE = Array.from({ length: FAMILIES * PEOPLE_FAMILY }, (_, number) =>
  accountOf(`person ${number}`),
);
const kits: RuntimeKit[] = [];
const told = new Map<string, number>();

beforeAll(async () => {
  const count = (name: string): void => void told.set(name, (told.get(name) ?? 0) + 1);
  const events = { info: count, warn: count };
  for (const workers of [1, 2, 3]) {
    const kit = await RuntimeKit.open({ workers, events });
    kits.push(kit);
    const deployments = Array.from({ length: FAMILIES * FAMILY }, () => kit.deployCalls(shop));
    await kit.close(...deployments.flat());
  }
});
afterAll(async () => {
  for (const kit of kits) await kit[Symbol.asyncDispose]();
});

const step = fc.record({
  family: fc.nat(FAMILIES - 1),
  contract: fc.nat(FAMILY - 1),
  /** Whether it goes to another family. */
  isStray: fc.nat(59).map((chance) => chance === 0),
  method: fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom("put", "drop", "total", "count", "seen") },
    { weight: 3, arbitrary: fc.constantFrom("out", "relay", "ask", "receive") },
    { weight: 1, arbitrary: fc.constantFrom("spin", "deploy", "unborn") },
  ),
  caller: fc.nat(PEOPLE_FAMILY - 1),
  who: fc.nat(PEOPLE_FAMILY - 1),
  amount: fc.bigInt(0n, 6n),
  paid: fc.bigInt(0n, 4n),
  gasLimit: fc.constantFrom(2_500n, 6_000n, 100_000n),
  /** Of the same transaction as the call before it. */
  isSame: fc.nat(19).map((chance) => chance === 0),
  isLast: fc.nat(5).map((chance) => chance === 0),
});
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

const run = fc.record({
  steps: fc.array(step, { minLength: 6, maxLength: 40 }),
  /** Which worker of which runtime is killed at its next question. */
  kill: fc.record({
    isDone: fc.nat(4).map((chance) => chance === 0),
    kit: fc.nat(1),
    worker: fc.nat(2),
  }),
});

it("gives the same receipts, writes and roots with one worker, two or three", async () => {
  await fc.assert(
    fc.asyncProperty(run, async ({ steps, kill }) => {
      const [alone, ...several] = kits;
      if (alone === undefined) return;
      const calls = transactions(alone, steps);
      const ledgers = cut(calls, steps);
      const expected = await applied(alone, ledgers);
      for (const [index, kit] of several.entries()) {
        const running = applied(kit, ledgers);
        if (kill.isDone && kill.kit === index) killSoon(kit, kill.worker);
        expect(await running).toEqual(expected);
        kit.state.onceRead(() => {});
        await settled(kit);
        expect(rowsOf(kit)).toEqual(rowsOf(alone));
      }
    }),
    // A failure leaves the runtimes apart: smaller examples would say nothing.
    { numRuns: 16, endOnFailure: true, seed },
  );
  expect(told.get("contracts.shared")).toBeGreaterThan(10);
  expect(told.get("contracts.rerun")).toBeGreaterThan(1);
});

/** All ledgers at once, committed together. */
async function applied(
  kit: RuntimeKit,
  ledgers: readonly (readonly Call[])[],
): Promise<readonly Applied[]> {
  const running = ledgers.map((calls) => {
    const one = kit.apply(calls);
    kit.sequence += 1;
    return one;
  });
  const done = await Promise.all(running);
  for (const { writes } of done) kit.state.commit(writes);
  kit.runtime.committed(kit.sequence - 1);
  return done;
}

const dying = new Set<number>();

function killSoon(kit: RuntimeKit, worker: number): void {
  kit.state.onceRead(() => {
    const pid = kit.runtime.pids[worker];
    if (pid === undefined || pid === kit.runtime.pids.at(-1)) return;
    process.kill(pid, "SIGKILL");
    dying.add(pid);
  });
}

/** One that dies unnoticed would be a second kill for the ledger that comes next. */
async function settled(kit: RuntimeKit): Promise<void> {
  for (const pid of kit.runtime.pids) {
    while (pid !== undefined && dying.has(pid) && isRunning(pid)) await setImmediate();
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function transactions(kit: RuntimeKit, steps: readonly Step[]): readonly Call[] {
  const calls: Call[] = [];
  for (const one of steps) {
    const before = calls.at(-1);
    const made = one.method === "deploy" ? kit.deployCalls(variant(one)) : [callOf(kit, one)];
    const own =
      one.isSame && before !== undefined
        ? made.map((call) => ({ ...call, txHash: before.txHash }))
        : made;
    calls.push(...own);
  }
  return calls;
}

function variant({ amount }: Step): string {
  return `${shop}\nfunction unused() { return ${amount}n; }`;
}

function callOf(kit: RuntimeKit, parts: Step): Call {
  const { method, amount, paid, family } = parts;
  const next = parts.isStray ? (family + 1) % FAMILIES : family;
  const contract = method === "unborn" ? unborn(kit) : contractOf(family, parts.contract);
  const other = contractOf(next, 1 - parts.contract);
  const account = bytesOf(personOf(family, parts.who));
  const payee =
    amount > 4n ? bytesOf(muxedAddress(vault, other)) : bytesOf(personOf(next, parts.who));
  const args: Readonly<Record<string, readonly CborValue[]>> = {
    put: [account, amount],
    drop: [account],
    out: [payee, amount],
    relay: [other, account, amount],
    ask: [other],
  };
  return kit.call({
    contract,
    kind: method === "receive" ? "receive" : "call",
    method,
    caller: personOf(family, parts.caller),
    args: args[method] ?? [],
    gasLimit: parts.gasLimit,
    pays: paid === 0n ? [] : [["XLM", paid]],
  });
}

/** The contract that the next deployment makes. */
function unborn({ state }: RuntimeKit): bigint {
  return (
    FIRST + BigInt(state.rows.filter(({ key }) => Buffer.from(key).includes("contract\0")).length)
  );
}

const contractOf = (family: number, number: number): bigint =>
  FIRST + BigInt(family * FAMILY + number);
const personOf = (family: number, number: number): string =>
  PEOPLE[family * PEOPLE_FAMILY + number] ?? "";
const bytesOf = (address: string): Uint8Array => fromByteText(addressBytes(address) ?? "");

/** Ledgers end where a step says so, but never inside a transaction. */
function cut(calls: readonly Call[], steps: readonly Step[]): readonly (readonly Call[])[] {
  const ledgers: Call[][] = [[]];
  for (const [index, call] of calls.entries()) {
    ledgers.at(-1)?.push(call);
    const next = calls[index + 1];
    const isLast = steps[index % steps.length]?.isLast === true;
    if (isLast && next !== undefined && next.txHash !== call.txHash) ledgers.push([]);
  }
  return ledgers;
}

function rowsOf({ state }: RuntimeKit): unknown[] {
  return state.rows
    .toSorted((left, right) => compareBytes(left.key, right.key))
    .map(({ key, value }) => [key, value]);
}
