/**
 * Money: what each contract holds, and the payables book.
 *
 * Every stroop that came in with a call is kept by a contract, owed by the book, or both sides of a
 * move between contracts: `moneyDelta` is what a ledger added, and must equal what it received.
 */
import { invariant } from "../lib/invariant.ts";
import { integerItem, readInteger } from "./realm/cbor.ts";
import { assetOfKey, balanceKey, owedKey } from "./system-keys.ts";
import type { WorkingState } from "./working-state.ts";

export function balanceOf(state: WorkingState, contract: bigint, asset: string): bigint {
  return amountOf(state.read(balanceKey(contract, asset)));
}

/** Gives to a contract's balance. */
export function credit(state: WorkingState, contract: bigint, asset: string, amount: bigint): void {
  add(state, balanceKey(contract, asset), amount);
}

/** Takes from a contract's balance; false, and nothing changed, when it does not hold so much. */
export function debit(
  state: WorkingState,
  contract: bigint,
  asset: string,
  amount: bigint,
): boolean {
  if (balanceOf(state, contract, asset) < amount) return false;
  add(state, balanceKey(contract, asset), -amount);
  return true;
}

/** Enters a debt of the vault into the book. */
export function owe(state: WorkingState, address: string, asset: string, amount: bigint): void {
  add(state, owedKey(address, asset), amount);
}

/** By asset: how much more the contracts hold and the book owes than before the ledger. */
export function moneyDelta(state: WorkingState): Map<string, bigint> {
  const deltas = new Map<string, bigint>();
  for (const [key, before, after] of state.changes()) {
    const asset = assetOfKey(key);
    if (asset === undefined) continue;
    deltas.set(asset, (deltas.get(asset) ?? 0n) + amountOf(after) - amountOf(before));
  }
  return deltas;
}

function add(state: WorkingState, key: string, amount: bigint): void {
  const sum = amountOf(state.read(key)) + amount;
  invariant(sum >= 0n, "nobody holds less than nothing");
  state.set(key, sum === 0n ? undefined : integerItem(sum));
}

function amountOf(stored: string): bigint {
  if (stored === "") return 0n;
  const amount = readInteger(stored);
  invariant(amount !== undefined, "balances and debts are integers");
  return amount;
}
