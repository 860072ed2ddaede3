/**
 * Calldata: the bytes by which a Stellar transaction calls a contract.
 *
 * One canonical CBOR item `[contract, method, args, options]`; options holds `gas`, or nothing.
 *
 * Range   `CALLDATA_BYTES_MAX`; contract 0 to 2^64 - 1; gas 1 to `GAS_LIMIT_MAX`.
 * Errors  `CALLDATA_TOO_LONG`, `CALLDATA_INVALID`. `readCall` refuses by a value instead: on the
 *         ledger every node must judge alike.
 * Source  docs/spec/calldata.md
 */
import { type CborValue, decodeCbor, encodeCbor } from "../lib/cbor.ts";
import { AceError, isAceError } from "../lib/errors.ts";

/** What 100 operations of 64 bytes carry. */
export const CALLDATA_BYTES_MAX = 6_400;
export const GAS_LIMIT_DEFAULT = 1_000_000n;
export const GAS_LIMIT_MAX = 5_000_000n;

const CONTRACT_MAX = 2n ** 64n - 1n;
const METHOD = /^[a-zA-Z][a-zA-Z0-9]{0,31}$/;
const PARTS = 4;

export interface CallRequest {
  readonly contract: bigint;
  readonly method: string;
  readonly args: readonly CborValue[];
  /** `GAS_LIMIT_DEFAULT` when left out. */
  readonly gas?: bigint;
}

export type ReadCall =
  | { readonly ok: true; readonly call: CallRequest }
  | { readonly ok: false; readonly reason: string };

export function encodeCall({ contract, method, args, gas }: CallRequest): Uint8Array {
  const options = new Map(gas === undefined ? [] : [["gas", gas]]);
  const bytes = encodeCbor([contract, method, args, options]);
  if (bytes.length > CALLDATA_BYTES_MAX) {
    throw new AceError("CALLDATA_TOO_LONG", `the call has ${bytes.length} bytes`);
  }
  decodeCall(bytes);
  return bytes;
}

export function decodeCall(bytes: Uint8Array): CallRequest {
  const read = readCall(bytes);
  if (read.ok) return read.call;
  throw new AceError("CALLDATA_INVALID", read.reason);
}

export function readCall(bytes: Uint8Array): ReadCall {
  if (bytes.length > CALLDATA_BYTES_MAX) return refuse(`${bytes.length} bytes are too many`);
  const cbor = readCbor(bytes);
  if (!Array.isArray(cbor) || cbor.length !== PARTS) {
    return refuse("not a canonical CBOR array of contract, method, arguments and options");
  }
  const [contract, method, args, options] = cbor;
  if (typeof contract !== "bigint" || contract < 0n || contract > CONTRACT_MAX) {
    return refuse("the contract is not a number from 0 to 2^64 - 1");
  }
  if (typeof method !== "string" || !METHOD.test(method)) {
    return refuse("the method is not a name of 1 to 32 letters and digits");
  }
  if (!Array.isArray(args)) return refuse("the arguments are not an array");
  if (!(options instanceof Map)) return refuse("the options are not a map");
  return readGas(options, { contract, method, args });
}

function readGas(options: ReadonlyMap<string, CborValue>, call: CallRequest): ReadCall {
  if (options.size === 0) return { ok: true, call };
  const gas = options.get("gas");
  if (options.size !== 1 || gas === undefined) return refuse('an option is not "gas"');
  if (typeof gas !== "bigint" || gas < 1n || gas > GAS_LIMIT_MAX) {
    return refuse(`gas is not a number from 1 to ${GAS_LIMIT_MAX}`);
  }
  return { ok: true, call: { ...call, gas } };
}

function readCbor(bytes: Uint8Array): CborValue | undefined {
  try {
    return decodeCbor(bytes);
  } catch (error) {
    if (isAceError(error, "CBOR_INVALID")) return undefined;
    throw error;
  }
}

function refuse(reason: string): ReadCall {
  return { ok: false, reason };
}
