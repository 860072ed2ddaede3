// Goal: a ledger is handed on once it has reached the level asked for, or a better one.
import { expect, it } from "vitest";
import { Trust, type TrustLevel } from "../../src/ledger/trust.ts";

const trustFor = (required: TrustLevel) => {
  const trust = new Trust({
    required,
    agreeing: 2,
    validators: new Set(),
    checkValue: () => true,
  });
  trust.reached(100);
  return trust;
};
const anchored = { sequence: 63, hash: "ab".repeat(32) };

it("level 0 takes whatever is verified", () => {
  expect(trustFor(0).granted).toBe(100);
});

it("level 1 takes what sources agree on and a validator signed", () => {
  const trust = trustFor(1);
  expect(trust.granted).toBe(0);
  trust.confirmed({ sequence: 40, isSigned: false });
  expect(trust.granted).toBe(0);
  trust.confirmed({ sequence: 38, isSigned: true });
  expect(trust.granted).toBe(38);
});

it("level 1 is reached by an anchored checkpoint too, although no second source is left to agree", () => {
  const trust = trustFor(1);
  trust.confirmed({ sequence: 38, isSigned: true });
  trust.proved(anchored);
  expect(trust.granted).toBe(63);
});

it("level 2 takes anchored checkpoints alone", () => {
  const trust = trustFor(2);
  trust.confirmed({ sequence: 90, isSigned: true });
  expect(trust.granted).toBe(0);
  trust.proved(anchored);
  expect(trust.granted).toBe(63);
});

it("a checkpoint that was anchored before a restart proves nothing until the chain has come to it", () => {
  const options = { required: 2, agreeing: 2, validators: new Set<string>(), anchored } as const;
  const trust = new Trust({ ...options, checkValue: () => true });
  trust.reached(50);
  expect(trust.granted).toBe(0);
  trust.reached(63);
  expect(trust.granted).toBe(63);
});
