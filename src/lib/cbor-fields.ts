// Reading CBOR that somebody else wrote, field by field: what does not fit is undefined, never an error.
// Apart from `cbor.ts`, whose sources are one of the parts that nodes agree on: readers of messages are not.
import { type CborValue, decodeCbor } from "./cbor.ts";

/** Undefined for bytes that are not the canonical form of a value. */
export function readCbor(bytes: Uint8Array): CborValue | undefined {
  try {
    return decodeCbor(bytes);
  } catch {
    return undefined;
  }
}

/** A whole number from 0 that arithmetic is exact with; undefined for everything else. */
export function wholeOf(value: CborValue | undefined): number | undefined {
  if (typeof value !== "bigint" || value < 0n || value > BigInt(Number.MAX_SAFE_INTEGER)) {
    return undefined;
  }
  return Number(value);
}
