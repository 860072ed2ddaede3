/** Contracts in state: number to code hash, owner and version; code hash to source and ABI. */
import { invariant } from "../lib/invariant.ts";
import { fromUtf8, hex, unhex } from "./realm/bytes.ts";
import {
  bytesItem,
  header,
  integerItem,
  MAJOR,
  readInteger,
  readItems,
  readString,
  textItem,
} from "./realm/cbor.ts";
import { abiKey, contractKey, nextContractKey, sourceKey } from "./system-keys.ts";

/** Numbers below are the system's own. */
export const FIRST_CONTRACT = 256n;
export const FIRST_VERSION = 1n;
const RECORD_ITEMS = 3;

export interface ContractRecord {
  readonly number: bigint;
  readonly codeHash: string;
  /** Who deployed it. */
  readonly owner: string;
  /** Counts the codes it has had, this one included. */
  readonly version: bigint;
}

export interface Source {
  get(key: string): string | undefined;
}

export interface Target extends Source {
  set(key: string, value: string | undefined): void;
}

export function contractRecord(state: Source, number: bigint): ContractRecord | undefined {
  const stored = state.get(contractKey(number));
  if (stored === undefined) return undefined;
  return readRecord(stored, number);
}

/** The record that these bytes of state are. */
export function readRecord(stored: string, number: bigint): ContractRecord {
  const [codeHash = "", owner = "", versionItem = ""] = readItems(stored) ?? [];
  const hash = readString(MAJOR.bytes, codeHash);
  const who = readString(MAJOR.text, owner);
  const version = readInteger(versionItem);
  const isWhole = hash !== undefined && who !== undefined && version !== undefined;
  invariant(isWhole, "a contract's record");
  return { number, codeHash: hex(hash), owner: who, version };
}

export function storeContract(state: Target, record: ContractRecord): void {
  const { number, codeHash, owner, version } = record;
  const items = hashItem(codeHash) + textItem(owner) + integerItem(version);
  state.set(contractKey(number), header(MAJOR.array, RECORD_ITEMS) + items);
}

/** CBOR of a hash. */
export function hashItem(hexadecimal: string): string {
  const hash = unhex(hexadecimal);
  invariant(hash !== undefined, "a hash is hexadecimal");
  return bytesItem(hash);
}

export function contractSource(state: Source, codeHash: string): string | undefined {
  const stored = state.get(sourceKey(codeHash));
  if (stored === undefined) return undefined;
  const source = readString(MAJOR.text, stored);
  invariant(source !== undefined, "source is text");
  return fromUtf8(source);
}

/** `abi` is the stored form of the ABI, as byte text. */
export function storeCode(state: Target, codeHash: string, source: string, abi: string): void {
  state.set(sourceKey(codeHash), textItem(source));
  state.set(abiKey(codeHash), abi);
}

/** Takes the next free number. */
export function takeNumber(state: Target): bigint {
  const stored = state.get(nextContractKey);
  const next = stored === undefined ? FIRST_CONTRACT : readInteger(stored);
  invariant(next !== undefined, "contract numbers are integers");
  state.set(nextContractKey, integerItem(next + 1n));
  return next;
}
