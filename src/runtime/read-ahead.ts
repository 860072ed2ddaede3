/**
 * Reading ahead: which keys the calls of a ledger will ask for, learned from what calls of the same
 * method asked for before. A wrong guess costs one read; a right one saves a round trip.
 *
 * A key that the contract process had to ask for becomes a template of its method: where the bytes of
 * the caller or of an argument stand in it, those of the next call will stand there then.
 */
import type { Call } from "../contracts/call.ts";
import type { CborValue } from "../lib/cbor.ts";
import { toByteText } from "./byte-text.ts";
import { readRecord } from "./contract-records.ts";
import type { Ground } from "./overlay.ts";
import { addressBytes } from "./realm/address.ts";
import { accountPart, contractPrefix, integerPart } from "./realm/keys.ts";
import { balanceKey, contractKey, heldKey, sourceKey } from "./system-keys.ts";

interface Template {
  readonly before: string;
  /** Undefined for a key that is the same in every call. */
  readonly part: PartName | undefined;
  readonly after: string;
}

/** Where a call has the bytes: its caller, or an argument by its place and, in a record, its field. */
type PartName =
  | { readonly kind: "caller" }
  | { readonly kind: "argument"; readonly index: number; readonly field: string | undefined };

const METHODS_MAX = 4_096;
const TEMPLATES_MAX = 24;
/** Shorter bytes are found in keys where they mean nothing. */
const PART_BYTES_MIN = 3;
const KEYS_MAX = 100_000;
/** Keys that the process is taken to know; a mirror, and no promise. */
const KNOWN_MAX = 200_000;
const ADDRESSES_MAX = 50_000;
const FIRST_ROWS_MAX = 32;
const FIRST_VALUE_BYTES_MAX = 512;
const CALLER: PartName = { kind: "caller" };

export class ReadAhead {
  readonly #templates = new Map<string, Map<string, Template>>();
  #young = new Set<string>();
  #old = new Set<string>();
  #addresses = new Map<string, string>();

  /** The process asked for `key` in this call. */
  learn(call: Call, key: string): void {
    this.knows(key);
    const name = nameOf(call);
    if (this.#templates.size >= METHODS_MAX && !this.#templates.has(name)) return;
    const templates = this.#templates.get(name) ?? new Map<string, Template>();
    this.#templates.set(name, templates);
    if (templates.size >= TEMPLATES_MAX) return;
    const template = this.#templateOf(call, key);
    templates.set(JSON.stringify(template), template);
  }

  /** The process has been told of this key, or wrote it. */
  knows(key: string): void {
    this.#young.add(key);
    if (this.#young.size < KNOWN_MAX) return;
    this.#old = this.#young;
    this.#young = new Set();
  }

  /** What the process knows of this key is old, and it is told to forget it. */
  knowsNot(key: string): void {
    this.#young.delete(key);
    this.#old.delete(key);
  }

  /** A new process knows nothing. */
  forget(): void {
    this.#young = new Set();
    this.#old = new Set();
  }

  /** Keys and values in turn, of what these calls will likely ask for and the process does not know. */
  rowsFor(calls: readonly Call[], state: Ground): readonly string[] {
    const rows: string[] = [];
    const tell = (key: string, found?: string): string | undefined => {
      if (this.#young.has(key) || this.#old.has(key)) return undefined;
      this.knows(key);
      const value = found ?? state.get(key) ?? "";
      rows.push(key, value);
      return value;
    };
    for (const call of calls) {
      tellContract(call, state, tell);
      for (const template of this.#templates.get(nameOf(call))?.values() ?? []) {
        const key = this.#keyOf(template, call);
        if (key !== undefined) tell(key);
      }
      if (rows.length >= 2 * KEYS_MAX) break;
    }
    return rows;
  }

  #templateOf(call: Call, key: string): Template {
    for (const part of partNames(call)) {
      const bytes = this.#bytesOf(part, call);
      const at = bytes === undefined ? -1 : key.indexOf(bytes, 1);
      if (bytes === undefined || at < 0) continue;
      return { before: key.slice(0, at), part, after: key.slice(at + bytes.length) };
    }
    return { before: key, part: undefined, after: "" };
  }

  #keyOf({ before, part, after }: Template, call: Call): string | undefined {
    if (part === undefined) return before;
    const bytes = this.#bytesOf(part, call);
    return bytes === undefined ? undefined : before + bytes + after;
  }

  /** The bytes as keys have them; undefined where the call has none of use. */
  #bytesOf(part: PartName, call: Call): string | undefined {
    const bytes =
      part.kind === "caller" ? this.#addressPart(call.caller) : argumentBytes(part, call);
    return bytes === undefined || bytes.length < PART_BYTES_MIN ? undefined : bytes;
  }

  #addressPart(address: string): string | undefined {
    const known = this.#addresses.get(address);
    if (known !== undefined) return known;
    const bytes = addressBytes(address);
    if (bytes === undefined) return undefined;
    if (this.#addresses.size >= ADDRESSES_MAX) this.#addresses = new Map();
    const part = accountPart(bytes);
    this.#addresses.set(address, part);
    return part;
  }
}

/** Gives the value when it was not known to the process; `found` spares reading it. */
type Tell = (key: string, found?: string) => string | undefined;

/** What every call of a contract asks for first: who it is, its source, and its balance when it is paid. */
function tellContract({ contract, paid }: Call, state: Ground, tell: Tell): void {
  const record = tell(contractKey(contract));
  if (record !== undefined && record !== "") {
    tell(sourceKey(readRecord(record, contract).codeHash));
    tellFirstRows(contractPrefix(contract), state, tell);
  }
  for (const { asset } of paid) tell(balanceKey(contract, asset));
}

/** Of a contract that the process meets for the first time: its settings are often among them. */
function tellFirstRows(prefix: string, state: Ground, tell: Tell): void {
  tell(heldKey(prefix));
  for (const [key, value] of state.scan(prefix, "", FIRST_ROWS_MAX)) {
    if (value.length <= FIRST_VALUE_BYTES_MAX) tell(key, value);
  }
}

function nameOf({ contract, kind, method }: Call): string {
  return `${contract} ${kind} ${method}`;
}

function* partNames({ args }: Call): Generator<PartName> {
  yield CALLER;
  for (const [index, value] of args.entries()) {
    yield { kind: "argument", index, field: undefined };
    if (!(value instanceof Map)) continue;
    for (const field of value.keys()) yield { kind: "argument", index, field };
  }
}

function argumentBytes(
  { index, field }: Extract<PartName, { kind: "argument" }>,
  { args }: Call,
): string | undefined {
  const value = args[index];
  if (field === undefined) return keyBytes(value);
  return value instanceof Map ? keyBytes(value.get(field)) : undefined;
}

function keyBytes(value: CborValue | undefined): string | undefined {
  if (value instanceof Uint8Array) return toByteText(value);
  if (typeof value === "string") return toByteText(Buffer.from(value));
  return typeof value === "bigint" ? integerPart(value) : undefined;
}
