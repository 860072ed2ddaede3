import { expectFail, type TestContract, TestNetwork } from "ace-node/contract-testing";
import { afterAll, beforeAll, expect, it } from "vitest";

const network = await TestNetwork.open(import.meta);
const [owner, fan] = [network.account("owner"), network.account("fan")];
let counter: TestContract<typeof import("./counter.ts")>;

beforeAll(async () => {
  counter = await network.deploy("counter.ts", { from: owner, args: [10n] });
});
afterAll(() => network.close());

it("counts what everybody adds", async () => {
  await counter.as(fan).call("add", [3n]);
  const { result, events } = await counter.as(owner).call("add", [4n]);
  expect(result).toBe(7n);
  expect(events).toMatchObject([{ topic: "counted", data: { by: owner, sum: 7n } }]);
  expect(await counter.view("count")).toBe(7n);
});

it("takes no step that is too large, and no other step back", async () => {
  await expectFail("COUNTER_STEP", counter.as(fan).call("add", [11n]));
  await expectFail("COUNTER_STEP", counter.as(fan).call("add", [-1n]));
  expect(await counter.view("count")).toBe(7n);
});
