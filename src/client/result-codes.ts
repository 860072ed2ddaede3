/** Stellar's result codes as a person reads them: `tx_failed: op_inner payment underfunded`. */
import type { xdr } from "@stellar/stellar-sdk";

/** What the codes mean that people meet most. */
const meanings: Readonly<Record<string, string>> = {
  underfunded: "the account does not hold that much",
  low_reserve: "the account must keep its reserve in XLM",
  no_destination: "the receiver's account does not exist",
  no_trust: "the receiver has no trustline for this asset",
  src_no_trust: "the account has no trustline for this asset",
  line_full: "the receiver's trustline takes no more",
  tx_insufficient_balance: "the account cannot pay the fee",
  tx_bad_seq: "another transaction of this account came first",
  tx_bad_auth: "a signature is missing, or made for another network",
  tx_too_late: "its time is over",
};

/** @see SEP-51: the names are those of the XDR-JSON form. */
export function resultCodes(result: xdr.TransactionResult): string {
  const json: unknown = JSON.parse(JSON.stringify(result.toJSON(), bigintAsText));
  const inner = isRecord(json) ? json["result"] : json;
  const codes = words(inner);
  const known = codes.find((code) => Object.hasOwn(meanings, code));
  return known === undefined ? codes.join(" ") : `${codes.join(" ")} (${meanings[known]})`;
}

function words(value: unknown): readonly string[] {
  if (typeof value === "string") return [value];
  if (Array.isArray(value)) return value.flatMap(words);
  if (!isRecord(value)) return [];
  return Object.entries(value).flatMap(([name, item]) => [name, ...words(item)]);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function bigintAsText(_name: string, value: unknown): unknown {
  return typeof value === "bigint" ? value.toString() : value;
}
