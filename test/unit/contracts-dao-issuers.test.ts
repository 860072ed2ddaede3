// Goal: who may sign access tokens is for the vote to say, in time for every verifier to know.
// Method: the DAO contract in the real runtime; time and ledgers go on as the test says.
import { afterAll, beforeAll, expect, it } from "vitest";
import type { JsonValue } from "../../src/contracts/value-json.ts";
import { callDao, DAO, lock, propose, vote } from "../support/dao.ts";
import { accountOf, Sandbox } from "../support/sandbox.ts";

const ann = accountOf("ann");
const newcomer = accountOf("issuer two");
const KEY = "5a".repeat(32);
const EPOCH = 10n;

let dao: Sandbox;

beforeAll(async () => {
  dao = await Sandbox.open();
  await dao.code(lock(ann, 1_000_000n, dao.timeS + 1_000_000n));
});
afterAll(() => dao[Symbol.asyncDispose]());

const issuer = (kind: string, value = "0", name = newcomer, code: string | null = KEY) =>
  propose(ann, { kind, name, value, code }, "Another issuer");

/** Proposes, votes, waits, executes: the ledger at which it takes effect. */
async function pass(action: ReturnType<typeof propose>): Promise<JsonValue> {
  const id = await dao.done(action);
  dao.advanceTo(dao.timeS + 3n);
  await dao.done(vote(ann, id, "yes"));
  dao.advanceTo(dao.timeS + 45n);
  return await dao.done(callDao(ann, "execute", id));
}

it("adds a key from the next epoch on, and ends it after a grace that the vote names", async () => {
  expect(await dao.view(DAO, "issuers", [])).toEqual([]);
  const fromLedger = BigInt(String(await pass(issuer("issuer.add"))));
  expect(fromLedger % EPOCH).toBe(0n);
  expect(await dao.view(DAO, "issuers", [])).toEqual([
    { key: KEY, account: newcomer, fromLedger: fromLedger.toString(), toLedger: "0" },
  ]);
  const endedAt = BigInt(String(await pass(issuer("issuer.remove", "50"))));
  expect(await dao.view(DAO, "issuers", [])).toMatchObject([
    { fromLedger: fromLedger.toString(), toLedger: (endedAt + 50n).toString() },
  ]);
});

it("ends everything that a key ever signed when the vote gives it no grace", async () => {
  await pass(issuer("issuer.remove", "0"));
  expect(await dao.view(DAO, "issuers", [])).toMatchObject([{ key: KEY, toLedger: "1" }]);
});

it.each<[string, ReturnType<typeof propose>]>([
  ["no key", issuer("issuer.add", "0", newcomer, null)],
  ["no account", issuer("issuer.add", "0", "nobody")],
  ["an add with a grace", issuer("issuer.add", "5")],
  ["a grace of more than a week", issuer("issuer.remove", "120961")],
  ["a negative grace", issuer("issuer.remove", "-1")],
])("takes no proposal with %s", async (_what, action) => {
  expect(await dao.code(action)).toBe("DAO_ACTION");
});
