import { expectFail, type TestContract, TestNetwork } from "ace-node/contract-testing";
import { afterAll, beforeAll, expect, it } from "vitest";

const PRICE = 50_000_000n;
const MONTH_S = 2_592_000n;
const CONTENT = "ab".repeat(32);
const network = await TestNetwork.open(import.meta);
const [owner, fan] = [network.account("owner"), network.account("fan")];
let licence: TestContract<typeof import("./licence.ts")>;

const hasAccess = async (): Promise<boolean> => {
  const query = { atS: network.time, country: undefined, device: undefined };
  return (await licence.view("access", [fan, CONTENT, query])).ok;
};

beforeAll(async () => {
  const shares = [{ to: owner, ppm: 1_000_000n }];
  const split = await network.deploy("../revenue-split/revenue-split.ts", {
    from: owner,
    args: [shares],
  });
  licence = await network.deploy("licence.ts", {
    from: owner,
    args: ["XLM", PRICE, MONTH_S, split.number],
  });
  await licence.as(owner).call("addContent", [CONTENT, `btih:${"01".repeat(20)}`]);
});
afterAll(() => network.close());

it("opens its content for a month to whoever pays the price", async () => {
  expect(await hasAccess()).toBe(false);
  await licence.as(fan).pay(PRICE);
  expect(await hasAccess()).toBe(true);
  await network.advance({ seconds: MONTH_S });
  expect(await hasAccess()).toBe(false);
});

it("gives an underpayment back and grants nothing", async () => {
  const { refunds } = await expectFail("LICENCE_UNDERPAID", licence.as(fan).pay(PRICE - 1n));
  expect(refunds).toEqual([{ to: fan, asset: "XLM", amount: PRICE - 1n }]);
  expect(await hasAccess()).toBe(false);
});

it("is never sold above the price that the buyer agreed to", async () => {
  await licence.as(owner).call("setPrice", [PRICE * 2n]);
  const purchase = { to: undefined, maxPrice: PRICE, direct: false };
  const buying = licence.as(fan).call("buy", [purchase], { pay: PRICE * 2n });
  await expectFail("LICENCE_PRICE_CHANGED", buying);
});

it("lets its owner alone change the price", async () => {
  await expectFail("LICENCE_NOT_OWNER", licence.as(fan).call("setPrice", [1n]));
});
