// Goal: a contract sees another only by calling it, is gone when its call is over, and leaves nothing
//       behind that the next one pays for.
// Method: two contracts in one real process, one of them an intruder. What it tries to keep, hand over
//         or spoil is looked for from the other side; what it costs its neighbour is counted in
//         questions to the node, never in time.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { toByteText } from "../../src/runtime/byte-text.ts";
import { keyOwner } from "../../src/runtime/key-owner.ts";
import { frameTypes } from "../../src/runtime/process-frames.ts";
import { spawnContractProcess } from "../../src/runtime/process-spawn.ts";
import { accountOf, contractText, RuntimeKit } from "../support/runtime-kit.ts";

const host = contractText(
  `set: { args: [int] }, get: { args: [], returns: optional(int), view: true },
   give: { args: [], returns: list(record({ n: int, all: list(int, 8) }), 8) }, ill: { args: [] }, half: { args: [] },
   eat: { args: [list(int, 8)], returns: int }`,
  `const value = state.value("value", int);
   const names = state.map("names", text, int);
   const shared = [{ n: 1n, all: [1n, 2n] }];
   export function set(n) { value.set(n); names.set("a", n); }
   export function get() { return value.get(); }
   export function give() { return shared; }
   export function ill() { throw { code: "MINE", secret: 42n, open() { return value; } }; }
   export function half() { value.set(999n); emit("half", 1n); fail("HALF"); }
   export function eat(all) { try { all[0] = 9n; } catch (error) {} try { all.push(9n); } catch (error) {} return all[0]; }`,
);
const intruder = contractText(
  `look: { args: [], returns: list(optional(int), 8) }, count: { args: [], returns: int }, keys: { args: [text, int] },
   keep: { args: [int], returns: int }, any: { args: [], returns: int }, spoil: { args: [int], returns: list(int, 8) },
   caught: { args: [int], returns: list(text, 20) }, pass: { args: [int], returns: list(text, 20) },
   after: { args: [int], returns: optional(int) }, lend: { args: [int], returns: int }, junk: { args: [] }, read: { args: [int] },
   patch: { args: [], returns: list(text, 20) }, late: { args: [], returns: text }`,
  `const value = state.value("value", int);
   const names = state.map("names", text, int);
   const many = state.map("any", text, int);
   let kept; let handle; const calls = [];
   export function look() { return [value.get(), names.get("a")]; }
   export function count() { let n = 0n; for (const row of names.scan()) n += 1n; return n; }
   export function keys(key, n) { many.set(key, n); }
   export function keep(other) { kept = { other }; handle = () => call(other, "get", []); calls.push(handle); return 1n; }
   export function any() { return kept === undefined && handle === undefined && calls.length === 0 ? 0n : 1n; }
   export function spoil(other) {
     const first = call(other, "give", []);
     const seen = [first[0].all[0]];
     try { first[0].all[0] = 7n; } catch (error) {}
     try { first.push(1n); } catch (error) {}
     const again = call(other, "give", []);
     return [seen[0], again[0].all[0], BigInt(again.length)];
   }
   export function caught(other) {
     try { call(other, "ill", []); return ["none"]; }
     catch (error) { return [error.code, typeof error.secret, typeof error.open, typeof error.cause, typeof error.stack]; }
   }
   export function pass(other) {
     const told = [];
     for (const args of [[() => 1n], [{}], [value], [[() => 1n]], [ctx]]) {
       try { call(other, "eat", args); told.push("taken"); } catch (error) { told.push(error.code); }
     }
     return told;
   }
   export function after(other) { try { call(other, "half", []); } catch (error) {} return call(other, "get", []); }
   export function lend(other) { const own = [1n, 2n]; call(other, "eat", [own]); return own[0] * 10n + BigInt(own.length); }
   export function junk() { let all = []; for (;;) { all.push([1n, { a: 2n }]); if (all.length > 20000) all = []; } }
   export function read(other) { for (let i = 0n; ; i += 1n) many.get("k" + i); }
   export function patch() {
     const told = [];
     for (const target of [[], {}, "", 1n, Map, Error, Object, Math, ctx, state, call]) {
       try { target.x = 1n; told.push("kept"); } catch (error) { told.push(error.code); }
     }
     return told;
   }
   export function late() { try { return handle() + ""; } catch (error) { return error.code; } }`,
);

let kit: RuntimeKit;
let victim = 0n;
let other = 0n;
/** Of the process, about state. */
let questions = 0;
/** Bytes that came from the process. */
let bytes = 0;
beforeAll(async () => {
  kit = await RuntimeKit.open({
    spawn: (events, options) =>
      spawnContractProcess(
        {
          ...events,
          onFrame: (part) => {
            bytes += part.payload.length;
            if (part.type === frameTypes.read || part.type === frameTypes.scan) questions += 1;
            events.onFrame(part);
          },
        },
        options,
      ),
  });
  victim = await kit.deploy(host);
  other = await kit.deploy(intruder);
  await kit.one({ contract: victim, method: "set", args: [5n] });
});
afterAll(() => kit[Symbol.asyncDispose]());

const of = async (method: string, args: readonly (bigint | string)[] = []) =>
  kit.one({ contract: other, method, args });

describe("the state of a contract", () => {
  it("is not seen by another that declares the same names", async () => {
    expect((await of("look")).result).toEqual([null, null]);
    expect((await of("count")).result).toBe(0n);
    expect((await kit.one({ contract: victim, method: "get" })).result).toBe(5n);
  });

  it("is not reached by any key: all that a contract writes begins with its own number", async () => {
    const parts = ["", "\x01", "\uffff", "é", "a/b", "../", `${victim}`, "\x01\x00value", "value"];
    for (const part of parts) {
      const { writes } = await kit.close(
        kit.call({ contract: other, method: "keys", args: [part, 1n] }),
      );
      const owners = writes.map(({ key }) => keyOwner(toByteText(key)));
      // What it holds is counted by the system.
      expect(owners.filter((owner) => owner !== 0 && owner !== Number(other))).toEqual([]);
    }
    expect((await kit.one({ contract: victim, method: "get" })).result).toBe(5n);
  });

  it("that a failed call wrote is not there for whoever called it", async () => {
    expect((await of("after", [victim])).result).toBe(5n);
  });
});

describe("a contract", () => {
  it("keeps nothing from one call to the next, neither values nor closures", async () => {
    const keep = kit.call({ contract: other, method: "keep", args: [victim] });
    const kept = kit.call({ contract: other, method: "any" });
    const late = kit.call({ contract: other, method: "late" });
    const { receipts } = await kit.close(keep, kept, late);
    expect(receipts.map(({ result }) => result)).toEqual([1n, 0n, "TYPE_ERROR"]);
  });

  it("gets copies of what another returns, and gives copies of what it passes", async () => {
    expect((await of("spoil", [victim])).result).toEqual([1n, 1n, 1n]);
    expect((await of("lend", [victim])).result).toBe(12n);
  });

  it("learns the code of what another throws and nothing else of it", async () => {
    const [code, ...rest] = listOf(await of("caught", [victim]));
    expect(code).toBe("THROWN");
    expect(rest).toEqual(["undefined", "undefined", "undefined", "undefined"]);
  });

  it("cannot hand functions, handles of state or its context to another", async () => {
    expect(new Set(listOf(await of("pass", [victim])))).toEqual(new Set(["ARGS_INVALID"]));
  });

  it("cannot leave anything on what all contracts have", async () => {
    const told = listOf(await of("patch"));
    const own = told.slice(0, 2);
    expect(own).toEqual(["kept", "kept"]);
    expect(told.slice(2)).not.toContain("kept");
  });
});

describe("the neighbour of a contract that uses up all its gas", () => {
  it.each(["junk", "read"])(
    "pays the same, and asks the node for nothing anew: %s",
    async (method) => {
      const set = () => kit.call({ contract: victim, method: "set", args: [6n] });
      await kit.close(set());
      const calm = await kit.close(set());
      const spend = kit.call({
        contract: other,
        method,
        args: method === "read" ? [1n] : [],
        gasLimit: 1_000_000n,
      });
      const { receipts } = await kit.close(spend);
      expect(receipts[0]?.code).toBe("OUT_OF_GAS");
      questions = 0;
      const after = await kit.close(set());
      expect(questions).toBe(0);
      expect(after.receipts[0]?.gasUsed).toBe(calm.receipts[0]?.gasUsed);
    },
  );
});

it("what a contract makes costs the node no more than its gas paid for", async () => {
  const wide = contractText(
    "fill: { args: [] }, shout: { args: [] }, back: { args: [], returns: text }",
    `const many = state.map("many", int, text);
     const long = () => { let all = "x"; while (all.length < 8000) all = all + all; return all; };
     export function fill() { const text = long() + long(); for (let i = 0n; ; i += 1n) many.set(i, text); }
     export function shout() { const text = long(); for (;;) emit("loud", text); }
     export function back() { let all = long(); for (;;) all = all + "y"; return all; }`,
  );
  const contract = await kit.deploy(wide);
  const methods = ["fill", "shout", "back"];
  const calls = Array.from({ length: 30 }, (_, index) =>
    kit.call({
      contract,
      method: methods[index % 3] ?? "",
      gasLimit: 5_000_000n,
      caller: accountOf(`${index}`),
    }),
  );
  bytes = 0;
  const { receipts, writes } = await kit.close(...calls);
  expect(receipts.every(({ ok }) => !ok)).toBe(true);
  expect(writes.filter(({ value }) => (value?.length ?? 0) > 1_000)).toEqual([]);
  // A receipt of a failed call is short, whatever the call had gathered.
  expect(bytes).toBeLessThan(calls.length * 1_000);
});

function listOf({ result }: { readonly result: unknown }): readonly unknown[] {
  return Array.isArray(result) ? result : [];
}
