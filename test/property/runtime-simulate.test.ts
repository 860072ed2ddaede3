// Goal: a simulation is what happens: the same receipts, gas and effects, and the same writes.
// Method: random calls of contracts that keep state, pay, call each other, fail and run out of gas, and
//         changes of their code; each ledger is simulated, then applied on the same state, and compared
//         with what a second simulation gave while the first was not kept.
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Call } from "../../src/contracts/call.ts";
import { codeHashOf } from "../../src/runtime/admit.ts";
import { accountOf } from "../support/runtime-kit.ts";
import { DAY_S, hashOf, OWNER, owner, till, Upgrades } from "../support/upgrades.ts";

const first = till({ upgrade: OWNER });
const second = till({
  upgrade: OWNER,
  step: "3n",
  migrate: "n.set(from * 100n); rows.set(from, 7n);",
});

let node: Upgrades;
let contracts: readonly bigint[] = [];
beforeAll(async () => {
  node = await Upgrades.open();
  contracts = [await node.kit.deploy(first, [], owner), await node.kit.deploy(first, [], owner)];
});
afterAll(() => node[Symbol.asyncDispose]());

const step = fc.record({
  contract: fc.nat(1),
  method: fc.constantFrom(
    "add",
    "add",
    "more",
    "nothing",
    "announce",
    "announce",
    "cancel",
    "upgrade",
    "upgrade",
    "upgrade",
  ),
  isOwner: fc.constantFrom(true, true, true, false),
  amount: fc.bigInt(-3n, 3n),
  paid: fc.bigInt(0n, 4n),
  gasLimit: fc.constantFrom(900n, 6_000n, 5_000_000n, 5_000_000n, 5_000_000n),
  isSecond: fc.boolean(),
});
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

function callOf({ contract, method, isOwner, amount, paid, gasLimit, isSecond }: Step): Call {
  const { kit } = node;
  const number = contracts[contract] ?? 0n;
  const common = { method, gasLimit, caller: isOwner ? owner : accountOf("stranger") };
  const code = hashOf(isSecond ? second : first);
  if (method === "cancel") return kit.call({ ...common, args: [number] });
  if (method === "announce" || method === "upgrade") {
    return kit.call({ ...common, args: [number, code] });
  }
  const args = method === "add" ? [amount] : [];
  const pays = paid === 0n ? [] : [["XLM", paid] as const];
  return kit.call({ ...common, contract: number, args, pays });
}

it("gives exactly what is applied, receipts, gas and writes, and keeps nothing", async () => {
  const seen = new Set<string>();
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 1, maxLength: 6 }),
      fc.constantFrom(0n, 0n, 0n, 2n, 8n, 40n),
      async (steps, days) => {
        const { kit } = node;
        for (const source of [first, second]) await node.put(source);
        kit.wait(days * DAY_S);
        const calls = steps.map(callOf);
        const ledger = { sequence: kit.sequence, closeTime: kit.closeTime, calls };
        const one = await kit.runtime.simulate(ledger);
        const two = await kit.runtime.simulate(ledger);
        const { receipts, writes } = await kit.close(...calls);
        expect(one).toEqual({ receipts, writes });
        expect(two).toEqual(one);
        for (const { method, code } of receipts) seen.add(`${method} ${code}`);
      },
    ),
    { numRuns: 60, seed: Number(process.env["ACE_SEED"] ?? 7), endOnFailure: true },
  );
  // What the property is about must have come to pass.
  for (const what of [
    "add ",
    "announce ",
    "upgrade ",
    "upgrade UPGRADE_TOO_EARLY",
    "more NOT_PAYABLE",
    "add OUT_OF_GAS",
  ]) {
    expect(seen).toContain(what);
  }
  const codes = [first, second].map(codeHashOf);
  for (const number of contracts) {
    expect(codes).toContain((await node.kit.runtime.contract(number))?.codeHash);
  }
});
