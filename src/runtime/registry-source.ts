/**
 * Source on the ledger: parts that an account has put, joined, judged and kept under their hash.
 *
 * Parts belong to the account that put them: nobody can spoil what another uploads, in any order.
 * Errors  `ARGS_INVALID`, `CODE_INCOMPLETE`, `CODE_REFUSED`, `OUT_OF_GAS`.
 */
import type { Code, CodeRefusal } from "./contract-code.ts";
import { contractSource, storeCode } from "./contract-records.ts";
import { gasSchedule, limits } from "./limits.ts";
import type { Row } from "./overlay.ts";
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
import { uploadKey, uploadPrefix } from "./system-keys.ts";

const HASH_BYTES = 32;
const OFFSET_BYTES = 4;
/** A part has at least one byte, but no honest one is that small: it bounds the work of joining. */
const PARTS_MAX = 128;
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
  context.ledger.state.set(uploadKey(caller, codeHash, Number(offset)), bytes);
  return refused("", cost);
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
  const parts = state.scan(uploadPrefix(caller, codeHash), "", PARTS_MAX);
  const source = contractSource(state, codeHash) ?? joined(parts, codeHash, context);
  const cost = gasSchedule.registryDeploy + gasSchedule.registryDeployByte * (source?.length ?? 0);
  if (cost > gas) return { ok: false, outcome: refused("OUT_OF_GAS", gas) };
  if (source === undefined) return { ok: false, outcome: refused("CODE_INCOMPLETE", cost) };
  for (const [key] of parts) state.set(key, undefined);
  return { ok: true, source, cost };
}

export type Kept =
  | { readonly ok: true; readonly code: Code }
  | { readonly ok: false; readonly outcome: CallResult };

/** Judges source, and keeps on the ledger what is admitted. */
export function keepCode(source: string, context: CallContext, gasUsed: number): Kept {
  const admitted = context.code.admit(source);
  if (!admitted.ok) {
    const shown = admitted.refusals.slice(0, REFUSALS_SHOWN).map(refusalItem);
    const result = header(MAJOR.array, shown.length) + shown.join("");
    return { ok: false, outcome: refused("CODE_REFUSED", gasUsed, result) };
  }
  const { code } = admitted;
  storeCode(context.ledger.state, code.codeHash, source, code.abi);
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
