/** The kit's `state`: typed values and ordered maps under the contract's own keys. */
import type { AbiType } from "../../contracts/abi.ts";
import { gasSchedule, limits } from "../limits.ts";
import { decode } from "./decode.ts";
import { encode } from "./encode.ts";
import { demand, host } from "./host.ts";
import { keyParts, readKeyParts } from "./keys.ts";
import { keyMaker, lastKey, lastValue } from "./last-made.ts";
import { charge, failWith, gasLeft } from "./meter.ts";
import {
  charCodeAt,
  freeze,
  isArray,
  isInteger,
  isPlain,
  objectKeys,
  substring,
} from "./primordials.ts";
import { Memo } from "./table.ts";
import { areNames, fieldNames, isType, readType } from "./types.ts";

const NAME_MAX = 32;
const KEYS_MAX = 2;
const DECLARED_MAX = 2_000;
/** A place with larger types is read each time: comparing them is work that is paid only after it. */
const DECLARED_GAS_MAX = 500;
/** Of a place, known or new, beside its types. */
const DECLARE_GAS = 400;

/**
 * Places as contracts declared them, by name: most calls declare the same ones again. They hold no
 * state and are frozen, so one will do; it costs the gas of reading its types each time.
 */
interface Declared {
  /** Of the keys, if any, and last of the value. */
  readonly types: readonly AbiType[];
  /** Of records, as they were written: another order of the same fields costs other gas. */
  readonly names: readonly string[];
  readonly gas: number;
  readonly kit: object;
}

const values = new Memo<string, Declared>(DECLARED_MAX);
const maps = new Memo<string, Declared>(DECLARED_MAX);

/** `state.value(name, type)` */
function value(name: unknown, type: unknown): object {
  return declare(values, name, [type], valueKit);
}

/** `state.map(name, keyType, …, type)` */
function map(name: unknown, ...types: unknown[]): object {
  const count = types.length - 1;
  if (count < 1 || count > KEYS_MAX) return failWith("TYPE_INVALID");
  return declare(maps, name, types, mapKit);
}

export const stateKit = { value, map } as const;

function declare(
  known: Memo<string, Declared>,
  name: unknown,
  written: readonly unknown[],
  make: (place: string, types: readonly AbiType[]) => object,
): object {
  charge(DECLARE_GAS);
  const found = typeof name === "string" ? known.get(name) : undefined;
  if (found !== undefined && isDeclared(written, found)) {
    charge(found.gas);
    return found.kit;
  }
  const place = placeOf(name);
  const before = gasLeft();
  const types = readTypes(written);
  const gas = before - gasLeft();
  const kit = make(place, types);
  // The name is cut from our own text: a piece of a longer one would keep all of that in memory.
  if (gas <= DECLARED_GAS_MAX) {
    const names = namesOf(written, types);
    known.set(substring(place, 0, place.length - 1), { types, names, gas, kit });
  }
  return kit;
}

function valueKit(place: string, types: readonly AbiType[]): object {
  const type = types[0] ?? failWith("TYPE_INVALID");
  const keyOf = keyMaker(place);
  const decoded = lastValue(type);
  return frozen({
    get: () => decoded(read(keyOf())),
    has: () => read(keyOf()) !== "",
    set: (item: unknown) => set(type, keyOf(), item),
    delete: () => write(keyOf(), ""),
  });
}

function mapKit(place: string, types: readonly AbiType[]): object {
  const count = types.length - 1;
  const keys: AbiType[] = [];
  for (let index = 0; index < count; index += 1) {
    keys[index] = types[index] ?? failWith("TYPE_INVALID");
  }
  const type = types[count] ?? failWith("TYPE_INVALID");
  const prefixOf = keyMaker(place);
  const only = lastKey(prefixOf, keys);
  const keyOf = (parts: readonly unknown[]): string => {
    if (parts.length < count) return failWith("KEY_INVALID");
    return count === 1 ? only(parts) : prefixOf() + keyParts(keys, parts);
  };
  return frozen({
    get: (...parts: unknown[]) => get(type, keyOf(parts)),
    has: (...parts: unknown[]) => read(keyOf(parts)) !== "",
    set: (...parts: unknown[]) => set(type, keyOf(parts), parts[count]),
    delete: (...parts: unknown[]) => write(keyOf(parts), ""),
    scan: (options: unknown = {}) => {
      const { limit, from } = scanOptions(options);
      const after = from === undefined ? "" : keyOf(from);
      return rows(scanned(prefixOf(), after, limit), keys, type);
    },
  });
}

/** Functions too: what is used in call after call must not carry anything from one to the next. */
function frozen(kit: Readonly<Record<string, object>>): object {
  const names = objectKeys(kit);
  for (let index = 0; index < names.length; index += 1) freeze(kit[names[index] ?? ""]);
  return freeze(kit);
}

function get(type: AbiType, key: string): unknown {
  const found = read(key);
  return found === "" ? undefined : decode(type, found);
}

function set(type: AbiType, key: string, item: unknown): void {
  write(key, encode(type, item, limits.valueBytesMax));
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

function isDeclared(written: readonly unknown[], { types, names }: Declared): boolean {
  if (!areTypes(written, types)) return false;
  return names.length === 0 || areNames(namesOf(written, types), names);
}

function namesOf(written: readonly unknown[], types: readonly AbiType[]): readonly string[] {
  const names: string[] = [];
  for (let index = 0; index < types.length; index += 1) {
    const type = types[index];
    if (type !== undefined) fieldNames(written[index], type, names);
  }
  return names;
}

function areTypes(written: readonly unknown[], types: readonly AbiType[]): boolean {
  if (written.length !== types.length) return false;
  for (let index = 0; index < types.length; index += 1) {
    const type = types[index];
    if (type === undefined || !isType(written[index], type)) return false;
  }
  return true;
}

function readTypes(written: readonly unknown[]): readonly AbiType[] {
  const read: AbiType[] = [];
  for (let index = 0; index < written.length; index += 1) read[index] = readType(written[index]);
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
