// Goal: who may sign access tokens is for the vote to say, in time for every verifier to know.
// Method: the DAO contract in the real runtime; time and ledgers go on as the test says.
import { afterAll, beforeAll, expect, it } from "vitest";
import type { JsonValue } from "../../src/contracts/value-json.ts";
import { isSoundPoint } from "../../src/lib/ed25519-points.ts";
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

/** y as 32 bytes, little-endian; the highest bit is the sign of x. */
const encoded = (y: bigint, sign = 0n): string => {
  const big = (y | (sign << 255n)).toString(16).padStart(64, "0");
  return Uint8Array.fromHex(big).toReversed().toHex();
};
const P = 2n ** 255n - 19n;
const EIGHTH = BigInt(
  `0x${Uint8Array.fromHex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05").toReversed().toHex()}`,
);
const small = [0n, 1n, EIGHTH, P - EIGHTH, P - 1n];
const uncanonical = Array.from({ length: 19 }, (_, above) => P + BigInt(above));

it("takes no key that anybody can sign for, nor one that is not written as keys are", async () => {
  for (const y of [...small, ...uncanonical]) {
    for (const sign of [0n, 1n]) {
      const unsound = issuer("issuer.add", "0", newcomer, encoded(y, sign));
      expect([y, sign, await dao.code(unsound)]).toEqual([y, sign, "DAO_ISSUER_KEY"]);
    }
  }
  const sound = [2n, P - 2n, EIGHTH + 1n, EIGHTH - 1n, P - 1n - (1n << 246n)];
  for (const y of sound) {
    expect(isSoundPoint(encoded(y))).toBe(true);
    const code = await dao.code(issuer("issuer.add", "0", newcomer, encoded(y)));
    // So many proposals may be open at once.
    expect(["", "DAO_OPEN_LIMIT"]).toContain(code);
  }
  expect(
    [...small, ...uncanonical].some(
      (y) => isSoundPoint(encoded(y)) || isSoundPoint(encoded(y, 1n)),
    ),
  ).toBe(false);
});
