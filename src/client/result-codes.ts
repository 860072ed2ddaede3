/** Stellar's result codes as a person reads them: `tx_failed: op_inner payment underfunded`. */
import type { xdr } from "@stellar/stellar-sdk";

/** @see SEP-51: the names are those of the XDR-JSON form. */
export function resultCodes(result: xdr.TransactionResult): string {
  const json: unknown = JSON.parse(JSON.stringify(result.toJSON(), bigintAsText));
  const inner = isRecord(json) ? json["result"] : json;
  return words(inner).join(" ");
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
