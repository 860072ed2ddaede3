/** Contracts in state: number to code hash and owner, code hash to source and ABI. */
import { type Abi, decodeAbi, encodeAbi } from "../contracts/abi.ts";
import type { CborValue } from "../lib/cbor.ts";
import { invariant } from "../lib/invariant.ts";
import { cborText, fromByteText, fromCborText, toByteText } from "./byte-text.ts";
import type { Ground, Layer } from "./overlay.ts";
import { abiKey, contractKey, nextContractKey, sourceKey } from "./system-keys.ts";

/** Numbers below are the system's own. */
const FIRST_CONTRACT = 256n;

export interface ContractRecord {
  readonly number: bigint;
  readonly codeHash: string;
  /** Who deployed it. */
  readonly owner: string;
}

type Source = Pick<Ground, "get">;

export function contractRecord(state: Source, number: bigint): ContractRecord | undefined {
  const stored = state.get(contractKey(number));
  if (stored === undefined) return undefined;
  const [codeHash, owner] = parts(fromCborText(stored));
  invariant(codeHash instanceof Uint8Array && typeof owner === "string", "a contract's record");
  return { number, codeHash: codeHash.toHex(), owner };
}

export function storeContract(state: Layer, record: ContractRecord): void {
  const stored = [Uint8Array.fromHex(record.codeHash), record.owner];
  state.set(contractKey(record.number), cborText(stored));
}

export function contractSource(state: Source, codeHash: string): string | undefined {
  const stored = state.get(sourceKey(codeHash));
  if (stored === undefined) return undefined;
  const source = fromCborText(stored);
  invariant(typeof source === "string", "source is text");
  return source;
}

export function contractAbi(state: Source, codeHash: string): Abi | undefined {
  const stored = state.get(abiKey(codeHash));
  return stored === undefined ? undefined : decodeAbi(fromByteText(stored));
}

export function storeCode(state: Layer, codeHash: string, source: string, abi: Abi): void {
  state.set(sourceKey(codeHash), cborText(source));
  state.set(abiKey(codeHash), toByteText(encodeAbi(abi)));
}

/** Takes the next free number. */
export function takeNumber(state: Layer): bigint {
  const stored = state.get(nextContractKey);
  const next = stored === undefined ? FIRST_CONTRACT : fromCborText(stored);
  invariant(typeof next === "bigint", "contract numbers are integers");
  state.set(nextContractKey, cborText(next + 1n));
  return next;
}

function parts(value: CborValue): readonly CborValue[] {
  return Array.isArray(value) ? value : [];
}
