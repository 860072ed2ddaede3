// Goal: a stranger's signatures cost a bounded part of every turn, and nobody inside pays for them.
// Method: a clock by hand for the buckets, real turns for the queue.
import { setImmediate as turn } from "node:timers/promises";
import { expect, it } from "vitest";
import { AddressPace } from "../../src/p2p/address-pace.ts";
import { VERIFIES_PER_TURN } from "../../src/p2p/limits.ts";
import { VerifyBudget } from "../../src/p2p/verify-budget.ts";

it("lets an address have 30 at once and then 10 a second, and refuses who would wait too long", () => {
  let nowMs = 0;
  const budget = new VerifyBudget(() => nowMs);
  const ask = (address: string) => budget.ask(address, () => {});
  const taken = (address: string, tries: number) =>
    Array.from({ length: tries }, () => ask(address)).filter(Boolean).length;
  // 30 at once, and 25 more may wait up to two and a half seconds.
  expect(taken("one", 1_000)).toBe(55);
  expect(taken("other", 5)).toBe(5);
  nowMs += 1_000;
  expect(taken("one", 1_000)).toBe(10);
  nowMs += 60_000;
  expect(taken("one", 1_000)).toBe(55);
});

it("counts all addresses of an IPv6 network as one, and those of IPv4 each, also when they are mapped", () => {
  const budget = new VerifyBudget(() => 0);
  const pace = new AddressPace({ nowMs: () => 0 }, { burst: 10, perS: 1 });
  const numbers = Array.from({ length: 200 }, (_, number) => number + 1);
  const asked = (addressOf: (number: number) => string) =>
    numbers.filter((number) => budget.ask(addressOf(number), () => {})).length;
  const allowed = (addressOf: (number: number) => string) =>
    numbers.filter((number) => pace.allows(addressOf(number))).length;
  expect(asked((number) => `2001:4860:4860::${number.toString(16)}`)).toBe(55);
  expect(allowed((number) => `2001:4860:4860::${number.toString(16)}:1`)).toBe(10);
  expect(asked((number) => `2001:4860:4860:${number.toString(16)}::1`)).toBe(200);
  expect(allowed((number) => `::ffff:192.0.2.${number}`)).toBe(200);
  expect(allowed((number) => `192.0.2.${number}`)).toBe(200);
});

it("does twenty a turn, in the order they came", async () => {
  const budget = new VerifyBudget();
  const done: number[] = [];
  for (let number = 0; number < 50; number += 1) {
    expect(budget.ask(`address ${number}`, () => done.push(number))).toBe(true);
  }
  expect(done).toHaveLength(VERIFIES_PER_TURN);
  await turn();
  expect(done.length).toBeLessThanOrEqual(2 * VERIFIES_PER_TURN);
  for (let turns = 0; turns < 5; turns += 1) await turn();
  expect(done).toEqual(Array.from({ length: 50 }, (_, number) => number));
});

it("keeps no more than a bounded crowd waiting", () => {
  const budget = new VerifyBudget();
  let accepted = 0;
  for (let number = 0; number < 5_000; number += 1) {
    if (budget.ask(`address ${number}`, () => {})) accepted += 1;
  }
  expect(accepted).toBe(1_000 + VERIFIES_PER_TURN);
});
