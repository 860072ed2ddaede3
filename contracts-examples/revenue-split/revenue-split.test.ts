import { expectFail, type TestContract, TestNetwork } from "ace-node/contract-testing";
import { afterAll, beforeAll, expect, it } from "vitest";

const network = await TestNetwork.open(import.meta);
const [owner, band, label, fan] = [
  network.account("owner"),
  network.account("band"),
  network.account("label"),
  network.account("fan"),
];
const shares = [
  { to: band, ppm: 700_000n },
  { to: label, ppm: 300_000n },
];
let split: TestContract<typeof import("./revenue-split.ts")>;

beforeAll(async () => {
  split = await network.deploy("revenue-split.ts", { from: owner, args: [shares] });
});
afterAll(() => network.close());

it("divides what it is paid at once", async () => {
  const { payments } = await split.as(fan).pay(1_000n);
  expect(payments).toEqual([
    { to: band, asset: "XLM", amount: 700n },
    { to: label, asset: "XLM", amount: 300n },
  ]);
});

it("keeps the rest of a division for the next payment", async () => {
  const { payments } = await split.as(fan).pay(1n);
  expect(payments).toEqual([]);
  expect(await split.view("statement", ["XLM"])).toMatchObject({ received: 1_001n, held: 1n });
});

it("is not deployed with shares that are not the whole", async () => {
  const half = network.deploy("revenue-split.ts", { from: owner, args: [[{ to: band, ppm: 1n }]] });
  await expectFail("SPLIT_SUM", half);
});
