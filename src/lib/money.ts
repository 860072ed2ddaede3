/**
 * Money: exact amounts of one Stellar asset.
 *
 * Units   `Stroops` are whole numbers; one unit of an asset is 10,000,000 stroops.
 * Range   0 to 2^63 - 1, because the ledger stores an int64.
 * Errors  `AMOUNT_INVALID` for text that is not such an amount.
 * Source  stellar/go, amount/main.go: seven decimal places, held as an int64.
 */
import { AceError } from "./errors.ts";

export type Stroops = bigint;

const STROOPS_PER_UNIT: Stroops = 10_000_000n;
export const STROOPS_MAX: Stroops = 2n ** 63n - 1n;

const AMOUNT = /^(\d{1,12})(?:\.(\d{1,7}))?$/;

/** Reads `"12.5"` as 125,000,000 stroops. */
export function parseAmount(text: string): Stroops {
  const [matched, units = "", fraction = ""] = AMOUNT.exec(text) ?? [];
  const stroops = BigInt(units + fraction.padEnd(7, "0"));
  if (matched === undefined || stroops > STROOPS_MAX) {
    throw new AceError("AMOUNT_INVALID", `"${text}" is not an amount`);
  }
  return stroops;
}

/** Writes 125,000,000 stroops as `"12.5000000"`, the form Stellar's SDK takes. */
export function formatAmount(stroops: Stroops): string {
  const fraction = String(stroops % STROOPS_PER_UNIT).padStart(7, "0");
  return `${stroops / STROOPS_PER_UNIT}.${fraction}`;
}
