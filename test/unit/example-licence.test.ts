import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import type { JsonValue } from "../../src/contracts/value-json.ts";
import { muxedAddress } from "../../src/lib/strkey.ts";
import { accountOf, exampleSource, Sandbox, type Send, vault } from "../support/sandbox.ts";

const owner = accountOf("owner");
const studio = accountOf("studio");
const author = accountOf("author");
const viewer = accountOf("viewer");
const friend = accountOf("friend");
const content = "ab".repeat(32);
const swarm = `btih:${"cd".repeat(20)}`;
const PRICE = 1_001n;
const MONTH_S = 2_592_000n;

let sandbox: Sandbox;
let split: bigint;
let licence: bigint;

const call = (from: string, method: string, ...args: readonly unknown[]): Send => ({
  from,
  call: { contract: licence, method, args },
});
const buy = (from: string, rest: object = {}): Send =>
  call(from, "buy", { to: null, maxPrice: `${PRICE}`, direct: false, ...rest });
const paid = (amount: bigint, asset = "XLM") => [{ to: licence, amount, asset }];
const plain = (from: string, amount: bigint): Send => ({ from, pays: paid(amount) });
const rights = (of: string): Promise<JsonValue> => sandbox.view(licence, "rights", [of]);
const access = async (of: string, atS: bigint, id = content): Promise<unknown> => {
  const answer = Object(await sandbox.view(licence, "access", [of, id, { atS: `${atS}` }]));
  return answer.ok ? answer.role : answer.reason;
};

async function deploy(durationS = MONTH_S): Promise<bigint> {
  const source = exampleSource("licence");
  const terms = ["XLM", `${PRICE}`, `${durationS}`, `${split}`];
  const number = await sandbox.deploy(source, owner, terms);
  const allow = { contract: split, method: "allow", args: [muxedAddress(vault, number)] };
  await sandbox.done({ from: owner, call: allow });
  return number;
}

beforeAll(async () => {
  sandbox = await Sandbox.open();
});
afterAll(() => sandbox[Symbol.asyncDispose]());

beforeEach(async () => {
  const shares = [
    { to: studio, ppm: 500_000 },
    { to: author, ppm: 500_000 },
  ];
  split = await sandbox.deploy(exampleSource("revenue-split"), owner, [shares]);
  licence = await deploy();
  await sandbox.done(call(owner, "addContent", content, swarm));
});

it("is bought by a plain payment and opens its content for a month", async () => {
  const receipt = await sandbox.send(plain(viewer, PRICE));
  expect(receipt.code).toBe("");
  expect(receipt.effects).toEqual([
    { contract: split, to: studio, asset: "XLM", amount: 500n },
    { contract: split, to: author, asset: "XLM", amount: 500n },
  ]);
  expect(receipt.events.map(({ topic }) => topic)).toEqual(["credited", "granted"]);
  const until = sandbox.timeS + MONTH_S;
  expect(await rights(viewer)).toEqual({
    until: `${until}`,
    bought: `${sandbox.timeS}`,
    paid: `${PRICE}`,
    renewals: "0",
  });
  expect(await access(viewer, until - 1n)).toBe("viewer");
  expect(await access(viewer, until)).toBe("expired");
  expect(await access(friend, until - 1n)).toBe("no_right");
  expect(await access(owner, until + 1n)).toBe("owner");
  expect(await access(owner, until, "00".repeat(32))).toBe("unknown_content");
});

it("gives an underpayment back and grants nothing", async () => {
  const receipt = await sandbox.send(plain(viewer, PRICE - 1n));
  expect(receipt).toMatchObject({ ok: false, code: "LICENCE_UNDERPAID", effects: [] });
  expect(receipt.refunds).toEqual([{ to: viewer, asset: "XLM", amount: PRICE - 1n }]);
  expect(await rights(viewer)).toBeNull();
});

it("gives a payment in another asset back", async () => {
  const usd = `USD:${accountOf("issuer")}`;
  const receipt = await sandbox.send({ from: viewer, pays: paid(PRICE, usd) });
  expect(receipt.code).toBe("LICENCE_ASSET");
  expect(receipt.refunds).toEqual([{ to: viewer, asset: usd, amount: PRICE }]);
  const both = [...paid(PRICE), ...paid(1n, usd)];
  expect(await sandbox.code({ ...buy(viewer), pays: both })).toBe("LICENCE_ASSET");
});

it("keeps an overpayment as credit that buys again, or is paid out", async () => {
  await sandbox.done(plain(viewer, PRICE + 400n));
  expect(await sandbox.view(licence, "quote", [viewer])).toMatchObject({ credit: "400" });
  await sandbox.done({ ...buy(viewer), pays: paid(PRICE - 300n) });
  expect(await sandbox.view(licence, "quote", [viewer])).toMatchObject({ credit: "100" });
  const receipt = await sandbox.send(call(viewer, "withdrawCredit"));
  expect(receipt.effects).toEqual([{ contract: licence, to: viewer, asset: "XLM", amount: 100n }]);
  expect(await sandbox.code(call(viewer, "withdrawCredit"))).toBe("LICENCE_NO_CREDIT");
});

it("adds up the credit of several overpayments, and of payments beside a direct purchase", async () => {
  await sandbox.done(plain(viewer, PRICE + 1n));
  await sandbox.done(plain(viewer, PRICE + 2n));
  const direct = directly([501n, 500n]);
  await sandbox.done({ ...direct, pays: [...(direct.pays ?? []), ...paid(4n)] });
  expect(await sandbox.view(licence, "quote", [viewer])).toMatchObject({ credit: "7" });
});

it("leaves the credit alone when a purchase with it fails", async () => {
  await sandbox.done(plain(viewer, PRICE + 400n));
  const failing = { ...buy(viewer), pays: paid(600n) };
  expect(await sandbox.code(failing)).toBe("LICENCE_UNDERPAID");
  expect(await sandbox.view(licence, "quote", [viewer])).toMatchObject({ credit: "400" });
});

it("extends what is left when bought again, and begins anew after the end", async () => {
  await sandbox.done(plain(viewer, PRICE));
  const first = sandbox.timeS + MONTH_S;
  expect(await sandbox.done({ ...buy(viewer), pays: paid(PRICE) })).toBe(`${first + MONTH_S}`);
  expect(await rights(viewer)).toMatchObject({ renewals: "1" });
  sandbox.advanceTo(first + MONTH_S + 100n);
  const again = await sandbox.done({ ...buy(viewer), pays: paid(PRICE) });
  expect(again).toBe(`${sandbox.timeS + MONTH_S}`);
});

it("can be given to another account", async () => {
  await sandbox.done({ ...buy(viewer, { to: friend }), pays: paid(PRICE) });
  expect(await rights(viewer)).toBeNull();
  expect(await access(friend, sandbox.timeS)).toBe("viewer");
});

it("grants to who made the payment, not to who carried the transaction", async () => {
  const pays = [{ to: licence, amount: PRICE, from: viewer }];
  await sandbox.done({ from: accountOf("carrier"), pays });
  expect(await access(viewer, sandbox.timeS)).toBe("viewer");
});

it("is never sold above the price that the buyer agreed to", async () => {
  await sandbox.done(call(owner, "setPrice", "2000"));
  const refused = { ...buy(viewer), pays: paid(2_000n) };
  expect(await sandbox.code(refused)).toBe("LICENCE_PRICE_CHANGED");
  expect(await sandbox.code({ ...buy(viewer, { maxPrice: "2000" }), pays: paid(2_000n) })).toBe("");
});

it("sold for ever never ends, and is not sold twice", async () => {
  licence = await deploy(0n);
  await sandbox.done(call(owner, "addContent", content, swarm));
  expect(await sandbox.done({ ...buy(viewer), pays: paid(PRICE) })).toBe("0");
  expect(await access(viewer, sandbox.timeS * 10n)).toBe("viewer");
  const receipt = await sandbox.send(plain(viewer, PRICE));
  expect(receipt.code).toBe("LICENCE_LIVE_RIGHT");
  expect(receipt.refunds).toHaveLength(1);
});

it("lists its content for its owner only to change", async () => {
  expect(await sandbox.code(call(viewer, "addContent", content, swarm))).toBe("LICENCE_NOT_OWNER");
  expect(await sandbox.code(call(viewer, "setPrice", "1"))).toBe("LICENCE_NOT_OWNER");
  const wrong = ["btih:", `btih:${"g".repeat(40)}`, `magnet:${"a".repeat(40)}`, "a".repeat(45)];
  for (const name of wrong) {
    expect(await sandbox.code(call(owner, "addContent", content, name))).toBe("LICENCE_SWARM");
  }
  expect(await sandbox.view(licence, "contents")).toEqual([{ content, swarm }]);
  expect(await sandbox.view(licence, "contents", [content])).toEqual([]);
  await sandbox.done(call(owner, "removeContent", content));
  expect(await access(owner, 0n)).toBe("unknown_content");
  expect(await sandbox.code(call(owner, "removeContent", content))).toBe("LICENCE_NO_CONTENT");
});

it("is not deployed on a contract that is no split", async () => {
  const args = ["XLM", "10", "0", "1"];
  const source = exampleSource("licence");
  expect(await sandbox.refusedDeploy(source, owner, args)).toBe("METHOD_UNKNOWN");
  expect(await sandbox.refusedDeploy(source, owner, ["XLM", "0", "0", `${split}`])).toBe(
    "LICENCE_TERMS",
  );
});

const directly = (amounts: readonly [bigint, bigint], from = viewer): Send => ({
  ...buy(from, { direct: true }),
  pays: [
    { to: studio, amount: amounts[0] },
    { to: author, amount: amounts[1] },
  ].filter(({ amount }) => amount > 0n),
});

it("is bought directly, as the quote says, without any money in the vault", async () => {
  const quote = await sandbox.view(licence, "quote", [viewer]);
  expect(quote).toMatchObject({
    price: "1001",
    direct: [
      { to: studio, amount: "501" },
      { to: author, amount: "500" },
    ],
  });
  const receipt = await sandbox.send(directly([501n, 500n]));
  expect(receipt).toMatchObject({ code: "", effects: [], refunds: [] });
  expect(await access(viewer, sandbox.timeS)).toBe("viewer");
  expect(await sandbox.view(split, "statement", ["XLM"])).toMatchObject({
    received: "1001",
    held: "0",
  });
  const next = await sandbox.view(licence, "quote", [friend]);
  expect(next).toMatchObject({
    direct: [
      { to: studio, amount: "500" },
      { to: author, amount: "501" },
    ],
  });
});

it("accepts a stale quote, so that two buyers of one ledger cannot spoil each other", async () => {
  const { receipts } = await sandbox.close([
    directly([501n, 500n]),
    directly([501n, 500n], friend),
  ]);
  expect(receipts.map(({ code }) => code)).toEqual(["", ""]);
  await sandbox.done(plain(accountOf("third"), PRICE));
  const statement = await sandbox.view(split, "statement", ["XLM"]);
  expect(statement).toMatchObject({
    received: "3003",
    lines: [
      { accrued: "1501", paid: "1501" },
      { accrued: "1501", paid: "1501" },
    ],
    held: "1",
  });
});

it.each([
  ["less than the price", [500n, 500n]],
  ["more than the price", [501n, 501n]],
  ["one recipient too much", [502n, 499n]],
  ["one recipient everything", [1_001n, 0n]],
] as const)("refuses to be bought directly with %s", async (_name, amounts) => {
  expect(await sandbox.code(directly(amounts))).toBe("LICENCE_DIRECT_VECTOR");
  expect(await rights(viewer)).toBeNull();
});

it("does not count what somebody else paid the recipients", async () => {
  const pays = [
    { to: studio, amount: 501n, from: friend },
    { to: author, amount: 500n, from: friend },
  ];
  expect(await sandbox.code({ ...directly([501n, 500n]), pays })).toBe("LICENCE_DIRECT_VECTOR");
});

it("accepts the old price directly for an hour after a change, when money is on its way", async () => {
  await sandbox.done(call(owner, "setPrice", "1000"));
  const changedS = sandbox.timeS;
  sandbox.advanceTo(changedS + 3_599n);
  expect(await sandbox.code(directly([501n, 500n]))).toBe("");
  sandbox.advanceTo(changedS + 3_600n);
  expect(await sandbox.code(directly([501n, 500n]))).toBe("LICENCE_DIRECT_VECTOR");
  expect(await sandbox.code(directly([500n, 500n]))).toBe("");
});

it("keeps the split working when direct payments favoured one recipient again and again", async () => {
  const terms = ["XLM", "1", "0", `${split}`];
  licence = await sandbox.deploy(exampleSource("licence"), owner, terms);
  const allow = { contract: split, method: "allow", args: [muxedAddress(vault, licence)] };
  await sandbox.done({ from: owner, call: allow });
  for (const buyer of [viewer, friend]) await sandbox.done(directly([1n, 0n], buyer));
  const credit = { from: owner, call: { contract: split, method: "credit", args: ["XLM"] } };
  expect(await sandbox.done(credit)).toBe("0");
  await sandbox.done({ from: viewer, pays: [{ to: split, amount: 2n }] });
  expect(await sandbox.view(split, "statement", ["XLM"])).toMatchObject({
    lines: [{ paid: "2" }, { paid: "2" }],
  });
});

it("offers no direct payment before the split allows it", async () => {
  const source = exampleSource("licence");
  licence = await sandbox.deploy(source, owner, ["XLM", `${PRICE}`, "0", `${split}`]);
  expect(await sandbox.view(licence, "quote", [viewer])).toMatchObject({ direct: [] });
  expect(await sandbox.code(directly([501n, 500n]))).toBe("SPLIT_POLICY");
  expect(await sandbox.view(licence, "offer")).toEqual({
    asset: "XLM",
    price: `${PRICE}`,
    durationS: "0",
    split: `${split}`,
    owner,
  });
});
