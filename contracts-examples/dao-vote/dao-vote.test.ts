import { expectFail, type TestContract, TestNetwork } from "ace-node/contract-testing";
import { afterAll, beforeAll, expect, it } from "vitest";

const VOTING_S = 3_600n;
const network = await TestNetwork.open(import.meta);
const [ann, ben, cy] = [network.account("ann"), network.account("ben"), network.account("cy")];
const stranger = network.account("stranger");
let club: TestContract<typeof import("./dao-vote.ts")>;

beforeAll(async () => {
  club = await network.deploy("dao-vote.ts", { from: ann, args: [[ann, ben, cy], 10n, VOTING_S] });
});
afterAll(() => network.close());

it("changes its value when more than half agree, once the vote is over", async () => {
  const { result: id } = await club.as(ann).call("propose", ["A new fee", 20n]);
  await club.as(ann).call("vote", [id, true]);
  await club.as(ben).call("vote", [id, true]);
  await expectFail("CLUB_EARLY", club.as(stranger).call("close", [id]));
  await network.advance({ seconds: VOTING_S });
  expect((await club.as(stranger).call("close", [id])).result).toBe(true);
  expect(await club.view("value")).toBe(20n);
});

it("hears members alone", async () => {
  await expectFail("CLUB_NOT_MEMBER", club.as(stranger).call("propose", ["Mine", 99n]));
});
