/**
 * Values of contracts to CBOR and back, directed by the type that the ABI declares.
 *
 * int is a CBOR integer, account 32 bytes (G…) or 40 (M…: key, then 8 bytes of id), hash and bytes
 * byte strings, a record a map without its absent optional fields, an absent optional null.
 *
 * Range   An int has 256 bits with its sign.
 * Errors  None thrown: what does not fit its type is a `Misfit` that names the place, such as
 *         `args[1].price`.
 */
import { parseAsset } from "../lib/assets.ts";
import { concatBytes, fromHex, toHex, uint64Bytes } from "../lib/bytes.ts";
import type { CborValue } from "../lib/cbor.ts";
import {
  accountBytes,
  accountFromBytes,
  isAddress,
  muxedAddress,
  splitAddress,
} from "../lib/strkey.ts";
import { type AbiType, typeText } from "./abi.ts";

/** A value as contract code holds it. */
export type Value = bigint | boolean | string | undefined | readonly Value[] | ValueRecord;
interface ValueRecord {
  readonly [name: string]: Value;
}

export type Coded<T> = { readonly ok: true; readonly value: T } | Misfit;
interface Misfit {
  readonly ok: false;
  /** Where, such as `args[1].price`; empty for the value itself. */
  readonly path: string;
  readonly expected: string;
}

export const INT_MAX = 2n ** 255n - 1n;
export const INT_MIN = -(2n ** 255n);

const HASH_BYTES = 32;
const KEY_BYTES = 32;
const MUXED_BYTES = 40;

export function encodeValue(type: AbiType, value: unknown, path = ""): Coded<CborValue> {
  return coded(() => encode(type, value, path));
}

export function decodeValue(type: AbiType, cbor: CborValue, path = ""): Coded<Value> {
  return coded(() => decode(type, cbor, path));
}

/** The arguments of one call. Trailing optional arguments may be left out. */
export function encodeArgs(
  types: readonly AbiType[],
  values: readonly unknown[],
): Coded<readonly CborValue[]> {
  return coded(() => {
    demandCount(types, values.length);
    return values.map((value, index) => encode(typeAt(types, index), value, `args[${index}]`));
  });
}

export function decodeArgs(
  types: readonly AbiType[],
  cbor: readonly CborValue[],
): Coded<readonly Value[]> {
  return coded(() => {
    demandCount(types, cbor.length);
    return types.map((type, index) => decode(type, cbor[index] ?? null, `args[${index}]`));
  });
}

/** True for `XLM` and `CODE:ISSUER`. */
function isAsset(text: string): boolean {
  try {
    return parseAsset(text).code !== "";
  } catch {
    return false;
  }
}

/** Never leaves this file: it saves every level from handing a refusal on. */
class MisfitError extends Error {
  readonly misfit: Misfit;

  constructor(path: string, expected: string) {
    super(expected);
    this.misfit = { ok: false, path, expected };
  }
}

function coded<T>(work: () => T): Coded<T> {
  try {
    return { ok: true, value: work() };
  } catch (error) {
    if (error instanceof MisfitError) return error.misfit;
    throw error;
  }
}

function demandCount(types: readonly AbiType[], count: number): void {
  const needed = types.findLastIndex(({ kind }) => kind !== "optional") + 1;
  if (count >= needed && count <= types.length) return;
  const range = needed === types.length ? `${needed}` : `${needed} to ${types.length}`;
  throw new MisfitError("args", `${range} arguments, not ${count}`);
}

function typeAt(types: readonly AbiType[], index: number): AbiType {
  const type = types[index];
  if (type === undefined) throw new MisfitError(`args[${index}]`, "no such argument");
  return type;
}

function encode(type: AbiType, value: unknown, path: string): CborValue {
  switch (type.kind) {
    case "list": {
      if (!Array.isArray(value) || value.length > type.max) return misfit(type, path);
      return value.map((item: unknown, index) => encode(type.item, item, `${path}[${index}]`));
    }
    case "record":
      return encodeRecord(type, value, path);
    case "optional":
      return value === undefined ? null : encode(type.type, value, path);
    case "int":
    case "bool":
      return plain(type, value, path);
    default:
      return typeof value === "string" ? encodeText(type, value, path) : misfit(type, path);
  }
}

function encodeRecord(type: RecordType, value: unknown, path: string): CborValue {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return misfit(type, path);
  }
  const given = new Map<string, unknown>(Object.entries(value));
  const map = new Map<string, CborValue>();
  for (const [name, field] of type.fields) {
    const item = given.get(name);
    given.delete(name);
    if (item === undefined && field.kind === "optional") continue;
    map.set(name, encode(field, item, at(path, name)));
  }
  demandEmpty(given, path);
  return map;
}

function encodeText(type: AbiType, value: string, path: string): CborValue {
  switch (type.kind) {
    case "account":
      return isAddress(value) ? addressBytes(value) : misfit(type, path);
    case "hash":
      return hexBytes(type, value, HASH_BYTES, path);
    case "bytes":
      return hexBytes(type, value, type.length, path);
    default:
      return plain(type, value, path);
  }
}

function decode(type: AbiType, cbor: CborValue, path: string): Value {
  switch (type.kind) {
    case "list": {
      if (!Array.isArray(cbor) || cbor.length > type.max) return misfit(type, path);
      return cbor.map((item: CborValue, index) => decode(type.item, item, `${path}[${index}]`));
    }
    case "record":
      return decodeRecord(type, cbor, path);
    case "optional":
      return cbor === null ? undefined : decode(type.type, cbor, path);
    case "account":
      return decodeAddress(type, cbor, path);
    case "hash":
      return decodeBytes(type, cbor, HASH_BYTES, path);
    case "bytes":
      return decodeBytes(type, cbor, type.length, path);
    default:
      return plain(type, cbor, path);
  }
}

function decodeRecord(type: RecordType, cbor: CborValue, path: string): Value {
  if (!(cbor instanceof Map)) return misfit(type, path);
  const given = new Map<string, CborValue>(cbor);
  const fields = type.fields.flatMap(([name, field]): [string, Value][] => {
    const item = given.get(name);
    given.delete(name);
    if (item === undefined && field.kind === "optional") return [];
    // A field that is present as null would be a second spelling of an absent one.
    if (item === undefined || (item === null && field.kind === "optional")) {
      return misfit(field, at(path, name));
    }
    return [[name, decode(field, item, at(path, name))]];
  });
  demandEmpty(given, path);
  return Object.fromEntries(fields);
}

/** What is the same on both sides: int, bool, text, asset and oneOf. */
function plain(type: AbiType, value: unknown, path: string): bigint | boolean | string {
  switch (typeof value) {
    case "bigint":
      return type.kind === "int" && value >= INT_MIN && value <= INT_MAX
        ? value
        : misfit(type, path);
    case "boolean":
      return type.kind === "bool" ? value : misfit(type, path);
    case "string":
      return isPlainText(type, value) ? value : misfit(type, path);
    default:
      return misfit(type, path);
  }
}

function isPlainText(type: AbiType, value: string): boolean {
  if (type.kind === "asset") return isAsset(value);
  if (type.kind === "oneOf") return type.names.includes(value);
  return type.kind === "text" && value.isWellFormed();
}

function addressBytes(address: string): Uint8Array {
  const { account, id } = splitAddress(address);
  const key = accountBytes(account);
  return id === undefined ? key : concatBytes(key, uint64Bytes(id));
}

function decodeAddress(type: AbiType, cbor: CborValue, path: string): string {
  if (!(cbor instanceof Uint8Array)) return misfit(type, path);
  if (cbor.length === KEY_BYTES) return accountFromBytes(cbor);
  if (cbor.length !== MUXED_BYTES) return misfit(type, path);
  const id = new DataView(cbor.buffer, cbor.byteOffset + KEY_BYTES).getBigUint64(0);
  return muxedAddress(accountFromBytes(cbor.subarray(0, KEY_BYTES)), id);
}

function hexBytes(type: AbiType, value: string, length: number, path: string): Uint8Array {
  const bytes = fromHex(value);
  return bytes?.length === length ? bytes : misfit(type, path);
}

function decodeBytes(type: AbiType, cbor: CborValue, length: number, path: string): string {
  if (!(cbor instanceof Uint8Array) || cbor.length !== length) return misfit(type, path);
  return toHex(cbor);
}

function demandEmpty(unread: ReadonlyMap<string, unknown>, path: string): void {
  const [name] = unread.keys();
  if (name !== undefined) throw new MisfitError(at(path, name), "no such field");
}

function at(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}

function misfit(type: AbiType, path: string): never {
  throw new MisfitError(path, typeText(type));
}

type RecordType = Extract<AbiType, { kind: "record" }>;
