// Goal: a split is fair to the stroop over its whole life, whatever the sizes and ways of payment.
// Method: the rule as a small model held against its definition, then the contract against the model.
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { muxedAddress } from "../../src/lib/strkey.ts";
import { accountOf, exampleSource, Sandbox, vault } from "../support/sandbox.ts";

const WHOLE = 1_000_000n;

interface Line {
  readonly ppm: bigint;
  paid: bigint;
}

/** The lifetime accumulator: what a split pays on each income. */
class Model {
  readonly lines: readonly Line[];
  received = 0n;
  held = 0n;

  constructor(shares: readonly bigint[]) {
    this.lines = shares.map((ppm) => ({ ppm, paid: 0n }));
  }

  credit(amount: bigint): void {
    this.received += amount;
    this.held += amount;
    for (const line of this.lines) {
      const due = (this.received * line.ppm) / WHOLE - line.paid;
      const pay = due < this.held ? due : this.held;
      if (pay > 0n) {
        line.paid += pay;
        this.held -= pay;
      }
    }
  }

  direct(amounts: readonly bigint[]): void {
    this.lines.forEach((line, index) => {
      line.paid += amounts[index] ?? 0n;
      this.received += amounts[index] ?? 0n;
    });
  }
}

/** Shares that add up to the whole, from cuts of it. */
const shares = fc
  .uniqueArray(fc.bigInt({ min: 1n, max: WHOLE - 1n }), { maxLength: 8 })
  .map((cuts) => [0n, ...cuts.toSorted((a, b) => (a < b ? -1 : 1)), WHOLE])
  .map((edges) => edges.slice(1).map((edge, index) => edge - (edges[index] ?? 0n)));
const incomes = fc.array(fc.bigInt({ min: 1n, max: 2n ** 62n }), { maxLength: 30 });

it("pays the table of 100,000 payments of 37 stroops without any loss", () => {
  const model = new Model([700_000n, 290_000n, 10_000n]);
  for (let payment = 0; payment < 100_000; payment += 1) model.credit(37n);
  expect(model.lines.map(({ paid }) => paid)).toEqual([2_590_000n, 1_073_000n, 37_000n]);
  expect(model.held).toBe(0n);
});

it("ends the same however income is cut and ordered, within a stroop of fair", () => {
  fc.assert(
    fc.property(shares, incomes, (weights, amounts) => {
      const one = new Model(weights);
      const many = new Model(weights);
      const backwards = new Model(weights);
      one.credit(amounts.reduce((sum, amount) => sum + amount, 0n));
      for (const amount of amounts) many.credit(amount);
      for (const amount of amounts.toReversed()) backwards.credit(amount);
      expect(many).toEqual(one);
      expect(backwards).toEqual(one);
      for (const { ppm, paid } of one.lines) {
        const short = one.received * ppm - paid * WHOLE;
        expect(short >= 0n && short < WHOLE).toBe(true);
      }
      expect(one.held < BigInt(weights.length)).toBe(true);
    }),
  );
});

interface Statement {
  readonly received: string;
  readonly held: string;
  readonly lines: readonly { readonly paid: string }[];
}

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await Sandbox.open();
});
afterAll(() => sandbox[Symbol.asyncDispose]());

const owner = accountOf("owner");
const viewer = accountOf("viewer");

type Step =
  | { readonly kind: "vault"; readonly amount: bigint }
  | { readonly kind: "direct"; readonly odd: number };

const PRICE = 37n;
const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant("vault" as const), amount: fc.bigInt({ min: 0n, max: 1_000n }) }),
    fc.record({ kind: fc.constant("direct" as const), odd: fc.nat({ max: 7 }) }),
  ),
  { minLength: 1, maxLength: 12 },
);

/** A direct payment of `PRICE`: shares rounded down, the odd stroops from the line `first` on. */
function exactVector(weights: readonly bigint[], first: number): readonly bigint[] {
  const amounts = weights.map((ppm) => (PRICE * ppm) / WHOLE);
  let odd = amounts.reduce((rest, amount) => rest - amount, PRICE);
  for (let step = 0; odd > 0n && step < weights.length; step += 1) {
    const index = (first + step) % weights.length;
    const amount = amounts[index] ?? 0n;
    if ((PRICE * (weights[index] ?? 0n)) % WHOLE === 0n) continue;
    amounts[index] = amount + 1n;
    odd -= 1n;
  }
  return amounts;
}

it("keeps the contract's books equal to the model's, by vault and directly", async () => {
  await fc.assert(
    fc.asyncProperty(shares, steps, async (weights, taken) => {
      const accounts = weights.map((_, index) => accountOf(`line ${index}`));
      const lines = weights.map((ppm, index) => ({ to: accounts[index], ppm: `${ppm}` }));
      const split = await sandbox.deploy(exampleSource("revenue-split"), owner, [lines]);
      const terms = ["XLM", `${PRICE}`, "1", `${split}`];
      const licence = await sandbox.deploy(exampleSource("licence"), owner, terms);
      const allow = { contract: split, method: "allow", args: [muxedAddress(vault, licence)] };
      await sandbox.done({ from: owner, call: allow });
      const model = new Model(weights);

      for (const step of taken) {
        if (step.kind === "vault") {
          const call = { contract: split, method: "credit", args: ["XLM"] };
          const pays = step.amount > 0n ? [{ to: split, amount: step.amount }] : [];
          await sandbox.done({ from: viewer, call, pays });
          model.credit(step.amount);
          continue;
        }
        const amounts = exactVector(weights, step.odd);
        const args = [{ to: null, maxPrice: `${PRICE}`, direct: true }];
        await sandbox.done({
          from: viewer,
          call: { contract: licence, method: "buy", args },
          pays: accounts
            .map((to, index) => ({ to, amount: amounts[index] ?? 0n }))
            .filter(({ amount }) => amount > 0n),
        });
        model.direct(amounts);
      }

      const statement: Statement = Object(await sandbox.view(split, "statement", ["XLM"]));
      expect(statement.received).toBe(`${model.received}`);
      expect(statement.held).toBe(`${model.held}`);
      expect(statement.lines.map(({ paid }) => BigInt(paid))).toEqual(
        model.lines.map(({ paid }) => paid),
      );
    }),
    { numRuns: 10 },
  );
});
