/**
 * Source on the ledger: parts that an account has put, joined, judged and kept under their hash.
 *
 * Parts belong to the account that put them: nobody can spoil what another uploads, in any order. An
 * account has one source under way: to begin another takes the parts of the one before away.
 * Errors  `ARGS_INVALID`, `CODE_INCOMPLETE`, `CODE_REFUSED`, `OUT_OF_GAS`, `UPLOAD_FULL`, `OWNER_FULL`.
 */
import { invariant } from "../lib/invariant.ts";
import type { Code, CodeRefusal } from "./contract-code.ts";
import { contractSource, hashItem, storeCode } from "./contract-records.ts";
import { gasSchedule, limits } from "./limits.ts";
import type { Row } from "./overlay.ts";
import { takeRoom } from "./owner-book.ts";
import { fromUtf8, hex, utf8 } from "./realm/bytes.ts";
import {
  big,
  header,
  integerItem,
  MAJOR,
  readInteger,
  readItems,
  readString,
  textItem,
} from "./realm/cbor.ts";
import type { WireCall } from "./requests.ts";
import { type CallContext, type CallResult, refused } from "./run-method.ts";
import { uploadingKey, uploadKey, uploadPrefix } from "./system-keys.ts";
import type { WorkingState } from "./working-state.ts";

const HASH_BYTES = 32;
const OFFSET_BYTES = 4;
const REFUSALS_SHOWN = 3;

/** The hash that this item is, hexadecimal. */
export function readHash(item: string): string | undefined {
  const bytes = readString(MAJOR.bytes, item);
  return bytes?.length === HASH_BYTES ? hex(bytes) : undefined;
}

/** Keeps a part of a source in the caller's own area. */
export function putPart({ args, caller }: WireCall, context: CallContext, gas: number): CallResult {
  const [hashPart = "", offsetItem = "", bytesItem = "", more] = readItems(args) ?? [];
  const codeHash = readHash(hashPart);
  const offset = readInteger(offsetItem);
  const bytes = readString(MAJOR.bytes, bytesItem);
  if (codeHash === undefined || offset === undefined || bytes === undefined) {
    return refused("ARGS_INVALID");
  }
  const end = offset + BigInt(bytes.length);
  const isInside = offset >= 0n && bytes.length > 0 && end <= BigInt(limits.sourceBytesMax);
  if (more !== undefined || !isInside) return refused("ARGS_INVALID");
  const cost = gasSchedule.registryPut + gasSchedule.registryPutByte * bytes.length;
  if (cost > gas) return refused("OUT_OF_GAS", gas);
  const isKept = keepPart(context.ledger.state, caller, codeHash, {
    offset: Number(offset),
    bytes,
  });
  return refused(isKept ? "" : "UPLOAD_FULL", cost);
}

/** A part has at least one byte, but no honest one is that small: their count bounds what joins them. */
function keepPart(
  state: WorkingState,
  caller: string,
  codeHash: string,
  part: { readonly offset: number; readonly bytes: string },
): boolean {
  const under = uploadOf(state, caller);
  if (under !== undefined && under.codeHash !== codeHash) dropParts(state, caller, under.codeHash);
  const key = uploadKey(caller, codeHash, part.offset);
  const before = under?.codeHash === codeHash ? under.parts : 0;
  const parts = state.get(key) === undefined ? before + 1 : before;
  if (parts > limits.uploadPartsMax) return false;
  state.set(key, part.bytes);
  const row = header(MAJOR.array, 2) + hashItem(codeHash) + integerItem(BigInt(parts));
  state.set(uploadingKey(caller), row);
  return true;
}

/** The source that this account has under way. */
function uploadOf(state: WorkingState, account: string) {
  const stored = state.get(uploadingKey(account));
  if (stored === undefined) return undefined;
  const [hashPart = "", count = ""] = readItems(stored) ?? [];
  const codeHash = readHash(hashPart);
  const parts = readInteger(count);
  invariant(codeHash !== undefined && parts !== undefined, "an upload is a hash and a count");
  return { codeHash, parts: Number(parts) };
}

function dropParts(state: WorkingState, account: string, codeHash: string): void {
  const rows = state.scan(uploadPrefix(account, codeHash), "", limits.uploadPartsMax);
  for (const [key] of rows) state.set(key, undefined);
}

export type Found =
  | { readonly ok: true; readonly source: string; readonly cost: number }
  | { readonly ok: false; readonly outcome: CallResult };

/** The source of this hash: on the ledger already, or put there by the caller, whose parts then go. */
export function takeSource(
  codeHash: string,
  caller: string,
  context: CallContext,
  gas: number,
): Found {
  const { state } = context.ledger;
  const parts = state.scan(uploadPrefix(caller, codeHash), "", limits.uploadPartsMax);
  const source = contractSource(state, codeHash) ?? joined(parts, codeHash, context);
  const cost = gasSchedule.registryDeploy + gasSchedule.registryDeployByte * (source?.length ?? 0);
  if (cost > gas) return { ok: false, outcome: refused("OUT_OF_GAS", gas) };
  if (!context.ledger.takeJudging(cost, gas)) {
    return { ok: false, outcome: refused("LEDGER_FULL") };
  }
  if (source === undefined) return { ok: false, outcome: refused("CODE_INCOMPLETE", cost) };
  for (const [key] of parts) state.set(key, undefined);
  if (parts.length > 0) state.set(uploadingKey(caller), undefined);
  return { ok: true, source, cost };
}

export type Kept =
  | { readonly ok: true; readonly code: Code }
  | { readonly ok: false; readonly outcome: CallResult };

/** Whose room code takes, and how many contracts are made of it; the network's own takes nobody's. */
export interface Payer {
  readonly account: string;
  readonly contracts: number;
}

/** Judges source, and keeps on the ledger what is admitted. */
export function keepCode(
  source: string,
  context: CallContext,
  gasUsed: number,
  payer?: Payer,
): Kept {
  const { state } = context.ledger;
  const admitted = context.code.admit(source);
  if (!admitted.ok) {
    const shown = admitted.refusals.slice(0, REFUSALS_SHOWN).map(refusalItem);
    const result = header(MAJOR.array, shown.length) + shown.join("");
    return { ok: false, outcome: refused("CODE_REFUSED", gasUsed, result) };
  }
  const { code } = admitted;
  if (payer !== undefined) {
    const { account, contracts } = payer;
    const isNew = contractSource(state, code.codeHash) === undefined;
    const codeBytes = isNew ? (utf8(source) ?? "").length + code.abi.length : 0;
    const room = { contracts, bytes: codeBytes + contracts * code.storageBytes };
    const full = takeRoom(state, account, room);
    if (full !== "") return { ok: false, outcome: refused(full, gasUsed) };
  }
  storeCode(state, code.codeHash, source, code.abi);
  return { ok: true, code };
}

/** A map, its keys in canonical order: shorter first. */
function refusalItem({ code, line, column }: CodeRefusal): string {
  const place = textItem("line") + integerItem(BigInt(line));
  const end = textItem("column") + integerItem(BigInt(column));
  return header(MAJOR.map, 3) + textItem("code") + textItem(code) + place + end;
}

/** The source, when parts that follow each other have the hash; others are left of an older attempt. */
function joined(
  parts: readonly Row[],
  codeHash: string,
  { port }: CallContext,
): string | undefined {
  let bytes = "";
  for (const [key, part] of parts) {
    const offset = Number(big(key.slice(-OFFSET_BYTES)));
    if (offset === bytes.length) bytes += part;
  }
  return port.sha256(bytes) === codeHash ? textOf(bytes) : undefined;
}

/** The text of well-formed UTF-8; undefined for other bytes. */
function textOf(bytes: string): string | undefined {
  const text = fromUtf8(bytes);
  return utf8(text) === bytes ? text : undefined;
}
