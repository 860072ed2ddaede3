/**
 * The registry, contract number 0: puts code on the ledger and makes contracts of it.
 *
 * put(hash, offset, bytes)   keeps a part of a source, in the caller's own area
 * deploy(hash, args)         admits the caller's complete source and runs `setup(...args)`
 *
 * Parts belong to the account that put them: nobody can spoil what another uploads, in any order.
 * Errors  `ARGS_INVALID`, `CODE_INCOMPLETE`, `CODE_REFUSED`, `UPGRADE_REFUSED`, or what `setup` says.
 */
import type { CodeRefusal } from "./contract-code.ts";
import { contractSource, storeCode, storeContract, takeNumber } from "./contract-records.ts";
import { gasSchedule, limits } from "./limits.ts";
import type { Row } from "./overlay.ts";
import { fromUtf8, hex, utf8 } from "./realm/bytes.ts";
import {
  big,
  header,
  integerItem,
  MAJOR,
  NULL,
  readInteger,
  readItems,
  readString,
  textItem,
} from "./realm/cbor.ts";
import type { WireCall } from "./requests.ts";
import { type CallContext, type CallResult, refused, runMethod } from "./run-method.ts";
import { uploadKey, uploadPrefix } from "./system-keys.ts";

export const REGISTRY = 0n;

const HASH_BYTES = 32;
const OFFSET_BYTES = 4;
/** A part has at least one byte, but no honest one is that small: it bounds the work of a deploy. */
const PARTS_MAX = 128;
const REFUSALS_SHOWN = 3;

const NO_ARGUMENTS = header(MAJOR.array, 0);

export function callRegistry(call: WireCall, context: CallContext, gas: number): CallResult {
  const { kind, method, paid } = call;
  if (paid.length > 0 || kind === "receive") return refused("NOT_PAYABLE");
  switch (method) {
    case "put":
      return put(call, context, gas);
    case "deploy":
      return deploy(call, context, gas);
    case "upgrade":
      return refused("UPGRADE_REFUSED");
    default:
      return refused("METHOD_UNKNOWN");
  }
}

interface Installation {
  readonly source: string;
  readonly number: bigint;
  readonly caller: string;
  /** CBOR of the array of arguments of `setup`. */
  readonly args: string;
  readonly gas: number;
}

/** Makes a contract of admitted source under this number, and runs its `setup`. */
export function install(parts: Installation, context: CallContext): CallResult {
  const { source, number, caller, args, gas } = parts;
  const { state } = context.ledger;
  const admitted = context.code.admit(source);
  if (!admitted.ok) {
    const shown = admitted.refusals.slice(0, REFUSALS_SHOWN).map(refusalItem);
    return refused("CODE_REFUSED", 0, header(MAJOR.array, shown.length) + shown.join(""));
  }
  const { codeHash, abi, methods } = admitted.code;
  storeCode(state, codeHash, source, abi);
  storeContract(state, { number, codeHash, owner: caller });
  if (!methods.has("setup")) {
    const outcome = refused(args === NO_ARGUMENTS ? "" : "ARGS_INVALID");
    return { ...outcome, codeHash, result: integerItem(number) };
  }
  const contract = context.ledger.contract(String(number));
  const setup = { contract, method: "setup", args, caller, gas };
  const outcome = runMethod({ ...setup, paid: new Map(), isView: false }, context);
  return { ...outcome, result: outcome.code === "" ? integerItem(number) : NULL };
}

/** A map, its keys in canonical order: shorter first. */
function refusalItem({ code, line, column }: CodeRefusal): string {
  const place = textItem("line") + integerItem(BigInt(line));
  const end = textItem("column") + integerItem(BigInt(column));
  return header(MAJOR.map, 3) + textItem("code") + textItem(code) + place + end;
}

function put({ args, caller }: WireCall, context: CallContext, gas: number): CallResult {
  const [hash = "", offsetItem = "", bytesItem = "", more] = readItems(args) ?? [];
  const codeHash = readString(MAJOR.bytes, hash);
  const offset = readInteger(offsetItem);
  const bytes = readString(MAJOR.bytes, bytesItem);
  if (codeHash?.length !== HASH_BYTES || offset === undefined || bytes === undefined) {
    return refused("ARGS_INVALID");
  }
  const end = offset + BigInt(bytes.length);
  const isInside = offset >= 0n && bytes.length > 0 && end <= BigInt(limits.sourceBytesMax);
  if (more !== undefined || !isInside) return refused("ARGS_INVALID");
  const cost = gasSchedule.registryPut + gasSchedule.registryPutByte * bytes.length;
  if (cost > gas) return refused("OUT_OF_GAS", gas);
  context.ledger.state.set(uploadKey(caller, hex(codeHash), Number(offset)), bytes);
  return refused("", cost);
}

function deploy({ args, caller }: WireCall, context: CallContext, gas: number): CallResult {
  const { state } = context.ledger;
  const [hash = "", setupArgs = "", more] = readItems(args) ?? [];
  const hashBytes = readString(MAJOR.bytes, hash);
  if (hashBytes?.length !== HASH_BYTES || readItems(setupArgs) === undefined) {
    return refused("ARGS_INVALID");
  }
  if (more !== undefined) return refused("ARGS_INVALID");
  const codeHash = hex(hashBytes);
  const parts = state.scan(uploadPrefix(caller, codeHash), "", PARTS_MAX);
  const source = contractSource(state, codeHash) ?? joined(parts, codeHash, context);
  const cost = gasSchedule.registryDeploy + gasSchedule.registryDeployByte * (source?.length ?? 0);
  if (cost > gas) return refused("OUT_OF_GAS", gas);
  if (source === undefined) return refused("CODE_INCOMPLETE", cost);
  for (const [key] of parts) state.set(key, undefined);
  const number = takeNumber(state);
  const installation = { source, number, caller, args: setupArgs, gas: gas - cost };
  const outcome = install(installation, context);
  return { ...outcome, gasUsed: outcome.gasUsed + cost };
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
