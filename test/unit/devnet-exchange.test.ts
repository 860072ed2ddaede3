// Goal: the arithmetic of trades and pools is Stellar's to the last stroop.
// Method: numbers of stellar-core's own tests (ExchangeTests.cpp), and cases built around limits.
import { Asset, xdr } from "@stellar/stellar-sdk/base";
import { describe, expect, it } from "vitest";
import { offerKey } from "../../src/devnet/entries.ts";
import { adjustOffer, exchange, liabilitiesOf, type TradeKind } from "../../src/devnet/exchange.ts";
import { OrderBook } from "../../src/devnet/order-book.ts";
import {
  depositOf,
  poolAsksFor,
  poolPaysFor,
  squareRoot,
  withdrawalOf,
} from "../../src/devnet/pool.ts";
import { STROOPS_MAX } from "../../src/lib/money.ts";
import { keypair } from "../devnet-kit.ts";

const MAX = STROOPS_MAX;
const INT32_MAX = 2 ** 31 - 1;

type Limits = Partial<Parameters<typeof exchange>[1]>;

function trade(n: number, d: number, limits: Limits, kind: TradeKind = "offer"): unknown {
  const bounds = { offerSells: MAX, offerReceives: MAX, takerTakes: MAX, takerGives: MAX };
  const { taken, given } = exchange({ n, d }, { ...bounds, ...limits }, kind);
  return [taken, given];
}

describe("two offers", () => {
  it.each([
    [3, 2, 3000n, 4501n, 3000n, 4500n],
    [3, 2, 3000n, 4500n, 3000n, 4500n],
    [3, 2, 3000n, 4499n, 2999n, 4499n],
    [3, 2, 2999n, 4499n, 2999n, 4498n],
    [3, 2, 2999n, 4498n, 2998n, 4497n],
    [2, 3, 3000n, 2001n, 3000n, 2000n],
    [2, 3, 3000n, 2000n, 3000n, 2000n],
    [2, 3, 3000n, 1999n, 2998n, 1999n],
    [2, 3, 2999n, 2000n, 2999n, 1999n],
    [2, 3, 2999n, 1999n, 2998n, 1999n],
  ])(
    "at %d/%d, selling %d against %d, trade %d for %d",
    (n, d, offerSells, takerGives, ...done) => {
      expect(trade(n, d, { offerSells, takerGives })).toEqual(done);
    },
  );

  it.each([
    [3, 2, 3000n, 4501n, 3000n, 4500n],
    [3, 2, 3000n, 4499n, 2999n, 4498n],
    [3, 2, 2999n, 4499n, 2999n, 4499n],
    [2, 3, 3000n, 2001n, 3000n, 2000n],
    [2, 3, 2999n, 2000n, 2998n, 1999n],
  ])(
    "at %d/%d, taking %d of one who receives %d, trade %d for %d",
    (n, d, takerTakes, offerReceives, ...done) => {
      expect(trade(n, d, { takerTakes, offerReceives })).toEqual(done);
    },
  );

  it("of one size are both used up, and the older one bears the rounding", () => {
    expect(trade(3, 2, { offerSells: 51n, takerTakes: 51n })).toEqual([51n, 76n]);
    expect(trade(2, 3, { offerReceives: 101n, takerGives: 101n })).toEqual([152n, 101n]);
  });

  it("do not trade at all when rounding would cost a side more than 1 %", () => {
    expect(trade(3, 2, { offerSells: 28n, takerTakes: 27n })).toEqual([0n, 0n]);
    expect(trade(3, 2, { offerSells: 28n, takerTakes: 26n })).toEqual([26n, 39n]);
    expect(trade(3, 2, { offerSells: 52n, takerTakes: 51n })).toEqual([51n, 77n]);
  });

  it("trade at the limits of the ledger's numbers", () => {
    expect(trade(INT32_MAX, INT32_MAX, {})).toEqual([MAX, MAX]);
    expect(trade(1, INT32_MAX, {})).toEqual([MAX - 1n, 4_294_967_298n]);
    expect(trade(INT32_MAX, 1, {})).toEqual([4_294_967_298n, MAX - 1n]);
  });
});

describe("a path payment", () => {
  it("with a fixed receipt gets exactly that, whatever the rounding costs its sender", () => {
    const limits = { offerSells: 28n, takerTakes: 27n };
    expect(trade(3, 2, limits, "strictReceive")).toEqual([27n, 41n]);
    expect(trade(2, 3, { offerSells: 150n, takerTakes: 101n })).toEqual([100n, 67n]);
    expect(trade(2, 3, { offerSells: 150n, takerTakes: 101n }, "strictReceive")).toEqual([
      101n,
      68n,
    ]);
  });

  it("with a fixed amount sends exactly that, even for nothing", () => {
    expect(trade(3, 2, { offerSells: 28n, takerGives: 41n }, "strictSend")).toEqual([27n, 41n]);
    expect(trade(3, 2, { offerSells: 97n, takerGives: 145n }, "strictSend")).toEqual([96n, 145n]);
    expect(trade(2, 1, { offerSells: 1n, takerGives: 1n }, "strictSend")).toEqual([0n, 1n]);
  });
});

describe("an offer in the book", () => {
  it.each([
    [1, 1000, 2001n, MAX, 2000n],
    [1, 1000, 1999n, MAX, 1000n],
    [1, 1000, 2000n, 1n, 1000n],
    [1000, 1, 400n, 399_999n, 399n],
    [7, 3, 428n, 998n, 427n],
    [3, 7, 1000n, MAX, 999n],
    [3, 7, 1000n, 427n, 997n],
    [3, 2, 29n, MAX, 0n],
    [3, 2, 28n, MAX, 28n],
    [3, 2, 27n, MAX, 0n],
    [3, 2, 51n, MAX, 51n],
  ])(
    "at %d/%d of %d that receives %d at most is worth %d",
    (n, d, offerSells, offerReceives, left) => {
      expect(adjustOffer({ n, d }, { offerSells, offerReceives })).toBe(left);
      expect(adjustOffer({ n, d }, { offerSells: left, offerReceives })).toBe(left);
    },
  );

  it("binds what it sells and what it will receive for it", () => {
    expect(liabilitiesOf({ n: 3, d: 2 }, 100n)).toEqual({ selling: 100n, buying: 150n });
    expect(liabilitiesOf({ n: 2, d: 3 }, MAX, 100n)).toEqual({ selling: 150n, buying: 100n });
    expect(liabilitiesOf({ n: 2, d: 1 }, MAX).buying).toBe(MAX - 1n);
  });

  it("comes before dearer ones, and before younger ones of the same price", () => {
    expect(
      inOrder([
        [7, 3, 2],
        [3, 6, 4],
        [9, 2, 3],
        [5, 2, 1],
      ]),
    ).toEqual([9, 3, 7, 5]);
  });

  it("counts as equal in price to one that a 64-bit float cannot tell from it", () => {
    const [younger, older] = [
      [2, INT32_MAX, INT32_MAX - 1],
      [1, INT32_MAX - 1, INT32_MAX - 2],
    ] as const;
    // The older one asks for more, by less than 1 in 10^18.
    expect(inOrder([younger, older])).toEqual([1, 2]);
  });
});

/** The ids of offers, each given with its price, as the book brings them up. */
function inOrder(offers: readonly (readonly [id: number, n: number, d: number])[]): number[] {
  const book = new OrderBook();
  const selling = Asset.native().toXdrObject();
  const buying = new Asset("USD", keypair("issuer").publicKey()).toXdrObject();
  const sellerId = keypair("alice").xdrPublicKey();
  const listed = offers.map(([id, n, d]) => {
    const offerId = BigInt(id);
    const price = new xdr.Price({ n, d });
    const rest = { sellerId, offerId, price, amount: 1n, flags: 0, ext: xdr.OfferEntryExt.v0() };
    return {
      id,
      key: offerKey(sellerId, offerId),
      offer: new xdr.OfferEntry({ selling, buying, ...rest }),
    };
  });
  for (const { key, offer } of listed) book.add(key, offer);
  const order = listed.map(() => {
    const best = listed.find(({ key }) => key === book.best(selling, buying));
    if (best === undefined) throw new Error("the book lost an offer");
    book.remove(best.key, best.offer);
    return best.id;
  });
  expect(book.best(selling, buying)).toBeUndefined();
  return order;
}

describe("a pool", () => {
  it("keeps 0.3 % of what goes in", () => {
    const sides = { reserveIn: 10_000n, reserveOut: 20_000n };
    expect(poolPaysFor(10_031n, sides)).toBe(10_000n);
    expect(poolAsksFor(10_000n, sides)).toBe(10_031n);
  });

  it("does not trade what it cannot pay or hold", () => {
    const even = { reserveIn: 100n, reserveOut: 100n };
    expect(poolPaysFor(1n, even)).toBeUndefined();
    expect(poolPaysFor(MAX - 99n, even)).toBeUndefined();
    expect(poolPaysFor(MAX - 100n, even)).toBe(99n);
    expect(poolAsksFor(100n, even)).toBeUndefined();
    expect(poolAsksFor(99n, even)).toBe(9_930n);
    expect(poolAsksFor(50n, { reserveIn: MAX - 100n, reserveOut: MAX / 2n })).toBeUndefined();
    expect(poolPaysFor(10n, { reserveIn: 0n, reserveOut: 0n })).toBeUndefined();
  });

  it("takes the first deposit as it is, and later ones at its price", () => {
    const empty = { reserveA: 0n, reserveB: 0n, totalShares: 0n };
    expect(depositOf(1_000n, 250n, empty)).toEqual({
      amountA: 1_000n,
      amountB: 250n,
      shares: 500n,
    });
    const pool = { reserveA: 1_000n, reserveB: 250n, totalShares: 500n };
    expect(depositOf(101n, 100n, pool)).toEqual({ amountA: 100n, amountB: 25n, shares: 50n });
    expect(depositOf(1n, 100n, pool)).toEqual({ amountA: 0n, amountB: 0n, shares: 0n });
  });

  it("gives back the part that shares stand for, rounded down", () => {
    expect(withdrawalOf(5n, 10n, 6n)).toBe(3n);
    expect(withdrawalOf(4n, 5n, 9n)).toBe(7n);
    expect(withdrawalOf(MAX, MAX, MAX)).toBe(MAX);
  });

  it.each([
    [0n, 0n],
    [1n, 1n],
    [3n, 1n],
    [4n, 2n],
    [MAX * MAX, MAX],
    [MAX * MAX - 1n, MAX - 1n],
  ])("takes the square root of %d as %d", (square, root) => {
    expect(squareRoot(square)).toBe(root);
  });
});
