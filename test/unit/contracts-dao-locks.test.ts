import { afterAll, beforeAll, expect, it } from "vitest";
import type { Lock } from "../../src/contracts/call.ts";
import { callDao, claimableAt, DAO, lock, selfLock } from "../support/dao.ts";
import { accountOf, Sandbox } from "../support/sandbox.ts";

const ann = accountOf("ann");
const ben = accountOf("ben");
const cy = accountOf("cy");
const dan = accountOf("dan");

let dao: Sandbox;
beforeAll(async () => {
  dao = await Sandbox.open();
});
afterAll(() => dao[Symbol.asyncDispose]());

const until = (): bigint => dao.timeS + 1_000n;

it("gives the owner of a lock power until it can be claimed, and no longer", async () => {
  const end = until();
  expect(await dao.code(lock(cy, 70n, end))).toBe("");
  expect(await dao.view(DAO, "power", [cy])).toBe("70");
  dao.advanceTo(end - 1n);
  await dao.close([]);
  expect(await dao.view(DAO, "power", [cy])).toBe("70");
  dao.advanceTo(end);
  await dao.close([]);
  expect(await dao.view(DAO, "power", [cy])).toBe("0");
  expect(await dao.view(DAO, "locks", [cy])).toEqual([]);
});

const own = (time: bigint) => ({ account: ann, predicate: claimableAt(time) });
const forms: [string, (end: bigint) => Partial<Lock>, string][] = [
  ["made by another account", () => ({ from: ben }), "DAO_LOCK_FORM"],
  [
    "for another account",
    (end) => ({ claimants: [{ account: ben, predicate: claimableAt(end) }] }),
    "DAO_LOCK_FORM",
  ],
  ["with a second claimant", (end) => ({ claimants: [own(end), own(end)] }), "DAO_LOCK_FORM"],
  ["of another end than said", (end) => ({ claimants: [own(end + 1n)] }), "DAO_LOCK_FORM"],
  [
    "that can be claimed at once",
    () => ({ claimants: [{ account: ann, predicate: { kind: "always" } }] }),
    "DAO_LOCK_FORM",
  ],
  [
    "that can be claimed before its end",
    (time) => ({ claimants: [{ account: ann, predicate: { kind: "before", time } }] }),
    "DAO_LOCK_FORM",
  ],
  [
    "whose end counts from its making",
    () => ({
      claimants: [
        { account: ann, predicate: { kind: "not", of: { kind: "within", seconds: 1_000n } } },
      ],
    }),
    "DAO_LOCK_FORM",
  ],
  [
    "that means the same in another form",
    (end) => ({
      claimants: [
        { account: ann, predicate: { kind: "and", of: [claimableAt(end), claimableAt(end)] } },
      ],
    }),
    "DAO_LOCK_FORM",
  ],
  ["of another asset", () => ({ asset: "XLM" }), "DAO_LOCK_ASSET"],
  ["of the same code by another issuer", () => ({ asset: `ACE:${ben}` }), "DAO_LOCK_ASSET"],
];
it.each(forms)("refuses a lock %s", async (_form, change, code) => {
  const end = until();
  const locks = [{ ...selfLock(ann, 5n, end), ...change(end) }];
  expect(await dao.code({ ...callDao(ann, "lock", `${end}`), locks })).toBe(code);
});

it("refuses to lock when the transaction makes no lock, or more than one", async () => {
  const end = until();
  const one = selfLock(ann, 5n, end);
  expect(await dao.code(callDao(ann, "lock", `${end}`))).toBe("DAO_LOCK_FORM");
  const two = { ...callDao(ann, "lock", `${end}`), locks: [one, one] };
  expect(await dao.code(two)).toBe("DAO_LOCK_FORM");
});

it("refuses a lock shorter than the setting allows, or longer than four years", async () => {
  const at = dao.timeS + 5n;
  expect(await dao.code(lock(ann, 5n, at + 59n))).toBe("DAO_LOCK_TIME");
  const later = dao.timeS + 5n;
  expect(await dao.code(lock(ann, 5n, later + 126_144_001n))).toBe("DAO_LOCK_TIME");
});

it("lets one account hold 32 live locks and no more", async () => {
  const end = until();
  const locks = Array.from({ length: 33 }, () => lock(dan, 1n, end));
  const { receipts } = await dao.close(locks);
  expect(receipts.filter(({ ok }) => ok)).toHaveLength(32);
  expect(receipts.at(-1)?.code).toBe("DAO_LOCK_LIMIT");
  dao.advanceTo(end);
  expect(await dao.code(lock(dan, 1n, end + 100n))).toBe("");
  dao.advanceTo(end + 100n);
  await dao.close([]);
});
