/**
 * The payables book, read from state: what the vault owes to whom.
 *
 * Units   Amounts are stroops.
 */
import { decodeCbor } from "../lib/cbor.ts";
import { invariant } from "../lib/invariant.ts";
import type { StateReader } from "./applied.ts";
import { fromByteText, toByteText } from "./byte-text.ts";
import { assetOfKey, owedToPrefix } from "./system-keys.ts";

export interface Payable {
  readonly asset: string;
  readonly amount: bigint;
}

const PAGE_ROWS = 100;

/** All that is owed to one G… or M… address, by asset. */
export function readPayables(state: StateReader, account: string): readonly Payable[] {
  const prefix = fromByteText(owedToPrefix(account));
  const found: Payable[] = [];
  let after: Uint8Array | undefined;
  for (;;) {
    const rows = state.scan(prefix, after, PAGE_ROWS);
    for (const { key, value } of rows) {
      const amount = decodeCbor(value);
      const asset = assetOfKey(toByteText(key));
      invariant(typeof amount === "bigint" && asset !== undefined, "the book holds amounts");
      found.push({ asset, amount });
    }
    after = rows.at(-1)?.key;
    if (rows.length < PAGE_ROWS) return found;
  }
}
