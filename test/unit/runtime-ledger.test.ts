// Goal: one ledger has room for so much work and no more, and whoever reads sees one ledger's state.
// Method: calls that spend gas to the bound in the real sandbox; commits between any two questions of a
//         view.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Call } from "../../src/contracts/call.ts";
import { readPayables } from "../../src/runtime/book-keys.ts";
import { limits } from "../../src/runtime/limits.ts";
import { encodeReceipt } from "../../src/runtime/receipt-codec.ts";
import { accountOf, contractText, RuntimeKit } from "../support/runtime-kit.ts";

const worker = contractText(
  `spin: { args: [], payable: true }, rest: { args: [], payable: true },
   set: { args: [int] }, rows: { args: [], returns: int, view: true }, both: { args: [], returns: list(int, 2), view: true }`,
  `const first = state.value("first", int); const second = state.value("second", int);
   export function spin() { for (;;) {} }
   export function rest() {}
   export function set(to) { first.set(to); second.set(to); }
   const rowsOf = state.map("rows", int, int);
   export function rows() { return first.get() + BigInt(rowsOf.scan().length); }
   export function both() { return [first.get() ?? 0n, second.get() ?? 0n]; }`,
);
const MOST = 5_000_000n;

let kit: RuntimeKit;
let contract: bigint;
beforeAll(async () => {
  kit = await RuntimeKit.open();
  contract = await kit.deploy(worker);
});
afterAll(() => kit[Symbol.asyncDispose]());

const callsOf = (method: string, count: number): readonly Call[] =>
  Array.from({ length: count }, () => kit.call({ contract, method, gasLimit: MOST }));

describe("a ledger", () => {
  it("that is full refuses what might not fit, and owes back what came with it", async () => {
    const caller = accountOf("late");
    const fitting = limits.gasLedgerMax / Number(MOST);
    const late = kit.call({ contract, method: "rest", caller, pays: [["XLM", 3n]] });
    const { receipts } = await kit.close(...callsOf("spin", fitting), late);
    expect(receipts.slice(0, fitting).every(({ code }) => code === "OUT_OF_GAS")).toBe(true);
    expect(receipts[fitting]).toMatchObject({ code: "LEDGER_FULL", gasUsed: 0n });
    expect(readPayables(kit.state, caller)).toEqual([{ asset: "XLM", amount: 3n }]);
    const again = await kit.one({ contract, method: "rest", caller });
    expect(again.code).toBe("");
  });

  it("is filled by what calls use, not by what they declare", async () => {
    const count = 2 * (limits.gasLedgerMax / Number(MOST));
    const { receipts } = await kit.close(...callsOf("rest", count));
    expect(receipts.every(({ ok }) => ok)).toBe(true);
  });

  it("judges only so much code: what found no room costs nothing and waits for another ledger", async () => {
    const source = (number: number): string =>
      `${contractText("rest: { args: [] }", "export function rest() {}")}//${number}${" ".repeat(60_000)}`;
    const deployments = [0, 1, 2, 3].map((number) =>
      kit.deployCalls(source(number), [], accountOf(`author ${number}`)),
    );
    const { receipts } = await kit.close(...deployments.flat());
    const codes = receipts.filter(({ method }) => method === "deploy").map(({ code }) => code);
    expect(codes).toEqual(["", "", "", "LEDGER_FULL"]);
    expect(receipts.at(-1)).toMatchObject({ gasUsed: 0n });
    const again = (deployments[3] ?? []).filter(({ method }) => method === "deploy");
    const next = await kit.close(...again);
    expect(next.receipts.map(({ code }) => code)).toEqual([""]);
  });

  it("has receipts in the very bytes of their layout", async () => {
    const paid = { contract, method: "nope", pays: [["XLM", 5n] as const] };
    const wide = { contract, method: "ø", gasLimit: 2n ** 64n - 1n };
    const { receipts, encodedReceipts } = await kit.close(kit.call(paid), kit.call(wide));
    expect(encodedReceipts.map((one) => Buffer.from(one))).toEqual(
      receipts.map((one) => Buffer.from(encodeReceipt(one))),
    );
  });
});

describe("a view", () => {
  it("sees the state before a commit or after it, and never some of both", async () => {
    let before = 0n;
    for (let questions = 1; questions <= 6; questions += 1) {
      const value = BigInt(questions);
      const call = kit.call({ contract, method: "set", args: [value] });
      const applied = await kit.apply([call]);
      const commit = (): void => {
        kit.state.commit(applied.writes);
        kit.runtime.committed(applied.sequence);
      };
      let isCommitted = false;
      afterQuestions(questions, () => {
        isCommitted = true;
        commit();
      });
      const { result } = await kit.runtime.view({ contract, method: "both", args: [] });
      if (!isCommitted) commit();
      kit.state.onceRead(() => {});
      kit.sequence += 1;
      expect([before, value].map((seen) => [seen, seen])).toContainEqual(result);
      before = value;
    }
  });

  it("is told that the node is busy when every attempt meets a commit", async () => {
    const keepCommitting = (): void =>
      afterQuestions(1, () => {
        kit.runtime.committed(kit.sequence - 1);
        keepCommitting();
      });
    keepCommitting();
    const view = kit.runtime.view({ contract, method: "rows", args: [] });
    await expect(view).rejects.toMatchObject({ code: "NODE_BEHIND" });
    kit.state.onceRead(() => {});
    expect(await kit.runtime.view({ contract, method: "both", args: [] })).toMatchObject({
      ok: true,
    });
  });
});

/** Does it when so many reads of state are done, and before the next one. */
function afterQuestions(count: number, action: () => void): void {
  kit.state.onceRead(() => {
    if (count > 1) afterQuestions(count - 1, action);
    else queueMicrotask(action);
  });
}
