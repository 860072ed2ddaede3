/**
 * The protocol: what all nodes must have in common, as one hash in every ledger hash.
 *
 * A change of anything here changes what nodes agree on: raise the part's number with it.
 */
import { type CborValue, encodeCbor } from "../lib/cbor.ts";
import { sha256Hex } from "../lib/hash.ts";
import { gasSchedule, limits } from "./limits.ts";

/** Versions of what has no value of its own to hash. */
const parts = {
  protocol: 1,
  admission: 1,
  realm: 2,
  receipt: 1,
  stateTree: 1,
  v8: 14,
} as const;

/** SHA-256 of the parts, the limits and the gas schedule in canonical CBOR, hexadecimal. */
export const protocolHash: string = sha256Hex(
  encodeCbor([parts, limits, gasSchedule].map(numbersToCbor)),
);

function numbersToCbor(values: Readonly<Record<string, number>>): CborValue {
  return new Map(Object.entries(values).map(([name, value]) => [name, BigInt(value)]));
}
