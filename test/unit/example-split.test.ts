import { afterAll, beforeAll, expect, it } from "vitest";
import { muxedAddress } from "../../src/lib/strkey.ts";
import { accountOf, exampleSource, Sandbox, vault } from "../support/sandbox.ts";

const owner = accountOf("owner");
const studio = accountOf("studio");
const author = accountOf("author");
const fund = accountOf("fund");
const payer = accountOf("payer");
const shares = [
  { to: studio, ppm: 700_000 },
  { to: author, ppm: 290_000 },
  { to: fund, ppm: 10_000 },
];
const source = exampleSource("revenue-split");

/** A licence contract that records whatever it is told. */
const SELLER = `
import { account, asset, bool, call, contract, int, list } from "ace-node/contract";
contract({
  name: "seller",
  methods: {
    setup: { args: [] },
    record: { args: [int, asset, list({ to: account, amount: int }, 50)], returns: bool },
  },
});
export function setup() {}
export function record(split, of, payments) {
  return call(split, "recordDirect", [of, payments]);
}
`;

let sandbox: Sandbox;
const deploy = (lines: readonly object[] = shares): Promise<bigint> =>
  sandbox.deploy(source, owner, [lines]);

beforeAll(async () => {
  sandbox = await Sandbox.open();
});
afterAll(() => sandbox[Symbol.asyncDispose]());

it("divides a plain payment at once and keeps less than a stroop a line", async () => {
  const split = await deploy();
  const receipt = await sandbox.send({ from: payer, pays: [{ to: split, amount: 37n }] });
  expect(receipt).toMatchObject({ ok: true, method: "receive", refunds: [] });
  expect(receipt.effects).toEqual([
    { contract: split, to: studio, asset: "XLM", amount: 25n },
    { contract: split, to: author, asset: "XLM", amount: 10n },
  ]);
  expect(await sandbox.view(split, "statement", ["XLM"])).toEqual({
    received: "37",
    held: "2",
    lines: [
      { to: studio, ppm: "700000", accrued: "25", paid: "25" },
      { to: author, ppm: "290000", accrued: "10", paid: "10" },
      { to: fund, ppm: "10000", accrued: "0", paid: "0" },
    ],
  });
});

it("loses nobody's share to rounding, however small the payments are", async () => {
  const split = await deploy();
  const pays = Array.from({ length: 20 }, () => ({ to: split, amount: 37n }));
  await sandbox.close(Array.from({ length: 5 }, () => ({ from: payer, pays })));
  expect(await sandbox.view(split, "statement", ["XLM"])).toMatchObject({
    received: "3700",
    held: "0",
    lines: [{ paid: "2590" }, { paid: "1073" }, { paid: "37" }],
  });
});

it("keeps the books of each asset apart, and credits what came with a call", async () => {
  const split = await deploy();
  const usd = `USD:${accountOf("issuer")}`;
  const call = { contract: split, method: "credit", args: [usd] };
  const pays = [
    { to: split, amount: 100n, asset: usd },
    { to: split, amount: 50n },
  ];
  expect(await sandbox.done({ from: payer, call, pays })).toBe("100");
  expect(await sandbox.view(split, "statement", [usd])).toMatchObject({ received: "100" });
  expect(await sandbox.view(split, "statement", ["XLM"])).toMatchObject({ received: "0" });
  const xlm = { from: payer, call: { contract: split, method: "credit", args: ["XLM"] } };
  expect(await sandbox.done(xlm)).toBe("50");
  expect(await sandbox.done(xlm)).toBe("0");
});

it("suggests a direct payment that adds up, its odd stroops where most is owed", async () => {
  const split = await deploy();
  const vector = (amount: number) => sandbox.view(split, "vector", ["XLM", amount]);
  expect(await vector(100)).toEqual([
    { to: studio, amount: "70" },
    { to: author, amount: "29" },
    { to: fund, amount: "1" },
  ]);
  expect(await vector(37)).toEqual([
    { to: studio, amount: "26" },
    { to: author, amount: "11" },
  ]);
});

it("records direct payments only for contracts that its owner allowed", async () => {
  const split = await deploy();
  const call = (method: string, ...args: readonly unknown[]) => ({ contract: split, method, args });
  const address = muxedAddress(vault, 999n);
  const direct = call("recordDirect", "XLM", [{ to: studio, amount: 1 }]);
  expect(await sandbox.code({ from: owner, call: direct })).toBe("SPLIT_POLICY");
  expect(await sandbox.code({ from: payer, call: call("allow", address) })).toBe("SPLIT_OWNER");
  expect(await sandbox.code({ from: owner, call: call("allow", owner) })).toBe("SPLIT_POLICY");
  expect(await sandbox.code({ from: owner, call: call("allow", address) })).toBe("");
  expect(await sandbox.view(split, "allows", [address])).toBe(true);
  expect(await sandbox.code({ from: owner, call: call("disallow", address) })).toBe("");
  expect(await sandbox.view(split, "allows", [address])).toBe(false);
});

it("gives no odd stroop to a line whose share is whole, even if it is owed most", async () => {
  const others = Array.from({ length: 10 }, (_, index) => accountOf(`line ${index}`));
  const split = await deploy([
    { to: studio, ppm: 500_000 },
    ...others.map((to) => ({ to, ppm: 50_000 })),
  ]);
  await sandbox.done({ from: payer, pays: [{ to: split, amount: 1n }] });
  expect(await sandbox.view(split, "vector", ["XLM", 2])).toEqual([
    { to: studio, amount: "1" },
    { to: others[0], amount: "1" },
  ]);
});

it("books only direct payments that give each line its share, rounded down or up", async () => {
  const seller = await sandbox.deploy(SELLER, owner, []);
  const split = await deploy([
    { to: studio, ppm: 400_000 },
    { to: author, ppm: 300_000 },
    { to: fund, ppm: 300_000 },
  ]);
  const allow = { contract: split, method: "allow", args: [muxedAddress(vault, seller)] };
  await sandbox.done({ from: owner, call: allow });
  const record = (...payments: readonly (readonly [string, number])[]) => {
    const list = payments.map(([to, amount]) => ({ to, amount }));
    const args = [`${split}`, "XLM", list];
    return sandbox.done({ from: payer, call: { contract: seller, method: "record", args } });
  };
  expect(await record([studio, 401], [author, 300], [fund, 300])).toBe(true);
  expect(await record([studio, 400], [author, 301], [fund, 300])).toBe(true);
  expect(await record([author, 1])).toBe(true);
  expect(await record([studio, 399], [author, 301], [fund, 301])).toBe(false);
  expect(await record([studio, 402], [author, 300], [fund, 299])).toBe(false);
  expect(await record([studio, 4], [author, 3], [fund, 3], [payer, 0])).toBe(false);
  expect(await record([studio, 4], [author, 3], [fund, 3], [fund, 0])).toBe(false);
  expect(await record([studio, -4], [author, -3], [fund, -3])).toBe(false);
  expect(await record()).toBe(false);
  expect(await sandbox.view(split, "statement", ["XLM"])).toMatchObject({ received: "2003" });
});

it.each([
  ["shares below the whole", [{ to: studio, ppm: 999_999 }], "SPLIT_SUM"],
  [
    "a share of nothing",
    [
      { to: studio, ppm: 1_000_000 },
      { to: author, ppm: 0 },
    ],
    "SPLIT_SUM",
  ],
  [
    "a recipient twice",
    [
      { to: studio, ppm: 500_000 },
      { to: studio, ppm: 500_000 },
    ],
    "SPLIT_DUPLICATE",
  ],
  ["the vault as recipient", [{ to: vault, ppm: 1_000_000 }], "SPLIT_RECIPIENT"],
  [
    "a contract as recipient",
    [{ to: muxedAddress(vault, 256n), ppm: 1_000_000 }],
    "SPLIT_RECIPIENT",
  ],
])("is not deployed with %s", async (_name, lines, code) => {
  expect(await sandbox.refusedDeploy(source, owner, [lines])).toBe(code);
});

it("pays fifty recipients in one call within the default gas", async () => {
  const lines = Array.from({ length: 50 }, (_, index) => ({
    to: accountOf(`line ${index}`),
    ppm: 20_000,
  }));
  const split = await deploy(lines);
  const receipt = await sandbox.send({ from: payer, pays: [{ to: split, amount: 5_000n }] });
  expect(receipt.code).toBe("");
  expect(receipt.effects).toHaveLength(50);
  expect(receipt.effects.every(({ amount }) => amount === 100n)).toBe(true);
});
