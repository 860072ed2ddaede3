import { expectFail, type TestContract, TestNetwork } from "ace-node/contract-testing";
import { afterAll, beforeAll, expect, it } from "vitest";

const network = await TestNetwork.open(import.meta);
const [owner, fan] = [network.account("owner"), network.account("fan")];
let jar: TestContract<typeof import("./tip-jar.ts")>;

beforeAll(async () => {
  jar = await network.deploy("tip-jar.ts", { from: owner, args: [100n] });
});
afterAll(() => network.close());

it("takes a plain payment as a tip", async () => {
  const { events } = await jar.as(fan).pay(150n);
  expect(events).toMatchObject([{ topic: "tipped", data: { from: fan, amount: 150n } }]);
  expect(await jar.view("given", [fan])).toBe(150n);
});

it("refuses a tip that is too small, and gives it back", async () => {
  const { refunds } = await expectFail("TIP_TOO_SMALL", jar.as(fan).pay(99n));
  expect(refunds).toEqual([{ to: fan, asset: "XLM", amount: 99n }]);
});

it("pays out to its owner alone", async () => {
  await expectFail("TIP_NOT_OWNER", jar.as(fan).call("withdraw", [150n]));
  const { payments } = await jar.as(owner).call("withdraw", [150n]);
  expect(payments).toEqual([{ to: owner, asset: "XLM", amount: 150n }]);
  expect(await jar.view("givers")).toEqual([{ who: fan, amount: 150n }]);
});
