/**
 * The registry, contract number 0: puts code on the ledger and makes contracts of it.
 *
 * put(hash, offset, bytes)   keeps a part of a source, in the caller's own area
 * deploy(hash, args)         admits the caller's complete source and runs `setup(...args)`
 *
 * Parts belong to the account that put them: nobody can spoil what another uploads, in any order.
 * Errors  `ARGS_INVALID`, `CODE_INCOMPLETE`, `CODE_REFUSED`, `UPGRADE_REFUSED`, or what `setup` says.
 */
import type { Call } from "../contracts/call.ts";
import type { CborValue } from "../lib/cbor.ts";
import { sha256Hex } from "../lib/hash.ts";
import { cborText, fromByteText, toByteText } from "./byte-text.ts";
import { contractSource, storeCode, storeContract, takeNumber } from "./contract-records.ts";
import { gasSchedule, limits } from "./limits.ts";
import type { Layer, Row } from "./overlay.ts";
import { type CallContext, type CallResult, refused, runMethod } from "./run-method.ts";
import { uploadKey, uploadPrefix } from "./system-keys.ts";

export const REGISTRY = 0n;

const HASH_BYTES = 32;
const OFFSET_BYTES = 4;
/** A part has at least one byte, but no honest one is that small: it bounds the work of a deploy. */
const PARTS_MAX = 128;
const REFUSALS_SHOWN = 3;

export function callRegistry(
  call: Call,
  context: CallContext,
  state: Layer,
  gas: number,
): CallResult {
  if (call.paid.length > 0 || call.kind === "receive") return refused("NOT_PAYABLE");
  switch (call.method) {
    case "put":
      return put(call, state, gas);
    case "deploy":
      return deploy(call, context, state, gas);
    case "upgrade":
      return refused("UPGRADE_REFUSED");
    default:
      return refused("METHOD_UNKNOWN");
  }
}

/** Makes a contract of admitted source under this number, and runs its `setup`. */
export function install(
  { source, number, caller, args, gas }: Installation,
  context: CallContext,
  state: Layer,
): CallResult {
  const admission = context.code.admit(source);
  if (!admission.ok) {
    const shown = admission.refusals.slice(0, REFUSALS_SHOWN).map(
      ({ code, line, column }): CborValue =>
        new Map<string, CborValue>([
          ["code", code],
          ["line", BigInt(line)],
          ["column", BigInt(column)],
        ]),
    );
    return refused("CODE_REFUSED", 0, shown);
  }
  const { codeHash, abi } = admission;
  storeCode(state, codeHash, source, abi);
  storeContract(state, { number, codeHash, owner: caller });
  if (!abi.methods.has("setup")) {
    const outcome = refused(args.length === 0 ? "" : "ARGS_INVALID");
    return { ...outcome, codeHash, result: number };
  }
  const setup = { contract: number, method: "setup", args: cborText(args), caller, gas };
  const outcome = runMethod({ ...setup, paid: new Map(), isView: false }, context, state);
  return { ...outcome, result: outcome.code === "" ? number : null };
}

interface Installation {
  readonly source: string;
  readonly number: bigint;
  readonly caller: string;
  readonly args: readonly CborValue[];
  readonly gas: number;
}

function put({ args, caller }: Call, state: Layer, gas: number): CallResult {
  const [hash, offset, bytes, more] = args;
  if (!isHash(hash) || typeof offset !== "bigint" || !(bytes instanceof Uint8Array)) {
    return refused("ARGS_INVALID");
  }
  const end = offset + BigInt(bytes.length);
  const isInside = offset >= 0n && bytes.length > 0 && end <= BigInt(limits.sourceBytesMax);
  if (more !== undefined || !isInside) return refused("ARGS_INVALID");
  const cost = gasSchedule.registryPut + gasSchedule.registryPutByte * bytes.length;
  if (cost > gas) return refused("OUT_OF_GAS", gas);
  state.set(uploadKey(caller, hash.toHex(), Number(offset)), toByteText(bytes));
  return refused("", cost);
}

function deploy(call: Call, context: CallContext, state: Layer, gas: number): CallResult {
  const [hash, setupArgs, more] = call.args;
  if (!isHash(hash) || !isList(setupArgs) || more !== undefined) return refused("ARGS_INVALID");
  const codeHash = hash.toHex();
  const parts = state.scan(uploadPrefix(call.caller, codeHash), "", PARTS_MAX);
  const source = contractSource(state, codeHash) ?? joined(parts, codeHash);
  const cost = gasSchedule.registryDeploy + gasSchedule.registryDeployByte * (source?.length ?? 0);
  if (cost > gas) return refused("OUT_OF_GAS", gas);
  if (source === undefined) return refused("CODE_INCOMPLETE", cost);
  for (const [key] of parts) state.set(key, undefined);
  const number = takeNumber(state);
  const { caller } = call;
  const outcome = install(
    { source, number, caller, args: setupArgs, gas: gas - cost },
    context,
    state,
  );
  return { ...outcome, gasUsed: outcome.gasUsed + cost };
}

/** The source, when parts that follow each other have the hash; others are left of an older attempt. */
function joined(parts: readonly Row[], codeHash: string): string | undefined {
  let text = "";
  for (const [key, bytes] of parts) {
    const offset = Buffer.from(key.slice(-OFFSET_BYTES), "latin1").readUInt32BE();
    if (offset === text.length) text += bytes;
  }
  const bytes = fromByteText(text);
  if (sha256Hex(bytes) !== codeHash) return undefined;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function isHash(value: CborValue | undefined): value is Uint8Array {
  return value instanceof Uint8Array && value.length === HASH_BYTES;
}

function isList(value: CborValue | undefined): value is readonly CborValue[] {
  return Array.isArray(value);
}
