/** Text on the ledger: ASCII without control characters (stellar-core, isStringValid). */
import type { xdr } from "@stellar/stellar-sdk/base";

const FIRST_PRINTABLE = 0x20;
const LAST_PRINTABLE = 0x7e;

export function isLedgerText(text: xdr.XdrString): boolean {
  return text.bytes.every((byte) => byte >= FIRST_PRINTABLE && byte <= LAST_PRINTABLE);
}
