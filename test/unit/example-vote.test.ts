import { afterAll, beforeAll, expect, it } from "vitest";
import type { JsonValue } from "../../src/contracts/value-json.ts";
import { accountOf, exampleSource, Sandbox, type Send } from "../support/sandbox.ts";

const members = ["ann", "ben", "cy", "dan"].map(accountOf);
const [ann = "", ben = "", cy = "", dan = ""] = members;
const stranger = accountOf("stranger");
const VOTING_S = 100n;
const source = exampleSource("dao-vote");

let club: Sandbox;
let number: bigint;
const call = (from: string, method: string, ...args: readonly unknown[]): Send => ({
  from,
  call: { contract: number, method, args },
});
const propose = (value: number): Promise<JsonValue> =>
  club.done(call(ann, "propose", "A new fee", `${value}`));
const vote = (from: string, id: JsonValue, agrees: boolean): Promise<string> =>
  club.code(call(from, "vote", id, agrees));
const value = (): Promise<JsonValue> => club.view(number, "value");

beforeAll(async () => {
  club = await Sandbox.open();
  number = await club.deploy(source, ann, [members, "10", `${VOTING_S}`]);
});
afterAll(() => club[Symbol.asyncDispose]());

it("changes its value when more than half of all members agree", async () => {
  const id = await propose(20);
  for (const member of [ann, ben, cy]) expect(await vote(member, id, true)).toBe("");
  expect(await club.code(call(stranger, "close", id))).toBe("CLUB_EARLY");
  club.advance(VOTING_S);
  expect(await club.done(call(stranger, "close", id))).toBe(true);
  expect(await value()).toBe("20");
  expect(await club.view(number, "proposal", [id])).toMatchObject({ state: "closed", yes: "3" });
  expect(await club.code(call(stranger, "close", id))).toBe("CLUB_NOT_OPEN");
});

it("keeps its value when just half agree", async () => {
  const before = await value();
  const id = await propose(30);
  for (const member of [ann, ben]) expect(await vote(member, id, true)).toBe("");
  club.advance(VOTING_S);
  expect(await club.done(call(ann, "close", id))).toBe(false);
  expect(await value()).toBe(before);
});

it("counts one vote of each member, and the last one", async () => {
  const id = await propose(40);
  for (const agrees of [true, true, false, false]) expect(await vote(dan, id, agrees)).toBe("");
  expect(await club.view(number, "proposal", [id])).toMatchObject({ yes: "0", no: "1" });
  expect(await vote(stranger, id, true)).toBe("CLUB_NOT_MEMBER");
  club.advance(VOTING_S);
  expect(await vote(ann, id, true)).toBe("CLUB_NOT_OPEN");
  expect(await club.view(number, "proposal", [id])).toMatchObject({ state: "rejected" });
});

it("is deployed only with members, each once, and time to vote", async () => {
  const refused = (...args: readonly unknown[]) => club.refusedDeploy(source, ann, args);
  expect(await refused([], "1", "1")).toBe("CLUB_MEMBERS");
  expect(await refused([ann, ann], "1", "1")).toBe("CLUB_MEMBERS");
  expect(await refused([ann], "1", "0")).toBe("CLUB_VOTING_TIME");
});
