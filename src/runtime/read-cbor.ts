/** Reading decoded CBOR whose shape we know. Errors `CBOR_INVALID` where it has another. */
import { toHex } from "../lib/bytes.ts";
import type { CborValue } from "../lib/cbor.ts";
import { AceError } from "../lib/errors.ts";

type Maybe = CborValue | undefined;

export const hexOf = toHex;

export function items(value: Maybe, length?: number): readonly CborValue[] {
  if (!Array.isArray(value)) return wrong("an array");
  return length === undefined || value.length === length ? value : wrong(`${length} items`);
}

export function text(value: Maybe): string {
  return typeof value === "string" ? value : wrong("text");
}

export function bytes(value: Maybe): Uint8Array {
  return value instanceof Uint8Array ? value : wrong("bytes");
}

export function integer(value: Maybe): bigint {
  return typeof value === "bigint" ? value : wrong("an integer");
}

/** An integer that a number holds exactly. */
export function count(value: Maybe): number {
  const number = Number(integer(value));
  return Number.isSafeInteger(number) ? number : wrong("a small integer");
}

function wrong(expected: string): never {
  throw new AceError("CBOR_INVALID", `the CBOR should hold ${expected} here`);
}
