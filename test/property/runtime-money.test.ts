// Goal: no stroop is lost or made, whatever contracts and callers do.
// Method: random payments, payouts and failing calls in the real sandbox against a model of sums.
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Call } from "../../src/contracts/call.ts";
import { decodeCbor } from "../../src/lib/cbor.ts";
import { fromByteText, toByteText } from "../../src/runtime/byte-text.ts";
import { addressBytes } from "../../src/runtime/realm/address.ts";
import { assetOfKey } from "../../src/runtime/system-keys.ts";
import { accountOf, contractText, RuntimeKit } from "../support/runtime-kit.ts";

const purse = contractText(
  `receive: { args: [], payable: [XLM] }, accept: { args: [], payable: true },
   move: { args: [account, int, bool] }, deep: { args: [int, account, int, bool], payable: true }`,
  `export function receive() { if (ctx.paid(XLM) % 7n === 0n) fail("SEVEN"); }
   export function accept() {}
   export function move(to, amount, breaks) { pay(to, XLM, amount); if (breaks) fail("BROKEN"); }
   export function deep(other, to, amount, breaks) {
     if (amount > 0n && ctx.balance(XLM) >= amount) call(other, "accept", [], { pay: { asset: XLM, amount } });
     try { call(other, "move", [to, amount, breaks]); } catch (e) { emit("caught", e.code); }
   }`,
);

let kit: RuntimeKit;
const contracts: bigint[] = [];
beforeAll(async () => {
  kit = await RuntimeKit.open();
  for (let count = 0; count < 2; count += 1) contracts.push(await kit.deploy(purse));
});
afterAll(() => kit[Symbol.asyncDispose]());

const payee = fromByteText(addressBytes(accountOf("payee")) ?? "");
const step = fc.record({
  method: fc.constantFrom("receive", "accept", "move", "deep", "nope"),
  contract: fc.nat(1),
  paid: fc.array(fc.tuple(fc.constantFrom("XLM", `USD:${accountOf("i")}`), fc.bigInt(1n, 50n)), {
    maxLength: 2,
  }),
  amount: fc.bigInt(-1n, 60n),
  breaks: fc.boolean(),
});

it("keeps what came in equal to what contracts hold and the book owes", async () => {
  const received = new Map<string, bigint>();
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
      for (const [asset, more] of steps.flatMap(({ paid }) => paid)) {
        received.set(asset, (received.get(asset) ?? 0n) + more);
      }
      const { receipts } = await kit.close(...steps.map(callOf));
      expect(held()).toEqual(new Map([...received].toSorted()));
      for (const receipt of receipts) {
        const { ok, refunds, events, effects, result } = receipt;
        expect(ok ? refunds : [events, effects, result]).toEqual(ok ? [] : [[], [], null]);
        expect(receipt.gasUsed).toBeLessThanOrEqual(receipt.gasLimit);
      }
    }),
    { numRuns: 60 },
  );
});

type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

function callOf({ method, contract, paid, amount, breaks }: Step): Call {
  const other = contracts[1 - contract] ?? 0n;
  const args = { move: [payee, amount, breaks], deep: [other, payee, amount, breaks] };
  return kit.call({
    contract: contracts[contract] ?? 0n,
    method,
    kind: method === "receive" ? "receive" : "call",
    args: method === "move" || method === "deep" ? args[method] : [],
    pays: paid,
  });
}

/** Read from the bytes of state alone. */
function held(): ReadonlyMap<string, bigint> {
  const sums = new Map<string, bigint>();
  for (const { key, value } of kit.state.rows) {
    const asset = assetOfKey(toByteText(key));
    const amount = asset === undefined ? 0n : decodeCbor(value);
    if (asset === undefined || typeof amount !== "bigint") continue;
    sums.set(asset, (sums.get(asset) ?? 0n) + amount);
  }
  return new Map([...sums].toSorted());
}
