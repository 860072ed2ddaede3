/**
 * Changes of code in state: what is announced, and what a contract ran before.
 *
 * Units   Times are Unix seconds of close time.
 */
import { invariant } from "../lib/invariant.ts";
import { hashItem, type Source, type Target } from "./contract-records.ts";
import { hex } from "./realm/bytes.ts";
import { header, integerItem, MAJOR, readInteger, readItems, readString } from "./realm/cbor.ts";
import { announcementKey, formerKey } from "./system-keys.ts";

export interface Announcement {
  readonly codeHash: string;
  readonly announced: bigint;
  /** It may take effect from here on, and no longer from `expires` on. */
  readonly earliest: bigint;
  readonly expires: bigint;
}

/** Code that a contract ran until it was changed. */
export interface FormerCode {
  readonly codeHash: string;
  /** The ledger that changed it, and when that closed. */
  readonly untilLedger: bigint;
  readonly until: bigint;
}

export function announcementOf(state: Source, contract: bigint): Announcement | undefined {
  const stored = state.get(announcementKey(contract));
  if (stored === undefined) return undefined;
  const [codeHash, announced = 0n, earliest = 0n, expires = 0n] = readRow(stored);
  return { codeHash, announced, earliest, expires };
}

/** Undefined takes it back. */
export function storeAnnouncement(
  state: Target,
  contract: bigint,
  announcement: Announcement | undefined,
): void {
  const key = announcementKey(contract);
  state.set(key, announcement === undefined ? undefined : announcementRow(announcement));
}

export function storeFormer(
  state: Target,
  place: { readonly contract: bigint; readonly version: bigint },
  { codeHash, untilLedger, until }: FormerCode,
): void {
  state.set(formerKey(place.contract, place.version), rowOf(codeHash, untilLedger, until));
}

/** The code that these bytes of state name. */
export function readFormer(stored: string): FormerCode {
  const [codeHash, untilLedger = 0n, until = 0n] = readRow(stored);
  return { codeHash, untilLedger, until };
}

function announcementRow({ codeHash, announced, earliest, expires }: Announcement): string {
  return rowOf(codeHash, announced, earliest, expires);
}

function rowOf(codeHash: string, ...numbers: readonly bigint[]): string {
  const items = numbers.map(integerItem).join("");
  return header(MAJOR.array, 1 + numbers.length) + hashItem(codeHash) + items;
}

function readRow(stored: string): [codeHash: string, ...numbers: bigint[]] {
  const [hashPart = "", ...rest] = readItems(stored) ?? [];
  const hash = readString(MAJOR.bytes, hashPart);
  const numbers = rest.map((item) => readInteger(item) ?? -1n);
  invariant(hash !== undefined && numbers.every((number) => number >= 0n), "a row of a code hash");
  return [hex(hash), ...numbers];
}
