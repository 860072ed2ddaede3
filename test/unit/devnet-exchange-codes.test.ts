// Goal: every result code of offers, path payments and pools can be met, each by its own cause.
// Method: one scenario a code, in a small market; the codes that have none are listed with the reason.
import {
  type Asset,
  type Keypair,
  type LiquidityPoolAsset,
  Operation,
  xdr,
} from "@stellar/stellar-sdk/base";
import { describe, expect, it } from "vitest";
import { changePoolTrustRule } from "../../src/devnet/op-change-trust-pool.ts";
import { type Bench, codeOf, createBench, keypair } from "../devnet-kit.ts";
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
  usd,
} from "../support/market.ts";

const ghost = keypair("ghost");

type Scenario = (bench: Bench) => xdr.TransactionResult;

const trust = (asset: Asset | LiquidityPoolAsset, limit = "5000") =>
  Operation.changeTrust({ asset, limit });
const sell = (
  amount: string,
  { selling = usd, buying = native, price = "2", offerId = "0" } = {},
) => Operation.manageSellOffer({ selling, buying, amount, price, offerId });
const buy = (
  buyAmount: string,
  { selling = usd, buying = native, price = "2", offerId = "0" } = {},
) => Operation.manageBuyOffer({ selling, buying, buyAmount, price, offerId });
const send = (
  to: Keypair,
  { sendAsset = native, sendAmount = "10", destAsset = usd, destMin = "1", path = [usd] } = {},
) => {
  const destination = to.publicKey();
  return Operation.pathPaymentStrictSend({
    sendAsset,
    sendAmount,
    destination,
    destAsset,
    destMin,
    path,
  });
};
const receive = (
  to: Keypair,
  { sendAsset = native, sendMax = "100", destAsset = usd, destAmount = "1", path = [usd] } = {},
) => {
  const destination = to.publicKey();
  return Operation.pathPaymentStrictReceive({
    sendAsset,
    sendMax,
    destination,
    destAsset,
    destAmount,
    path,
  });
};
const deposit = (maxAmountA: string, maxAmountB: string, minPrice = "0.000000001") =>
  Operation.liquidityPoolDeposit({
    liquidityPoolId: poolId,
    maxAmountA,
    maxAmountB,
    minPrice,
    maxPrice: "1000000000",
  });
const withdraw = (amount: string, minAmountA = "0", minAmountB = "0") =>
  Operation.liquidityPoolWithdraw({ liquidityPoolId: poolId, amount, minAmountA, minAmountB });
const deauthorize = (who: Keypair, asset: Asset) =>
  Operation.setTrustLineFlags({
    trustor: who.publicKey(),
    asset,
    flags: { authorized: false, authorizedToMaintainLiabilities: false },
  });

/** Alice and bob hold 1,000 USD each, alice may hold EUR too, and her issuer may take that back. */
function openMarket(): Bench {
  const bench = createBench();
  bench.fund("alice", "bob", "carol", "issuer");
  const revocable = Operation.setOptions({ setFlags: xdr.AccountFlags.authRevocableFlag.value });
  bench.run({ from: issuer }, revocable);
  bench.run({ from: alice }, trust(usd), trust(eur));
  bench.run({ from: bob }, trust(usd), trust(eur));
  bench.run(
    { from: issuer },
    pay(alice, "1000", usd),
    pay(bob, "1000", usd),
    pay(bob, "1000", eur),
  );
  return bench;
}

const by = (...operations: readonly xdr.Operation[]): Scenario => {
  return (bench) => bench.run({ from: alice }, ...operations);
};
const withOffer = (...operations: readonly xdr.Operation[]): Scenario => {
  return (bench) => {
    bench.run({ from: bob }, sell("100"));
    return bench.run({ from: alice }, ...operations);
  };
};
const deauthorized = (asset: Asset, ...operations: readonly xdr.Operation[]): Scenario => {
  return (bench) => {
    bench.run({ from: issuer }, deauthorize(alice, asset));
    return bench.run({ from: alice }, ...operations);
  };
};
const without = (...operations: readonly xdr.Operation[]): Scenario => {
  return (bench) => bench.run({ from: carol }, ...operations);
};
const afterPool = (
  first: readonly xdr.Operation[],
  ...then: readonly xdr.Operation[]
): Scenario => {
  return (bench) => {
    bench.run({ from: alice }, trust(shares), ...first);
    return bench.run({ from: alice }, ...then);
  };
};
/** With all that is not reserved gone but a fee. */
const poor = (operation: xdr.Operation): Scenario => {
  return (bench) => {
    bench.run({ from: alice }, pay(bob, "9997.999", native));
    return bench.run({ from: alice }, operation);
  };
};
const raw = (body: xdr.OperationBody) => new xdr.Operation({ sourceAccount: null, body });
const ends = {
  sendAsset: native.toXdrObject(),
  destAsset: usd.toXdrObject(),
  destination: bob.xdrMuxedAccount(),
  path: [],
};

const offers: Readonly<Record<string, Scenario>> = {
  manageSellOfferSuccess: by(sell("10")),
  manageSellOfferMalformed: by(sell("10", { buying: usd })),
  manageSellOfferSellNoTrust: without(sell("10")),
  manageSellOfferBuyNoTrust: without(sell("10", { selling: native, buying: usd })),
  manageSellOfferSellNotAuthorized: deauthorized(usd, sell("10")),
  manageSellOfferBuyNotAuthorized: deauthorized(eur, sell("10", { buying: eur })),
  manageSellOfferLineFull: by(sell("3000", { selling: native, buying: usd })),
  manageSellOfferUnderfunded: by(sell("1000.0000001")),
  manageSellOfferCrossSelf: by(
    sell("10"),
    sell("10", { selling: native, buying: usd, price: "0.5" }),
  ),
  manageSellOfferNotFound: by(sell("10", { offerId: "99" })),
  manageSellOfferLowReserve: poor(sell("10")),
  manageBuyOfferSuccess: by(buy("10")),
  manageBuyOfferMalformed: by(buy("10", { buying: usd })),
  manageBuyOfferSellNoTrust: without(buy("10")),
  manageBuyOfferBuyNoTrust: without(buy("10", { selling: native, buying: usd })),
  manageBuyOfferSellNotAuthorized: deauthorized(usd, buy("10")),
  manageBuyOfferBuyNotAuthorized: deauthorized(eur, buy("10", { buying: eur })),
  manageBuyOfferLineFull: by(buy("4001", { selling: native, buying: usd, price: "0.001" })),
  manageBuyOfferUnderfunded: by(buy("1000")),
  manageBuyOfferCrossSelf: by(sell("10"), buy("10", { selling: native, buying: usd })),
  manageBuyOfferNotFound: by(buy("10", { offerId: "99" })),
  manageBuyOfferLowReserve: poor(buy("10")),
};

const payments: Readonly<Record<string, Scenario>> = {
  pathPaymentStrictSendSuccess: withOffer(send(bob)),
  pathPaymentStrictSendMalformed: by(
    raw(
      xdr.OperationBody.pathPaymentStrictSend(
        new xdr.PathPaymentStrictSendOp({ ...ends, sendAmount: 0n, destMin: 1n }),
      ),
    ),
  ),
  pathPaymentStrictSendUnderfunded: by(send(bob, { sendAmount: "10000" })),
  pathPaymentStrictSendSrcNoTrust: without(send(bob, { sendAsset: usd })),
  pathPaymentStrictSendSrcNotAuthorized: deauthorized(usd, send(bob, { sendAsset: usd })),
  pathPaymentStrictSendNoDestination: by(send(ghost)),
  pathPaymentStrictSendNoTrust: withOffer(send(carol)),
  pathPaymentStrictSendNotAuthorized: (bench) => {
    bench.run({ from: bob }, sell("100"));
    return deauthorized(usd, send(alice))(bench);
  },
  pathPaymentStrictSendLineFull: withOffer(trust(usd, "1000"), send(alice)),
  pathPaymentStrictSendTooFewOffers: by(send(bob)),
  pathPaymentStrictSendOfferCrossSelf: by(sell("10"), send(bob)),
  pathPaymentStrictSendUnderDestmin: withOffer(send(bob, { destMin: "5.0000001" })),
  pathPaymentStrictReceiveSuccess: withOffer(receive(bob)),
  pathPaymentStrictReceiveMalformed: by(
    raw(
      xdr.OperationBody.pathPaymentStrictReceive(
        new xdr.PathPaymentStrictReceiveOp({ ...ends, destAmount: 1n, sendMax: 0n }),
      ),
    ),
  ),
  pathPaymentStrictReceiveUnderfunded: withOffer(
    pay(bob, "9990", native),
    receive(bob, { destAmount: "50" }),
  ),
  pathPaymentStrictReceiveSrcNoTrust: without(
    receive(bob, { sendAsset: eur, destAsset: eur, path: [] }),
  ),
  pathPaymentStrictReceiveSrcNotAuthorized: deauthorized(
    eur,
    receive(bob, { sendAsset: eur, destAsset: eur, path: [] }),
  ),
  pathPaymentStrictReceiveNoDestination: by(receive(ghost)),
  pathPaymentStrictReceiveNoTrust: withOffer(receive(carol)),
  pathPaymentStrictReceiveNotAuthorized: deauthorized(usd, receive(alice)),
  pathPaymentStrictReceiveLineFull: withOffer(receive(bob, { destAmount: "4001" })),
  pathPaymentStrictReceiveTooFewOffers: by(receive(bob)),
  pathPaymentStrictReceiveOfferCrossSelf: by(sell("10"), receive(bob)),
  pathPaymentStrictReceiveOverSendmax: withOffer(receive(bob, { sendMax: "1.9999999" })),
};

const pools: Readonly<Record<string, Scenario>> = {
  liquidityPoolDepositSuccess: afterPool([], deposit("10", "20")),
  liquidityPoolDepositMalformed: afterPool([], deposit("10", "20", "1000000001")),
  liquidityPoolDepositNoTrust: by(deposit("10", "20")),
  liquidityPoolDepositNotAuthorized: (bench) => {
    bench.run({ from: alice }, trust(shares));
    const maintain = { authorized: false, authorizedToMaintainLiabilities: true };
    const trustor = alice.publicKey();
    bench.run(
      { from: issuer },
      Operation.setTrustLineFlags({ trustor, asset: usd, flags: maintain }),
    );
    return bench.run({ from: alice }, deposit("10", "20"));
  },
  liquidityPoolDepositUnderfunded: afterPool([], deposit("10", "1000.0000001")),
  liquidityPoolDepositLineFull: afterPool([trust(shares, "1")], deposit("10", "20")),
  liquidityPoolDepositBadPrice: afterPool([], deposit("10", "20", "0.5000001")),
  liquidityPoolDepositPoolFull: (bench) => {
    bench.run({ from: issuer }, trust(shares, LIMIT_MAX), deposit("4000", LIMIT_MAX));
    return bench.run({ from: issuer }, deposit("4000", LIMIT_MAX));
  },
  liquidityPoolWithdrawSuccess: afterPool([deposit("10", "20")], withdraw("1")),
  liquidityPoolWithdrawMalformed: afterPool(
    [],
    raw(
      xdr.OperationBody.liquidityPoolWithdraw(
        new xdr.LiquidityPoolWithdrawOp({
          liquidityPoolId: new xdr.PoolId(Buffer.from(poolId, "hex")),
          amount: 0n,
          minAmountA: 0n,
          minAmountB: 0n,
        }),
      ),
    ),
  ),
  liquidityPoolWithdrawNoTrust: by(withdraw("1")),
  liquidityPoolWithdrawUnderfunded: afterPool([deposit("10", "20")], withdraw("20")),
  liquidityPoolWithdrawLineFull: afterPool([deposit("10", "20"), trust(usd, "980")], withdraw("1")),
  liquidityPoolWithdrawUnderMinimum: afterPool([deposit("10", "20")], withdraw("1", "5")),
  changeTrustTrustLineMissing: without(trust(shares)),
  changeTrustNotAuthMaintainLiabilities: deauthorized(usd, trust(shares)),
  changeTrustCannotDelete: afterPool([], pay(issuer, "1000", usd), trust(usd, "0")),
  changeTrustInvalidLimit: afterPool([deposit("10", "20")], trust(shares, "1")),
  changeTrustLowReserve: poor(trust(shares)),
};

const rest: Readonly<Record<string, Scenario>> = {
  opExceededWorkLimit: (bench) => {
    bench.run({ from: issuer }, pay(carol, "1", native));
    const offer = sell("0.0000001", { price: "1" });
    for (const from of [alice, bob]) {
      for (let count = 0; count < 600; count += 100) {
        bench.run({ from }, ...Array.from({ length: 100 }, () => offer));
      }
    }
    bench.run({ from: carol }, trust(usd));
    return bench.run({ from: carol }, sell("1", { selling: native, buying: usd, price: "1" }));
  },
};

const unreachable = {
  manageSellOfferSellNoIssuer: "not since protocol 13",
  manageSellOfferBuyNoIssuer: "not since protocol 13",
  manageBuyOfferSellNoIssuer: "not since protocol 13",
  manageBuyOfferBuyNoIssuer: "not since protocol 13",
  pathPaymentStrictSendNoIssuer: "not since protocol 13",
  pathPaymentStrictReceiveNoIssuer: "not since protocol 13",
  liquidityPoolDepositTrustlineFrozen: "no key is frozen",
  liquidityPoolWithdrawTrustlineFrozen: "no key is frozen",
} as const;

const modelled = [
  xdr.ManageSellOfferResultCode,
  xdr.ManageBuyOfferResultCode,
  xdr.PathPaymentStrictSendResultCode,
  xdr.PathPaymentStrictReceiveResultCode,
  xdr.LiquidityPoolDepositResultCode,
  xdr.LiquidityPoolWithdrawResultCode,
].flatMap((codes) => [...codes.schema.nameByValue.values()]);

const scenarios = { ...offers, ...payments, ...pools, ...rest };

describe("the result codes of trade", () => {
  const market = openMarket();
  const opened = market.net.snapshot();

  it("each have a scenario or a reason to have none", () => {
    const known = new Set([...Object.keys(scenarios), ...Object.keys(unreachable)]);
    expect(modelled.filter((code) => !known.has(code))).toEqual([]);
  });

  it.each(Object.entries(scenarios))("%s is met", (code, scenario) => {
    market.net.restore(opened);
    const outcome = scenario(market);
    const { result } = outcome;
    const seen = result.type === "txSuccess" ? namesOf(result.results).at(-1) : codeOf(outcome);
    expect(seen).toBe(code);
  });
});

it("a pool is malformed with its assets in the wrong order, one asset, or another fee", () => {
  const [one, other] = [native.toXdrObject(), usd.toXdrObject()];
  const codes = [
    { assetA: other, assetB: one, fee: 30 },
    { assetA: other, assetB: other, fee: 30 },
    { assetA: one, assetB: other, fee: 29 },
    { assetA: one, assetB: other, fee: 30 },
  ].map((fields) => {
    const params = new xdr.LiquidityPoolConstantProductParameters(fields);
    const pool = xdr.LiquidityPoolParameters.liquidityPoolConstantProduct(params);
    const fault = changePoolTrustRule(pool, 1n).check(alice.xdrPublicKey());
    return fault === undefined ? undefined : namesOf([fault])[0];
  });
  const malformed = "changeTrustMalformed";
  expect(codes).toEqual([malformed, malformed, malformed, undefined]);
});

function namesOf(results: readonly xdr.OperationResult[]): readonly string[] {
  return results.map((each) => (each.type === "opInner" ? each.tr.value.type : each.type));
}
