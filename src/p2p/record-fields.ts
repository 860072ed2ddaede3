/**
 * What records of films and of live streams have in common: their fields, and the bytes that are signed.
 *
 * Units   Keys are 64 hexadecimal characters; `contract` is a contract number; Unix seconds.
 */
import { z } from "zod";
import { concatBytes } from "../lib/bytes.ts";
import { type CborValue, encodeCbor } from "../lib/cbor.ts";
import { PEERS_MAX } from "./limits.ts";

const ADDRESS_MAX_CHARACTERS = 512;

export const hexText = (length: number) =>
  z.string().regex(new RegExp(`^[0-9a-f]{${length}}$`), `is not ${length} hexadecimal characters`);

/** An address of one of these schemes, such as `https?`. */
export const addressText = (schemes: string, what: string) =>
  z
    .string()
    .max(ADDRESS_MAX_CHARACTERS)
    .regex(new RegExp(`^(?:${schemes})://`), `is not ${what}`);

export const recordFields = {
  v: z.literal(1),
  title: z.string().min(1).max(200),
  contentId: hexText(64),
  access: z.enum(["gated", "public"]),
  /** The contract whose licence opens what is gated, in decimal digits; empty when public. */
  contract: z.string().regex(/^(?:[1-9]\d{0,18})?$/),
  /** Id of the service network that the contract lives in. */
  network: hexText(64),
  /** `host:port` of nodes that are always there. */
  peers: z.array(z.string().max(64)).max(PEERS_MAX).readonly(),
  /** Keys that a node must prove before a viewer shows it a token. */
  serverKeys: z.array(hexText(64)).max(PEERS_MAX).readonly(),
  publishedAtS: z.int().nonnegative(),
};

/** Ed25519 by whoever answers for the record. */
export const signatureText = hexText(128);

/** What is signed: the tag of its kind and the record in canonical CBOR. */
export function signedRecord(tag: Uint8Array, record: object): Uint8Array {
  return concatBytes(tag, encodeCbor(toCbor(record)));
}

function toCbor(value: unknown): CborValue {
  if (typeof value === "string") return value;
  if (typeof value === "number") return BigInt(value);
  if (Array.isArray(value)) return value.map(toCbor);
  const present = Object.entries(value ?? {}).filter(([, item]) => item !== undefined);
  return new Map(present.map(([name, item]) => [name, toCbor(item)]));
}
