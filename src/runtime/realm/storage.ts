/** The kit's `state`: typed values and ordered maps under the contract's own keys. */
import type { AbiType } from "../../contracts/abi.ts";
import { gasSchedule, limits } from "../limits.ts";
import { decode } from "./decode.ts";
import { encode } from "./encode.ts";
import { current } from "./frame.ts";
import { demand, host } from "./host.ts";
import { keyParts, readKeyParts } from "./keys.ts";
import { charge, failWith } from "./meter.ts";
import { charCodeAt, freeze, isArray, isInteger, isPlain, substring } from "./primordials.ts";
import { readType } from "./types.ts";

const NAME_MAX = 32;
const KEYS_MAX = 2;

/** A type as written, read when it is first needed: most calls touch few of their places. */
interface LazyType {
  readonly written: unknown;
  read: AbiType | undefined;
}

/** `state.value(name, type)` */
function value(name: unknown, type: unknown): object {
  const place = placeOf(name);
  const lazy: LazyType = { written: type, read: undefined };
  return freeze({
    get: () => get(lazy, current().prefix + place),
    has: () => read(current().prefix + place) !== "",
    set: (item: unknown) => set(lazy, current().prefix + place, item),
    delete: () => write(current().prefix + place, ""),
  });
}

/** `state.map(name, keyType, …, type)` */
function map(name: unknown, ...types: unknown[]): object {
  const count = types.length - 1;
  if (count < 1 || count > KEYS_MAX) return failWith("TYPE_INVALID");
  const place = placeOf(name);
  const lazy: LazyType = { written: types[count], read: undefined };
  let keyTypes: readonly AbiType[] | undefined;
  const keys = (): readonly AbiType[] => {
    keyTypes ??= readKeyTypes(types, count);
    return keyTypes;
  };
  const keyOf = (parts: readonly unknown[]): string => {
    if (parts.length < count) return failWith("KEY_INVALID");
    return current().prefix + place + keyParts(keys(), parts);
  };
  return freeze({
    get: (...parts: unknown[]) => get(lazy, keyOf(parts)),
    has: (...parts: unknown[]) => read(keyOf(parts)) !== "",
    set: (...parts: unknown[]) => set(lazy, keyOf(parts), parts[count]),
    delete: (...parts: unknown[]) => write(keyOf(parts), ""),
    scan: (options: unknown = {}) => {
      const prefix = current().prefix + place;
      const { limit, from } = scanOptions(options);
      const after = from === undefined ? "" : keyOf(from);
      return rows(scanned(prefix, after, limit), keys(), typeOf(lazy));
    },
  });
}

export const stateKit = { value, map } as const;

function get(type: LazyType, key: string): unknown {
  const found = read(key);
  return found === "" ? undefined : decode(typeOf(type), found);
}

function set(type: LazyType, key: string, item: unknown): void {
  write(key, encode(typeOf(type), item, limits.valueBytesMax));
}

function read(key: string): string {
  charge(gasSchedule.stateRead);
  const found = host.read(key);
  charge(found.length * gasSchedule.stateReadByte);
  return found;
}

function write(key: string, bytes: string): void {
  charge(gasSchedule.stateWrite + gasSchedule.stateWriteByte * bytes.length);
  demand(host.write(key, bytes));
}

function typeOf(lazy: LazyType): AbiType {
  lazy.read ??= readType(lazy.written);
  return lazy.read;
}

function readKeyTypes(types: readonly unknown[], count: number): readonly AbiType[] {
  const read: AbiType[] = [];
  for (let index = 0; index < count; index += 1) read[index] = readType(types[index]);
  return read;
}

function placeOf(name: unknown): string {
  if (typeof name !== "string" || name.length < 1 || name.length > NAME_MAX) {
    return failWith("NAME_INVALID");
  }
  for (let index = 0; index < name.length; index += 1) {
    if (!isNameCharacter(charCodeAt(name, index))) return failWith("NAME_INVALID");
  }
  return `${name}\0`;
}

function isNameCharacter(code: number): boolean {
  const isDigit = code >= 48 && code <= 57;
  const isLetter = (code >= 65 && code <= 90) || (code >= 97 && code <= 122);
  return isDigit || isLetter || code === 95;
}

interface ScanOptions {
  readonly limit: number;
  readonly from: readonly unknown[] | undefined;
}

function scanOptions(options: unknown): ScanOptions {
  if (!isPlain(options)) return failWith("SCAN_INVALID");
  const { limit = limits.scanRowsMax, from } = options;
  if (typeof limit !== "number" || !isInteger(limit) || limit < 1) return failWith("SCAN_INVALID");
  if (limit > limits.scanRowsMax) return failWith("SCAN_LIMIT");
  return { limit, from: from === undefined || isArray(from) ? from : failWith("SCAN_INVALID") };
}

function scanned(prefix: string, after: string, limit: number): string {
  charge(gasSchedule.scanPage);
  const found = host.scan(prefix, after, limit);
  if (found === "!") return failWith("SCAN_LIMIT");
  charge(found.length * gasSchedule.scanByte);
  return found;
}

function rows(found: string, keys: readonly AbiType[], type: AbiType): readonly unknown[] {
  const result: unknown[] = [];
  let place = 0;
  const next = (): string => {
    const start = place + 2;
    place = start + charCodeAt(found, place) * 256 + charCodeAt(found, place + 1);
    return substring(found, start, place);
  };
  while (place < found.length) {
    charge(gasSchedule.scanRow);
    const key = freeze(readKeyParts(keys, next()));
    result[result.length] = freeze({ key, value: decode(type, next()) });
  }
  return freeze(result);
}
