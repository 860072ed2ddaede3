/** Calls of the DAO as tests make them. */
import type { Lock, Predicate } from "../../src/contracts/call.ts";
import type { JsonValue } from "../../src/contracts/value-json.ts";
import { governanceAsset, type Send } from "./sandbox.ts";

export const DAO = 1n;

/** From `developmentSettings`. */
export const DELAY_S = 2n;
export const VOTING_S = 30n;
export const TIMELOCK_S = 10n;
export const GRACE_S = 600n;

export const raise = { kind: "param.set", name: "token.lifeS", value: "300" };

export const claimableAt = (time: bigint): Predicate => ({
  kind: "not",
  of: { kind: "before", time },
});

export function selfLock(
  owner: string,
  amount: bigint,
  until: bigint,
): Omit<Lock, "operation" | "id"> {
  const claimants = [{ account: owner, predicate: claimableAt(until) }];
  return { from: owner, asset: governanceAsset, amount, claimants };
}

export const callDao = (from: string, method: string, ...args: readonly unknown[]): Send => ({
  from,
  call: { contract: DAO, method, args },
});

export function lock(owner: string, amount: bigint, until: bigint): Send {
  return { ...callDao(owner, "lock", `${until}`), locks: [selfLock(owner, amount, until)] };
}

export const propose = (from: string, action: object = raise, title = "Longer tokens"): Send =>
  callDao(from, "propose", title, action);

export const vote = (from: string, proposal: JsonValue, choice: string): Send =>
  callDao(from, "vote", proposal, choice);
