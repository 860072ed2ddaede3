// Goal: offers, path payments and pools behave as Stellar's, beyond their result codes.
// Method: a small market against the pure network; each test is one rule.
import { type Asset, type Keypair, Operation, xdr } from "@stellar/stellar-sdk/base";
import { describe, expect, it } from "vitest";
import { extensionOf } from "../../src/devnet/account.ts";
import { manageSellOfferRule } from "../../src/devnet/op-manage-offer.ts";
import { pathPaymentStrictSendRule } from "../../src/devnet/op-path-payment.ts";
import { lineExtensionOf } from "../../src/devnet/trustline.ts";
import { type Bench, codeOf, createBench, XLM } from "../devnet-kit.ts";
import {
  alice,
  bob,
  carol,
  eur,
  issuer,
  LIMIT_MAX,
  native,
  pay,
  poolId,
  shares,
  trust,
  usd,
} from "../support/market.ts";

const sell = (
  amount: string,
  price: string,
  { selling = usd, buying = native, offerId = "0" } = {},
) => Operation.manageSellOffer({ selling, buying, amount, price, offerId });
const bid = (amount: string, price: string) =>
  sell(amount, price, { selling: native, buying: usd });
const passive = (amount: string, price: string, selling = usd, buying = native) =>
  Operation.createPassiveSellOffer({ selling, buying, amount, price });
const send = (
  sendAmount: string,
  path: readonly Asset[],
  destAsset: Asset,
  destMin = "0.0000001",
) =>
  Operation.pathPaymentStrictSend({
    sendAsset: native,
    sendAmount,
    destination: carol.publicKey(),
    destAsset,
    destMin,
    path: [...path],
  });
const receive = (destAmount: string, path: readonly Asset[], destAsset: Asset, sendMax = "9000") =>
  Operation.pathPaymentStrictReceive({
    sendAsset: native,
    sendMax,
    destination: carol.publicKey(),
    destAsset,
    destAmount,
    path: [...path],
  });
const deposit = (maxAmountA: string, maxAmountB: string) =>
  Operation.liquidityPoolDeposit({
    liquidityPoolId: poolId,
    maxAmountA,
    maxAmountB,
    minPrice: "0.000000001",
    maxPrice: "1000000000",
  });

/** Alice, bob and carol hold 10,000 XLM, 10,000 USD and 10,000 EUR each. */
function openMarket(): Bench {
  const bench = createBench();
  bench.fund("alice", "bob", "carol", "issuer");
  const revocable = xdr.AccountFlags.authRevocableFlag.value;
  bench.run({ from: issuer }, Operation.setOptions({ setFlags: revocable }));
  for (const holder of [alice, bob, carol]) {
    bench.run({ from: holder }, trust(usd), trust(eur));
    bench.run({ from: issuer }, pay(holder, "10000", usd), pay(holder, "10000", eur));
  }
  return bench;
}

const bench = openMarket();
const opened = bench.net.snapshot();

/** The market as it was opened, for one test. */
function market(): { run: (from: Keypair, ...operations: xdr.Operation[]) => Outcome } {
  bench.net.restore(opened);
  return {
    run: (from, ...operations) => {
      const result = bench.run({ from }, ...operations);
      return { code: codeOf(result), ...lastOf(result) };
    },
  };
}

interface Outcome {
  readonly code: string;
  /** Sold and bought of each claim, in units of 1, and whose it was. */
  readonly claims: readonly string[];
  readonly offer: string;
}

/** What the last operation of a transaction says that it traded and left. */
function lastOf({ result }: xdr.TransactionResult): Omit<Outcome, "code"> {
  const none = { claims: [], offer: "none" };
  if (result.type !== "txSuccess") return none;
  const last = result.results.at(-1);
  const value = last?.type === "opInner" ? last.tr.value : undefined;
  if (value?.type === "manageSellOfferSuccess" || value?.type === "manageBuyOfferSuccess") {
    const { offersClaimed, offer } = value.success;
    const left = offer.type === "manageOfferDeleted" ? "" : ` ${units(offer.offer.amount)}`;
    return { claims: offersClaimed.map(claimed), offer: offer.type.slice(11) + left };
  }
  const isPath =
    value?.type === "pathPaymentStrictSendSuccess" ||
    value?.type === "pathPaymentStrictReceiveSuccess";
  return isPath ? { ...none, claims: value.success.offers.map(claimed) } : none;
}

function claimed(atom: xdr.ClaimAtom): string {
  if (atom.type === "claimAtomTypeV0") throw new Error("a claim of before protocol 18");
  const { value } = atom;
  const whose = atom.type === "claimAtomTypeOrderBook" ? `#${atom.orderBook.offerId}` : "pool";
  return `${whose} ${units(value.amountSold)} for ${units(value.amountBought)}`;
}

const units = (stroops: bigint) => String(Number(stroops) / Number(XLM));

function lineOf(owner: Keypair, asset: xdr.TrustLineAsset): xdr.TrustLineEntry {
  const key = new xdr.LedgerKeyTrustLine({ accountId: owner.xdrPublicKey(), asset });
  const data = bench.net.entry(xdr.LedgerKey.trustline(key))?.data;
  if (data?.type !== "trustline") throw new Error("no such line");
  return data.trustLine;
}

const usdLine = (owner: Keypair) => lineOf(owner, usd.toTrustLineXdrObject());

describe("an offer", () => {
  it("takes the best of the book first, and what is left of it stands in the book", () => {
    const { run } = market();
    expect(run(bob, sell("100", "2")).offer).toBe("Created 100");
    run(alice, sell("50", "1.5"));
    run(alice, sell("10", "3"));
    const { claims, offer } = run(carol, bid("300", "0.5"));
    expect(claims).toEqual(["#2 50 for 75", "#1 100 for 200"]);
    expect(offer).toBe("Created 25");
    expect(usdLine(carol).balance).toBe(10_150n * XLM);
    expect(bench.account(bob).balance).toBe(10_200n * XLM - 300n);
    expect(bench.net.latest.header.idPool).toBe(4n);
  });

  it("that is passive leaves one at the same price alone; any other takes it", () => {
    const { run } = market();
    run(bob, sell("100", "2"));
    expect(run(carol, passive("10", "0.5", native, usd)).claims).toEqual([]);
    expect(run(carol, passive("10", "0.4", native, usd)).claims).toEqual(["#1 5 for 10"]);
    expect(run(carol, bid("10", "0.5")).claims).toEqual(["#1 5 for 10"]);
  });

  it("of what to buy ends when that is bought, however cheap", () => {
    const { run } = market();
    run(bob, sell("100", "1"));
    const request = { selling: native, buying: usd, buyAmount: "30", price: "2", offerId: "0" };
    const { claims, offer } = run(carol, Operation.manageBuyOffer(request));
    expect(claims).toEqual(["#1 30 for 30"]);
    expect(offer).toBe("Deleted");
  });
});

describe("a standing offer", () => {
  it("binds what it needs while it stands, and nothing when it is gone", () => {
    const { run } = market();
    run(bob, sell("10000", "2"));
    const bound = { selling: 10_000n * XLM, buying: 0n };
    expect(lineExtensionOf(usdLine(bob)).liabilities).toMatchObject(bound);
    expect(extensionOf(bench.account(bob)).liabilities.buying).toBe(20_000n * XLM);
    expect(run(bob, pay(carol, "1", usd)).code).toBe("paymentUnderfunded");
    expect(run(bob, sell("0", "2", { offerId: "1" })).offer).toBe("Deleted");
    expect(lineExtensionOf(usdLine(bob)).liabilities).toMatchObject({ selling: 0n });
    expect(extensionOf(bench.account(bob)).liabilities.buying).toBe(0n);
    expect(run(bob, pay(carol, "1", usd)).code).toBe("txSuccess");
    expect(bench.account(bob).numSubEntries).toBe(2);
  });

  it("keeps its id when it is changed, and takes what its new price allows", () => {
    const { run } = market();
    run(bob, sell("100", "2"));
    run(carol, bid("10", "0.6"));
    expect(run(carol, sell("20", "0.3", { selling: native, buying: usd, offerId: "2" }))).toEqual({
      code: "txSuccess",
      claims: ["#1 10 for 20"],
      offer: "Deleted",
    });
    expect(run(bob, sell("50", "4", { offerId: "1" })).offer).toBe("Updated 50");
  });

  it("that was taken back with its transaction gives its id to the next one", () => {
    const { run } = market();
    expect(run(bob, sell("1", "2"), pay(carol, "99999", native)).code).toBe("paymentUnderfunded");
    expect(run(alice, sell("1", "2")).offer).toBe("Created 1");
    expect(bench.net.latest.header.idPool).toBe(1n);
    expect(run(carol, bid("2", "0.5")).claims).toEqual(["#1 1 for 2"]);
  });

  it("can be sponsored, and gives the reserve back to its sponsor when it is taken", () => {
    market();
    const operations = [
      Operation.beginSponsoringFutureReserves({ sponsoredId: bob.publicKey() }),
      Operation.manageSellOffer({
        selling: usd,
        buying: native,
        amount: "10",
        price: "2",
        offerId: "0",
        source: bob.publicKey(),
      }),
      Operation.endSponsoringFutureReserves({ source: bob.publicKey() }),
    ];
    bench.run({ from: alice, signers: [alice, bob] }, ...operations);
    expect(extensionOf(bench.account(alice)).numSponsoring).toBe(1);
    expect(extensionOf(bench.account(bob)).numSponsored).toBe(1);
    bench.run({ from: carol }, bid("20", "0.5"));
    expect(extensionOf(bench.account(alice)).numSponsoring).toBe(0);
    expect(extensionOf(bench.account(bob)).numSponsored).toBe(0);
    expect(bench.account(bob).numSubEntries).toBe(2);
  });

  it("of an issuer needs no trustline and has no limit", () => {
    const { run } = market();
    expect(run(issuer, sell("1000000", "1")).offer).toBe("Created 1000000");
    expect(run(carol, bid("5", "1")).claims).toEqual(["#1 5 for 5"]);
    expect(bench.account(issuer).balance).toBe(10_005n * XLM - 800n);
  });
});

describe("a path payment", () => {
  it("goes through every asset of its path, and skips one that is named twice", () => {
    const { run } = market();
    run(bob, sell("100", "2"));
    run(bob, sell("100", "0.5", { selling: eur, buying: usd }));
    const { claims } = run(alice, send("10", [native, usd, usd], eur));
    expect(claims).toEqual(["#1 5 for 10", "#2 10 for 5"]);
    expect(run(alice, receive("20", [usd], eur)).claims).toEqual(["#1 10 for 20", "#2 20 for 10"]);
    expect(lineOf(carol, eur.toTrustLineXdrObject()).balance).toBe(10_030n * XLM);
  });

  it("fails whole when its path is too thin, and changes no offer", () => {
    const { run } = market();
    run(bob, sell("100", "2"));
    expect(run(alice, send("201", [], usd)).code).toBe("pathPaymentStrictSendTooFewOffers");
    expect(run(alice, receive("101", [], usd)).code).toBe("pathPaymentStrictReceiveTooFewOffers");
    expect(usdLine(bob).balance).toBe(10_000n * XLM);
    expect(run(alice, send("200", [], usd)).claims).toEqual(["#1 100 for 200"]);
  });

  it("fails when the whole of an asset would not buy what is wanted", () => {
    const { run } = market();
    const dear = sell("400", "2147483647", { selling: eur, buying: usd });
    for (const seller of [alice, bob]) run(seller, trust(usd, LIMIT_MAX), dear);
    const payment = Operation.pathPaymentStrictReceive({
      sendAsset: usd,
      sendMax: LIMIT_MAX,
      destination: carol.publicKey(),
      destAsset: eur,
      destAmount: "500",
      path: [],
    });
    expect(run(issuer, payment).code).toBe("pathPaymentStrictReceiveTooFewOffers");
  });

  it("takes the book or the pool entirely, whichever is better, and on equal terms the pool", () => {
    const { run } = market();
    run(alice, trust(shares), deposit("1000", "1000"));
    const before = bench.net.snapshot();
    run(bob, sell("4", "2"), sell("6", "2"));
    expect(run(carol, receive("10", [], usd)).claims[0]).toMatch(/^pool 10 for 10\.13/);
    bench.net.restore(before);
    run(bob, sell("10", "1.01"));
    expect(run(carol, receive("10", [], usd)).claims).toEqual(["#1 10 for 10.1"]);
    bench.net.restore(before);
    run(bob, sell("5", "1.01"));
    expect(run(carol, receive("10", [], usd)).claims[0]).toMatch(/^pool 10 for/);
    expect(run(carol, send("10", [], usd)).claims[0]).toMatch(/^pool 9\./);
  });
});

describe("a pool", () => {
  it("comes with the first line for its shares and goes with the last", () => {
    const { run } = market();
    const pool = xdr.LedgerKey.liquidityPool(
      new xdr.LedgerKeyLiquidityPool({
        liquidityPoolId: new xdr.PoolId(Buffer.from(poolId, "hex")),
      }),
    );
    run(alice, trust(shares));
    run(bob, trust(shares));
    expect(bench.account(alice).numSubEntries).toBe(4);
    expect(lineExtensionOf(usdLine(alice)).liquidityPoolUseCount).toBe(1);
    run(alice, trust(shares, "0"));
    expect(bench.net.entry(pool)).toBeDefined();
    run(bob, trust(shares, "0"));
    expect(bench.net.entry(pool)).toBeUndefined();
    expect(bench.account(alice).numSubEntries).toBe(2);
    expect(run(alice, trust(usd, "100000")).code).toBe("txSuccess");
  });

  it("gives back what its shares are worth, with what it earned", () => {
    const { run } = market();
    run(alice, trust(shares), deposit("1000", "1000"));
    run(carol, send("100", [], usd));
    const least = { liquidityPoolId: poolId, minAmountA: "1100", minAmountB: "900" };
    expect(run(alice, Operation.liquidityPoolWithdraw({ ...least, amount: "1000" })).code).toBe(
      "txSuccess",
    );
    expect(bench.account(alice).balance).toBe(10_100n * XLM - 500n);
  });

  it("that validators closed trades no more, takes nothing and pays nothing out", () => {
    const { run } = market();
    run(alice, trust(shares), deposit("1000", "1000"));
    bench.net.upgrade({ flags: 7 });
    bench.net.close({ closeTime: 0n });
    expect(run(carol, send("100", [], usd)).code).toBe("pathPaymentStrictSendTooFewOffers");
    expect(run(alice, deposit("1", "1")).code).toBe("opNotSupported");
    const all = { liquidityPoolId: poolId, amount: "1", minAmountA: "0", minAmountB: "0" };
    expect(run(alice, Operation.liquidityPoolWithdraw(all)).code).toBe("opNotSupported");
  });
});

describe("an account that may no longer hold an asset", () => {
  const deauthorize = Operation.setTrustLineFlags({
    trustor: bob.publicKey(),
    asset: usd,
    flags: { authorized: false, authorizedToMaintainLiabilities: false },
  });

  it("loses its offers of it, and keeps all others", () => {
    const { run } = market();
    run(bob, sell("10", "2"), sell("10", "2", { buying: eur }), sell("10", "2", { selling: eur }));
    expect(run(issuer, deauthorize).code).toBe("txSuccess");
    expect(bench.account(bob).numSubEntries).toBe(3);
    expect(lineExtensionOf(usdLine(bob)).liabilities.selling).toBe(0n);
    expect(run(carol, bid("10", "0.1")).claims).toEqual([]);
    const eurFor = sell("10", "0.1", { selling: native, buying: eur });
    expect(run(carol, eurFor).claims).toEqual(["#3 5 for 10"]);
  });

  it("gets a claimable balance of each asset for its pool shares", () => {
    const { run } = market();
    run(bob, trust(shares), deposit("1000", "500"));
    expect(run(issuer, deauthorize).code).toBe("txSuccess");
    const balances = [...bench.net.entries]
      .filter(({ data }) => data.type === "claimableBalance")
      .map(({ data }) => (data.type === "claimableBalance" ? data.claimableBalance : undefined))
      .map((balance) => `${balance?.asset.type} ${units(balance?.amount ?? 0n)}`);
    expect([...balances].sort()).toEqual(["assetTypeCreditAlphanum4 500", "assetTypeNative 1000"]);
    expect(extensionOf(bench.account(bob)).numSponsoring).toBe(2);
    expect(bench.account(bob).numSubEntries).toBe(2);
    expect(lineExtensionOf(usdLine(bob)).liquidityPoolUseCount).toBe(0);
  });

  it("leaves the reserve of those balances to whoever paid that of the shares", () => {
    const { run } = market();
    const sponsored = [
      Operation.beginSponsoringFutureReserves({ sponsoredId: bob.publicKey() }),
      Operation.changeTrust({ asset: shares, limit: "1000", source: bob.publicKey() }),
      Operation.endSponsoringFutureReserves({ source: bob.publicKey() }),
    ];
    bench.run({ from: alice, signers: [alice, bob] }, ...sponsored);
    expect(extensionOf(bench.account(alice)).numSponsoring).toBe(2);
    run(bob, deposit("1000", "500"));
    expect(run(issuer, deauthorize).code).toBe("txSuccess");
    expect(extensionOf(bench.account(alice)).numSponsoring).toBe(2);
    expect(extensionOf(bench.account(bob))).toMatchObject({ numSponsoring: 0, numSponsored: 0 });
  });

  it("keeps both while it may at least maintain its liabilities, and may add none", () => {
    const { run } = market();
    run(bob, sell("10", "2"));
    const flags = { authorized: false, authorizedToMaintainLiabilities: true };
    const trustor = bob.publicKey();
    run(issuer, Operation.setTrustLineFlags({ trustor, asset: usd, flags }));
    expect(run(bob, sell("10", "2")).code).toBe("manageSellOfferSellNotAuthorized");
    expect(run(carol, bid("20", "0.5")).claims).toEqual(["#1 10 for 20"]);
    expect(usdLine(bob).balance).toBe(9_990n * XLM);
  });
});

it("an operation that was not tried reads as a success of nothing", () => {
  const offer = new xdr.ManageSellOfferOp({
    selling: usd.toXdrObject(),
    buying: native.toXdrObject(),
    amount: 1n,
    price: new xdr.Price({ n: 1, d: 1 }),
    offerId: 0n,
  });
  const payment = new xdr.PathPaymentStrictSendOp({
    sendAsset: native.toXdrObject(),
    destAsset: usd.toXdrObject(),
    destination: carol.xdrMuxedAccount(),
    path: [],
    sendAmount: 1n,
    destMin: 1n,
  });
  const zeros = (count: number) => "00".repeat(count);
  const [created, code] = [zeros(4), zeros(4)];
  expect(manageSellOfferRule(offer).untried.toXdr("hex")).toBe(
    `${zeros(4)}00000003${code}${zeros(4)}${created}${zeros(36 + 8 + 4 + 4 + 8 + 8 + 4 + 4)}`,
  );
  expect(pathPaymentStrictSendRule(payment).untried.toXdr("hex")).toBe(
    `${zeros(4)}0000000d${code}${zeros(4)}${zeros(36 + 4 + 8)}`,
  );
});
