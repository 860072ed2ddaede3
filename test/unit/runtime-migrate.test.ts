// Goal: a change of code that cannot be finished leaves nothing behind, and a vote changes only what it says.
// Method: migrations that fail at each of their steps and for want of gas; all rows of state compared.
//         A small contract in the DAO's place enacts whatever it was told.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { codeHashOf } from "../../src/runtime/admit.ts";
import type { Receipt } from "../../src/runtime/applied.ts";
import { DAY_S, hashOf, OWNER, owner, stranger, till, Upgrades } from "../support/upgrades.ts";

let node: Upgrades;
beforeAll(async () => {
  node = await Upgrades.open();
});
afterAll(() => node[Symbol.asyncDispose]());

const first = till({ upgrade: OWNER });
const second = till({ upgrade: OWNER, step: "10n", migrate: "n.set(n.get() + from * 100n);" });

describe("a migration that fails", () => {
  const failing = (after: number): string =>
    till({
      upgrade: OWNER,
      migrate: `let left = ${after}n;
        const step = (work) => { if (left === 0n) fail("HALF_WAY"); left -= 1n; work(); };
        step(() => n.set(1000n)); step(() => rows.set(1n, 1n)); step(() => emit("moved", 1n));
        step(() => rows.delete(1n)); step(() => pay(ctx.self, XLM, 1n)); step(() => n.delete()); step(() => {});`,
    });

  it("leaves the old code, all state and the announcement, wherever it fails", async () => {
    const contract = await node.kit.deploy(first, [], owner);
    await node.kit.one({ contract, method: "add", args: [5n], pays: [["XLM", 9n]] });
    for (let after = 0; after < 7; after += 1) {
      const next = failing(after);
      await node.announce(contract, next);
      node.kit.wait(7n * DAY_S);
      const before = node.rows;
      expect(await node.upgrade(contract, next)).toMatchObject({
        code: "HALF_WAY",
        events: [],
        effects: [],
      });
      expect(node.rows).toEqual(before);
      expect(await node.view(contract)).toBe(5n);
    }
  });

  it("for want of gas leaves all as it was, and succeeds with more", async () => {
    const next = till({
      upgrade: OWNER,
      migrate: "for (let i = 0n; i < 20n; i++) rows.set(i, i); n.set(0n);",
    });
    const contract = await node.kit.deploy(first, [], owner);
    await node.kit.one({ contract, method: "add", args: [5n] });
    await node.announce(contract, next);
    node.kit.wait(7n * DAY_S);
    const asked = { method: "upgrade", args: [contract, hashOf(next)], caller: owner };
    const codes: string[] = [];
    for (let gasLimit = 1_000n; codes.at(-1) !== ""; gasLimit += 2_000n) {
      const before = node.rows;
      const { code, gasUsed } = await node.kit.one({ ...asked, gasLimit });
      codes.push(code);
      expect(gasUsed).toBeLessThanOrEqual(gasLimit);
      if (code !== "") expect(node.rows).toEqual(before);
    }
    expect(new Set(codes.slice(0, -1))).toEqual(new Set(["OUT_OF_GAS"]));
    expect(codes.length).toBeGreaterThan(5);
    expect(await node.view(contract)).toBe(0n);
  });
});

describe("a vote", () => {
  const DAO = 'upgrade: "dao",';
  const ruled = till({ upgrade: DAO });
  const next = till({ upgrade: DAO, step: "10n", migrate: "n.set(from);" });
  let proposals = 0n;
  const pass = async (contract: bigint, source: string): Promise<bigint> => {
    proposals += 1n;
    const hash = hashOf(source);
    await node.kit.one({ contract: 1n, method: "pass", args: [proposals, contract, hash] });
    return proposals;
  };
  const publish = async (source: string): Promise<Receipt> =>
    await node.registry("publish", [await node.put(source, stranger)], stranger);

  it("changes the code, whoever sends it, and is spent by it", async () => {
    const contract = await node.kit.deploy(ruled, [], owner);
    await node.kit.one({ contract, method: "add", args: [5n] });
    expect(await publish(next)).toMatchObject({ code: "", codeHash: codeHashOf(next) });
    const id = await pass(contract, next);
    expect(await node.announce(contract, next)).toMatchObject({ code: "UPGRADE_BY_VOTE" });
    expect(await node.upgrade(contract, next)).toMatchObject({ code: "UPGRADE_BY_VOTE" });
    const other = await node.registry("upgrade", [contract, hashOf(ruled), id], stranger);
    expect(other).toMatchObject({ code: "DAO_OTHER_ACTION" });
    const receipt = await node.registry("upgrade", [contract, hashOf(next), id], stranger);
    expect(receipt).toMatchObject({ code: "", codeHash: codeHashOf(next) });
    expect(await node.view(contract)).toBe(1n);
    const again = await node.registry("upgrade", [contract, hashOf(next), id], stranger);
    expect(again).toMatchObject({ code: "DAO_NOT_QUEUED" });
  });

  it("is not spent when the code is not there, does not fit or fails", async () => {
    const contract = await node.kit.deploy(ruled, [], owner);
    const missing = till({ upgrade: DAO, step: "11n" });
    const looser = till({ upgrade: OWNER, step: "11n" });
    const broken = till({ upgrade: DAO, migrate: `fail("BROKEN")` });
    const outcomes: string[] = [];
    for (const source of [missing, looser, broken]) {
      if (source !== missing) await publish(source);
      const id = await pass(contract, source);
      const { code } = await node.registry("upgrade", [contract, hashOf(source), id]);
      const done = await node.kit.runtime.view({ contract: 1n, method: "done", args: [id] });
      outcomes.push(`${code} ${String(done.result)}`);
    }
    expect(outcomes).toEqual(["CODE_INCOMPLETE 0", "UPGRADE_INCOMPATIBLE 0", "BROKEN 0"]);
  });

  it("has no say where the owner decides", async () => {
    const contract = await node.kit.deploy(first, [], owner);
    await node.announce(contract, second);
    node.kit.wait(7n * DAY_S);
    const id = await pass(contract, second);
    expect(await node.registry("upgrade", [contract, hashOf(second), id])).toMatchObject({
      code: "UPGRADE_BY_OWNER",
    });
  });
});

it("cannot be forced by a payment, and gives that back", async () => {
  const contract = await node.kit.deploy(first, [], owner);
  const receipt = await node.kit.one({ method: "upgrade", args: [contract], pays: [["XLM", 5n]] });
  expect(receipt).toMatchObject({ code: "NOT_PAYABLE", refunds: [{ amount: 5n }] });
});
