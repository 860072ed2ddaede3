// Goal: the running totals of the DAO are what a recount of locks and votes gives, always.
// Method: random locks, proposals, votes and time on the real contract, against a naive recount.
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { JsonValue } from "../../src/contracts/value-json.ts";
import { DAO, lock, propose, VOTING_S, vote } from "../support/dao.ts";
import { accountOf, Sandbox } from "../support/sandbox.ts";

const members = ["ann", "ben", "cy", "dan", "eve"].map(accountOf);
const choices = ["yes", "no", "abstain"] as const;
const member = fc.constantFrom(...members);

type Step =
  | {
      readonly kind: "lock";
      readonly owner: string;
      readonly amount: bigint;
      readonly extraS: bigint;
    }
  | { readonly kind: "propose"; readonly by: string }
  | { readonly kind: "vote"; readonly by: string; readonly back: number; readonly choice: string }
  | { readonly kind: "wait"; readonly seconds: bigint };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant("lock" as const),
    owner: member,
    amount: fc.bigInt({ min: 1n, max: 1_000n }),
    extraS: fc.bigInt({ min: 0n, max: 60n }),
  }),
  fc.record({ kind: fc.constant("propose" as const), by: member }),
  fc.record({
    kind: fc.constant("vote" as const),
    by: member,
    back: fc.nat({ max: 2 }),
    choice: fc.constantFrom(...choices),
  }),
  fc.record({ kind: fc.constant("wait" as const), seconds: fc.bigInt({ min: 1n, max: 20n }) }),
);

interface Row {
  readonly opens: string;
  readonly ends: string;
  readonly total: string;
  readonly state: string;
  readonly yes: string;
  readonly no: string;
  readonly abstain: string;
}

interface Held {
  readonly owner: string;
  readonly amount: bigint;
  readonly made: bigint;
  readonly until: bigint;
}

let dao: Sandbox;
beforeAll(async () => {
  dao = await Sandbox.open();
});
afterAll(() => dao[Symbol.asyncDispose]());

const sum = (amounts: readonly bigint[]): bigint => amounts.reduce((all, one) => all + one, 0n);

class Recount {
  readonly #locks: Held[] = [];
  readonly #ballots = new Map<JsonValue, Map<string, string>>();
  readonly ids: JsonValue[] = [];

  async take(next: Step): Promise<void> {
    dao.advance(next.kind === "wait" ? next.seconds : 1n);
    if (next.kind === "wait") await dao.close([]);
    if (next.kind === "lock") await this.#lock(next);
    if (next.kind === "propose") await this.#propose(next.by);
    if (next.kind === "vote") await this.#vote(next);
  }

  async check(): Promise<void> {
    for (const id of this.ids) {
      const row: Row = Object(await dao.view(DAO, "proposal", [id]));
      const counts = this.#locks.filter(
        ({ made, until }) => made < BigInt(row.opens) && until >= BigInt(row.ends),
      );
      expect(row.total).toBe(`${sum(counts.map(({ amount }) => amount))}`);
      const cast = this.#ballots.get(id) ?? new Map<string, string>();
      const of = (choice: string): string =>
        `${sum(counts.filter(({ owner }) => cast.get(owner) === choice).map(({ amount }) => amount))}`;
      expect(row).toMatchObject({ yes: of("yes"), no: of("no"), abstain: of("abstain") });
    }
  }

  async #lock({ owner, amount, extraS }: Extract<Step, { kind: "lock" }>): Promise<void> {
    const until = dao.timeS + 61n + extraS;
    const receipt = await dao.send(lock(owner, amount, until));
    if (receipt.ok) this.#locks.push({ owner, amount, made: dao.timeS, until });
  }

  async #propose(by: string): Promise<void> {
    const receipt = await dao.send(propose(by));
    if (receipt.ok) this.ids.unshift(`${receipt.result}`);
  }

  async #vote({ by, back, choice }: Extract<Step, { kind: "vote" }>): Promise<void> {
    const id = this.ids[back];
    if (id === undefined || !(await dao.send(vote(by, id, choice))).ok) return;
    this.#ballots.set(id, (this.#ballots.get(id) ?? new Map()).set(by, choice));
  }
}

it("equals a recount in every total and tally", async () => {
  const run = fc.array(step, { minLength: 10, maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(run, async (steps) => {
      dao.advance(1_000n);
      await dao.close([]);
      const recount = new Recount();
      for (const next of steps) await recount.take(next);
      await recount.check();
      dao.advance(VOTING_S * 2n);
      await dao.close([]);
      await recount.check();
    }),
    { numRuns: 15 },
  );
});
