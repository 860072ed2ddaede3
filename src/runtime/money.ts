/**
 * Money: what each contract holds, and the payables book.
 *
 * Every stroop that came in with a call is kept by a contract, owed by the book, or both sides of a
 * move between contracts: `moneyDelta` is what a ledger added, and must equal what it received.
 */
import { invariant } from "../lib/invariant.ts";
import { cborText, fromCborText } from "./byte-text.ts";
import type { Ground, Layer } from "./overlay.ts";
import { assetOfKey, balanceKey, owedKey } from "./system-keys.ts";

export function balanceOf(state: Ground, contract: bigint, asset: string): bigint {
  return amountAt(state, balanceKey(contract, asset));
}

/** Gives to a contract's balance. */
export function credit(state: Layer, contract: bigint, asset: string, amount: bigint): void {
  add(state, balanceKey(contract, asset), amount);
}

/** Takes from a contract's balance; false, and nothing changed, when it does not hold so much. */
export function debit(state: Layer, contract: bigint, asset: string, amount: bigint): boolean {
  if (balanceOf(state, contract, asset) < amount) return false;
  add(state, balanceKey(contract, asset), -amount);
  return true;
}

/** Enters a debt of the vault into the book. */
export function owe(state: Layer, address: string, asset: string, amount: bigint): void {
  add(state, owedKey(address, asset), amount);
}

/** By asset: how much more the contracts hold and the book owes after these writes. */
export function moneyDelta(before: Ground, after: Layer): ReadonlyMap<string, bigint> {
  const deltas = new Map<string, bigint>();
  for (const [key] of after.writes()) {
    const asset = assetOfKey(key);
    if (asset === undefined) continue;
    const delta = amountAt(after, key) - amountAt(before, key);
    deltas.set(asset, (deltas.get(asset) ?? 0n) + delta);
  }
  return deltas;
}

function add(state: Layer, key: string, amount: bigint): void {
  const sum = amountAt(state, key) + amount;
  invariant(sum >= 0n, "nobody holds less than nothing");
  state.set(key, sum === 0n ? undefined : cborText(sum));
}

function amountAt(state: Ground, key: string): bigint {
  const stored = state.get(key);
  if (stored === undefined) return 0n;
  const amount = fromCborText(stored);
  invariant(typeof amount === "bigint", "balances and debts are integers");
  return amount;
}
