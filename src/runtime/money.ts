/**
 * Money: what each contract holds, and the payables book.
 *
 * Every stroop that came in with a call is kept by a contract, owed by the book, or both sides of a
 * move between contracts: `moneyDelta` is what a ledger added, and must equal what it received.
 */
import { invariant } from "../lib/invariant.ts";
import { integerItem, readInteger } from "./realm/cbor.ts";
import { assetOfKey } from "./system-keys.ts";
import type { WorkingState } from "./working-state.ts";

/** What stands under a key of `system-keys.ts` that holds an amount. */
export function amountAt(state: WorkingState, key: string): bigint {
  return amountOf(state.read(key));
}

/** Gives to a contract's balance, or enters a debt of the vault into the book. */
export function credit(state: WorkingState, key: string, amount: bigint): void {
  keep(state, key, amountAt(state, key) + amount);
}

/** Takes from a contract's balance; false, and nothing changed, when it does not hold so much. */
export function debit(state: WorkingState, key: string, amount: bigint): boolean {
  const held = amountAt(state, key);
  if (held < amount) return false;
  keep(state, key, held - amount);
  return true;
}

/** By asset: how much more the contracts hold and the book owes than before the ledger. */
export function moneyDelta(state: WorkingState): Map<string, bigint> {
  const deltas = new Map<string, bigint>();
  state.changes((key, before, after) => {
    const asset = assetOfKey(key);
    if (asset === undefined) return;
    deltas.set(asset, (deltas.get(asset) ?? 0n) + amountOf(after) - amountOf(before));
  });
  return deltas;
}

function keep(state: WorkingState, key: string, sum: bigint): void {
  invariant(sum >= 0n, "nobody holds less than nothing");
  state.set(key, sum === 0n ? undefined : integerItem(sum));
}

function amountOf(stored: string): bigint {
  if (stored === "") return 0n;
  const amount = readInteger(stored);
  invariant(amount !== undefined, "balances and debts are integers");
  return amount;
}
