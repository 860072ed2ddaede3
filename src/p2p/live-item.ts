/**
 * Live records in the distributed hash table: where a public stream is, for who knows its broadcaster's key
 * and its name and no node.
 *
 * The item is signed by the broadcaster's key and salted with the name (BEP 44); a link of BEP 46 says
 * both. It holds what key and name do not say already, and the record's own signature: what comes of it
 * is a record like any other.
 *
 * Range   An item is less than `DHT_VALUE_MAX_BYTES`; one that would be longer is not made.
 * Errors  `CONTENT_INVALID` for an item that is no record of this stream.
 * Source  BEP 44, BEP 46; docs/spec/live.md.
 */
import { z } from "zod";
import { fromHex, toHex } from "../lib/bytes.ts";
import { AceError } from "../lib/errors.ts";
import { DHT_VALUE_MAX_BYTES } from "./limits.ts";
import { describeLive, type LiveDescriptor } from "./live-descriptor.ts";
import { readLiveRecord, recordOf, type SignedLiveRecord } from "./live-record.ts";

const ItemSchema = z.object({ signature: z.string() }).catchall(z.unknown());
const LINK = /^magnet:\?(?:.*&)?xs=urn:btpk:([0-9a-f]{64})(?:&|$)/i;
const SALT = /[?&]s=((?:[0-9a-f]{2}){0,64})(?:&|$)/i;

/** Undefined for a record that is too long for one. */
export function liveItem(
  { record, signature }: SignedLiveRecord,
  descriptor: LiveDescriptor,
): Uint8Array | undefined {
  const known = new Set(Object.keys(recordOf(descriptor)));
  const rest = Object.entries(record).filter(([field]) => !known.has(field));
  const text = JSON.stringify({ ...Object.fromEntries(rest), signature });
  const bytes = new TextEncoder().encode(text);
  return bytes.length < DHT_VALUE_MAX_BYTES ? bytes : undefined;
}

export function readLiveItem(bytes: Uint8Array, descriptor: LiveDescriptor): SignedLiveRecord {
  const parsed = ItemSchema.safeParse(parsedText(bytes));
  if (!parsed.success) throw invalid("it is no record");
  const { signature, ...rest } = parsed.data;
  return readLiveRecord({ record: { ...rest, ...recordOf(descriptor) }, signature });
}

/** `magnet:?xs=urn:btpk:<key>&s=<name>`, the name in hexadecimal. */
export function liveLink({ broadcaster, name }: LiveDescriptor): string {
  const salt = toHex(new TextEncoder().encode(name));
  return `magnet:?xs=urn:btpk:${toHex(broadcaster)}&s=${salt}`;
}

/** Undefined for a link that names no live stream. */
export function readLiveLink(text: string): LiveDescriptor | undefined {
  const broadcaster = fromHex(LINK.exec(text)?.[1]?.toLowerCase() ?? "");
  const salt = fromHex(SALT.exec(text)?.[1]?.toLowerCase() ?? "");
  if (broadcaster === undefined || broadcaster.length === 0) return undefined;
  const name = decoded(salt ?? new Uint8Array());
  return name === undefined ? undefined : describeLive(broadcaster, name);
}

function decoded(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function parsedText(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(decoded(bytes) ?? "");
  } catch {
    return undefined;
  }
}

function invalid(what: string): AceError {
  return new AceError("CONTENT_INVALID", `the item of the DHT is refused: ${what}`);
}
