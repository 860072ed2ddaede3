import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import type { JsonValue } from "../../src/contracts/value-json.ts";
import {
  callDao,
  DAO,
  DELAY_S,
  GRACE_S,
  lock,
  propose,
  raise,
  TIMELOCK_S,
  VOTING_S,
  vote,
} from "../support/dao.ts";
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

const stateOf = async (id: JsonValue): Promise<unknown> =>
  Object(await dao.view(DAO, "proposal", [id])).state;

beforeEach(async () => {
  dao.advance(10_000n);
  await dao.close([]);
  const end = dao.timeS + 5_000n;
  await dao.close([lock(ann, 600n, end), lock(ben, 300n, end), lock(cy, 100n, end)]);
});

it("takes a proposal from the delay to the setting it changes, in the words of its state", async () => {
  const before = await dao.view(DAO, "setting", ["token.lifeS"]);
  const id = await dao.done(propose(ann, { ...raise, value: "301" }));
  const created = dao.timeS;
  expect(await dao.view(DAO, "proposal", [id])).toMatchObject({
    proposer: ann,
    state: "delay",
    opens: `${created + DELAY_S}`,
    ends: `${created + DELAY_S + VOTING_S}`,
    eta: `${created + DELAY_S + VOTING_S + TIMELOCK_S}`,
    graceEnds: `${created + DELAY_S + VOTING_S + TIMELOCK_S + GRACE_S}`,
    total: "1000",
    quorum: "100",
  });
  expect(await dao.done(vote(ann, id, "yes"))).toBe("600");
  expect(await stateOf(id)).toBe("voting");
  expect(await dao.code(callDao(dan, "execute", id))).toBe("DAO_NOT_QUEUED");
  const ends = created + DELAY_S + VOTING_S;
  dao.advanceTo(ends);
  expect(await dao.code(callDao(dan, "execute", id))).toBe("DAO_EARLY");
  expect(await stateOf(id)).toBe("passed");
  dao.advanceTo(ends + TIMELOCK_S);
  await dao.close([]);
  expect(await stateOf(id)).toBe("queued");

  const fromLedger = BigInt(String(await dao.done(callDao(dan, "execute", id))));
  expect(fromLedger % 10n).toBe(0n);
  expect(fromLedger).toBeGreaterThan(BigInt(dao.sequence) - 1n);
  expect(await stateOf(id)).toBe("executed");
  expect(await dao.code(callDao(dan, "execute", id))).toBe("DAO_NOT_QUEUED");
  while (BigInt(dao.sequence) < fromLedger) {
    expect(await dao.view(DAO, "setting", ["token.lifeS"])).toBe(before);
    await dao.close([]);
  }
  await dao.close([]);
  expect(await dao.view(DAO, "setting", ["token.lifeS"])).toBe("301");
});

it("lets a passed proposal expire when its grace ends, to the second", async () => {
  const id = await dao.done(propose(ann));
  const graceEnds = dao.timeS + DELAY_S + VOTING_S + TIMELOCK_S + GRACE_S;
  await dao.done(vote(ann, id, "yes"));
  dao.advanceTo(graceEnds - 1n);
  await dao.close([]);
  expect(await stateOf(id)).toBe("queued");
  dao.advanceTo(graceEnds);
  expect(await dao.code(callDao(ann, "execute", id))).toBe("DAO_EXPIRED");
  expect(await stateOf(id)).toBe("expired");
});

it("takes votes only between the opening and the end", async () => {
  dao.advance(1n);
  const { receipts } = await dao.close([propose(ann)]);
  const id = `${receipts[0]?.result}`;
  dao.advance(1n);
  expect(await dao.code(vote(ann, id, "yes"))).toBe("DAO_NOT_OPEN");
  dao.advance(1n);
  expect(await dao.code(vote(ann, id, "yes"))).toBe("");
  dao.advance(VOTING_S - 1n);
  expect(await dao.code(vote(ben, id, "yes"))).toBe("");
  dao.advance(1n);
  expect(await dao.code(vote(cy, id, "yes"))).toBe("DAO_NOT_OPEN");
  expect(await dao.code(vote(cy, "999", "yes"))).toBe("DAO_NOT_OPEN");
});

it("counts the last vote of each voter, whatever was voted before", async () => {
  const id = await dao.done(propose(ann));
  for (const choice of ["yes", "abstain", "no", "no"]) await dao.done(vote(ann, id, choice));
  await dao.done(vote(ben, id, "yes"));
  const tally = { yes: "300", no: "600", abstain: "0" };
  expect(await dao.view(DAO, "proposal", [id])).toMatchObject(tally);
  expect(await dao.view(DAO, "ballot", [id, ann])).toEqual({ choice: "no", weight: "600" });
  expect(await dao.view(DAO, "ballot", [id, cy])).toBeNull();
});

it("counts locks made before the vote opens, in votes and in the total", async () => {
  const late = accountOf("late");
  const just = accountOf("just");
  const id = await dao.done(propose(ann));
  const until = dao.timeS + 1_000n;
  dao.advance(DELAY_S - 1n);
  await dao.close([lock(just, 7n, until)]);
  dao.advance(1n);
  await dao.close([lock(late, 50n, until)]);
  expect(await dao.view(DAO, "proposal", [id])).toMatchObject({ total: "1007" });
  expect(await dao.code(vote(late, id, "yes"))).toBe("DAO_NO_POWER");
  expect(await dao.done(vote(just, id, "yes"))).toBe("7");
  expect(await dao.code(vote(dan, id, "yes"))).toBe("DAO_NO_POWER");
});

it("counts locks that last to the end of the vote, in votes and in the total", async () => {
  const short = accountOf("short");
  const exact = accountOf("exact");
  const ends = dao.timeS + 100n;
  await dao.close([lock(short, 90n, ends - 1n), lock(exact, 8n, ends)]);
  dao.advanceTo(ends - DELAY_S - VOTING_S);
  const id = await dao.done(propose(ann));
  expect(await dao.view(DAO, "proposal", [id])).toMatchObject({ ends: `${ends}`, total: "1008" });
  dao.advance(DELAY_S);
  expect(await dao.done(vote(exact, id, "yes"))).toBe("8");
  expect(await dao.code(vote(short, id, "yes"))).toBe("DAO_NO_POWER");
});

it("keeps a proposal unmoved by settings that change while it runs", async () => {
  const faster = { kind: "param.set", name: "dao.votingS", value: "5" };
  const first = await dao.done(propose(ann, faster));
  await dao.done(vote(ann, first, "yes"));
  dao.advance(DELAY_S + VOTING_S + TIMELOCK_S - 10n);
  const second = await dao.done(propose(ann));
  const before = await dao.view(DAO, "proposal", [second]);
  dao.advance(10n);
  await dao.done(callDao(ann, "execute", first));
  for (let ledger = 0; ledger < 12; ledger += 1) {
    dao.advance(1n);
    await dao.close([]);
  }
  expect(await dao.view(DAO, "setting", ["dao.votingS"])).toBe("5");
  expect(await dao.view(DAO, "proposal", [second])).toEqual({
    ...Object(before),
    state: "voting",
  });
  const slower = await dao.done(propose(ann, { ...faster, value: "30" }));
  await dao.done(vote(ann, slower, "yes"));
  dao.advance(5n + TIMELOCK_S);
  await dao.done(callDao(ann, "execute", slower));
  for (let ledger = 0; ledger < 10; ledger += 1) await dao.close([]);
  expect(await dao.view(DAO, "setting", ["dao.votingS"])).toBe("30");
});

it("refuses a proposal outside the bounds of its setting, and for what is no setting", async () => {
  const wrong = (name: string, value: bigint) => ({ kind: "param.set", name, value: `${value}` });
  expect(await dao.code(propose(ann, wrong("token.lifeS", 901n)))).toBe("DAO_BOUNDS");
  expect(await dao.code(propose(ann, wrong("token.lifeS", 9n)))).toBe("DAO_BOUNDS");
  expect(await dao.code(propose(ann, wrong("dao.unknown", 9n)))).toBe("DAO_NO_DECODER");
  expect(await dao.code(propose(ann, raise, ""))).toBe("DAO_TITLE");
});

it("takes a proposal only from power, and two open ones of an account", async () => {
  expect(await dao.code(propose(dan))).toBe("DAO_THRESHOLD");
  expect(await dao.code(propose(cy))).toBe("");
  expect(await dao.code(propose(cy))).toBe("");
  expect(await dao.code(propose(cy))).toBe("DAO_OPEN_LIMIT");
  dao.advance(DELAY_S + VOTING_S + 5n);
  expect(await dao.code(propose(cy))).toBe("");
});

it("lists proposals with the newest first, ten at a time", async () => {
  const newest = BigInt(String(await dao.done(propose(ben))));
  const ids = async (...args: readonly unknown[]) => {
    const page = await dao.view(DAO, "proposals", args);
    return Array.isArray(page) ? page.map((row) => BigInt(String(Object(row).id))) : [];
  };
  const all = Array.from({ length: Number(newest) }, (_, index) => newest - BigInt(index));
  expect(await ids()).toEqual(all.slice(0, 10));
  expect(await ids("3")).toEqual([3n, 2n, 1n]);
});

const B = { quorumBps: "1000", passBps: "5000" };
const D = { quorumBps: "2000", passBps: "6000" };
const E = { quorumBps: "3000", passBps: "6667" };
it.each([
  ["exactly half is not a majority", B, 50, 50, 0, false],
  ["just over half, with quorum", B, 51, 49, 0, true],
  ["no quorum", B, 99, 0, 0, false],
  ["abstentions alone", B, 0, 0, 100, false],
  ["abstentions fill the quorum", B, 1, 0, 99, true],
  ["exactly 60 %", D, 120, 80, 0, false],
  ["just over 60 %", D, 121, 79, 0, true],
  ["two thirds, rounded up", E, 200, 100, 0, false],
])("counts: %s", async (_name, rule, yes, no, abstain, passes) => {
  const figures = { yes, no, abstain, total: 1_000, ...rule };
  expect(await dao.view(DAO, "judge", [figures])).toBe(passes);
});

it("lists every setting with its bounds", async () => {
  const settings = await dao.view(DAO, "settings");
  expect(settings).toContainEqual({
    name: "epoch.ledgers",
    value: "10",
    next: "10",
    fromLedger: "0",
    min: "2",
    max: "17280",
  });
  expect(settings).toHaveLength(13);
  expect(await dao.view(DAO, "setting", ["none"])).toBeNull();
});
