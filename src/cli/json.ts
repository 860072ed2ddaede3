/** The JSON of `--json`: bigint as decimal text, bytes as hexadecimal text, maps as objects. */
import { escapeJson } from "./escape.ts";

export function jsonText(value: unknown): string {
  return escapeJson(JSON.stringify(value, (_name, item: unknown) => plain(item)));
}

function plain(value: unknown): unknown {
  if (typeof value === "bigint") return value.toString();
  if (value instanceof Uint8Array) return value.toHex();
  if (value instanceof Map) return Object.fromEntries(value);
  if (value instanceof Set) return [...value];
  return value;
}
