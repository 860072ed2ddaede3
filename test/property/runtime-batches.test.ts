// Goal: how calls come to the sandbox is no part of what they do.
// Method: random calls, cut into ledgers at random. The same ledgers go through processes that know
//         nothing, through one that knows all it read and has the next ledger queued, and through one
//         that is killed at random moments: receipts, writes and hashes must be the same, byte for byte.
//         Cut into other ledgers the calls must do the same, and leave the same state.
import { setImmediate, setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Call } from "../../src/contracts/call.ts";
import { compareBytes } from "../../src/lib/bytes.ts";
import type { CborValue } from "../../src/lib/cbor.ts";
import type { Applied } from "../../src/runtime/applied.ts";
import { fromByteText } from "../../src/runtime/byte-text.ts";
import { addressBytes } from "../../src/runtime/realm/address.ts";
import { accountOf, contractText, RuntimeKit } from "../support/runtime-kit.ts";

const mixed = contractText(
  `put: { args: [account, int], returns: int, payable: true }, drop: { args: [account] },
   total: { args: [], returns: int }, out: { args: [account, int] },
   relay: { args: [int, account, int], returns: text, payable: true }`,
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
     return sum + (last.get()?.sum ?? 0n);
   }
   export function out(to, amount) { pay(to, XLM, amount); }
   export function relay(other, who, amount) {
     held.set(who, amount);
     try { call(other, "put", [who, amount], ctx.paid(XLM) > 2n ? { pay: { asset: XLM, amount: 2n } } : {}); return "done"; }
     catch (error) { return error.code; }
   }`,
);

const PEOPLE = Array.from({ length: 6 }, (_, number) => accountOf(`person ${number}`));
const kits: RuntimeKit[] = [];
let contracts: readonly bigint[] = [];
beforeAll(async () => {
  for (let count = 0; count < 4; count += 1) {
    const kit = await RuntimeKit.open();
    contracts = [await kit.deploy(mixed), await kit.deploy(mixed)];
    kits.push(kit);
  }
});
afterAll(async () => {
  for (const kit of kits) await kit[Symbol.asyncDispose]();
});

const step = fc.record({
  contract: fc.nat(1),
  method: fc.constantFrom("put", "drop", "total", "out", "relay", "nothing"),
  caller: fc.nat(PEOPLE.length - 1),
  who: fc.nat(PEOPLE.length - 1),
  amount: fc.bigInt(0n, 6n),
  paid: fc.bigInt(0n, 4n),
  gasLimit: fc.constantFrom(2_500n, 4_000n, 1_000_000n),
  /** Ends the ledger. */
  isLast: fc.boolean(),
  /** Ends it in the other cut. */
  isOtherLast: fc.boolean(),
});
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;
/** When the process is killed, after the ledgers were sent; as a rule never. */
const kill = fc.option(fc.nat(12), { freq: 6, nil: undefined });

it("gives the same receipts and roots however calls are batched, and whatever is killed", async () => {
  const [cold, ahead, hurt, other] = kits;
  if (cold === undefined || ahead === undefined || hurt === undefined || other === undefined)
    return;
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 1, maxLength: 14 }),
      kill,
      async (steps, killMs) => {
        const calls = steps.map((one) => callOf(cold, one));
        const ledgers = cut(
          calls,
          steps.map(({ isLast }) => isLast),
        );
        const expected: Applied[] = [];
        for (const ledger of ledgers) {
          await cold.runtime.reset();
          expected.push(await cold.close(...ledger));
        }
        expect(await queued(ahead, ledgers)).toEqual(expected);
        const applied = queued(hurt, ledgers);
        if (killMs !== undefined) await killed(hurt, killMs);
        expect(await applied).toEqual(expected);
        // Where nothing was asked, the kill still waits: a second one would rightly halt the node.
        hurt.state.onceRead(() => {});

        const done: Applied[] = [];
        for (const ledger of cut(
          calls,
          steps.map(({ isOtherLast }) => isOtherLast),
        )) {
          done.push(await other.close(...ledger));
        }
        expect(done.at(-1)?.stateRoot).toBe(expected.at(-1)?.stateRoot);
        expect(done.flatMap(outcomes)).toEqual(expected.flatMap(outcomes));
        for (const kit of [ahead, hurt, other]) expect(rowsOf(kit)).toEqual(rowsOf(cold));
      },
    ),
    // A failure leaves the processes apart: smaller examples would say nothing.
    { numRuns: 16, endOnFailure: true },
  );
});

/** All ledgers at once, two of them in flight, committed together. */
async function queued(kit: RuntimeKit, ledgers: readonly (readonly Call[])[]): Promise<Applied[]> {
  const running = ledgers.map((calls) => {
    const applied = kit.apply(calls);
    kit.sequence += 1;
    return applied;
  });
  const applied = await Promise.all(running);
  for (const { writes } of applied) kit.state.commit(writes);
  kit.runtime.committed(kit.sequence - 1);
  return applied;
}

/** Kills it after a while, or at the next question about state, in the middle of a call. */
async function killed(kit: RuntimeKit, afterMs: number): Promise<void> {
  const [pid] = kit.runtime.pids;
  if (pid === undefined) return;
  const kill = (): void => {
    if (isRunning(pid)) process.kill(pid, "SIGKILL");
  };
  if (afterMs % 2 === 0) return kit.state.onceRead(kill);
  await sleep(afterMs / 2).then(kill);
  // One that dies unnoticed would be a second kill for the ledger that comes next.
  while (isRunning(pid)) await setImmediate();
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function callOf(kit: RuntimeKit, parts: Step): Call {
  const { method, who, amount, paid } = parts;
  const account = fromByteText(addressBytes(PEOPLE[who] ?? "") ?? "");
  const args: Readonly<Record<string, readonly CborValue[]>> = {
    put: [account, amount],
    drop: [account],
    out: [account, amount],
    relay: [contracts[1 - parts.contract] ?? 0n, account, amount],
  };
  return kit.call({
    contract: contracts[parts.contract] ?? 0n,
    method,
    caller: PEOPLE[parts.caller] ?? "",
    args: args[method] ?? [],
    gasLimit: parts.gasLimit,
    pays: paid === 0n ? [] : [["XLM", paid]],
  });
}

function cut(calls: readonly Call[], ends: readonly boolean[]): readonly (readonly Call[])[] {
  const ledgers: Call[][] = [[]];
  for (const [index, call] of calls.entries()) {
    ledgers.at(-1)?.push(call);
    if (ends[index] === true && index < calls.length - 1) ledgers.push([]);
  }
  return ledgers;
}

/** What a call did, whichever ledger it was in. */
function outcomes({ receipts }: Applied): unknown[] {
  return receipts.map((receipt) => ({ ...receipt, ledger: 0 }));
}

function rowsOf({ state }: RuntimeKit): unknown[] {
  return state.rows
    .toSorted((left, right) => compareBytes(left.key, right.key))
    .map(({ key, value }) => [key, value]);
}
