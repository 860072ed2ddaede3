/** Admitted code by its hash, kept as long as the sandbox lives: what a hash names never changes. */
import { invariant } from "../lib/invariant.ts";
import { contractSource } from "./contract-records.ts";
import { readInteger, readItems } from "./realm/cbor.ts";
import { abiKey } from "./system-keys.ts";
import type { WorkingState } from "./working-state.ts";

/** What calls need to know of code before it runs. */
export interface Code {
  readonly codeHash: string;
  readonly methods: ReadonlyMap<string, CodeMethod>;
  /** The ABI as state holds it, in byte text. */
  readonly abi: string;
  /** What a contract of this code may hold of state. */
  readonly storageBytes: number;
  /** A later version of the protocol does not admit it: it runs no more, until it is changed. */
  readonly isFrozen: boolean;
}

export interface CodeMethod {
  readonly view: boolean;
  /** All assets, none, or the ones listed. */
  readonly payable: boolean | readonly string[];
}

/** An answer of the contract process: JSON carries it. */
export type Judgement =
  | {
      readonly ok: true;
      readonly codeHash: string;
      readonly abi: string;
      readonly storageBytes: number;
      readonly methods: readonly (readonly [name: string, method: CodeMethod])[];
    }
  | { readonly ok: false; readonly refusals: readonly CodeRefusal[] };

export interface CodeRefusal {
  readonly code: string;
  readonly line: number;
  readonly column: number;
}

export type Admitted =
  | { readonly ok: true; readonly code: Code }
  | { readonly ok: false; readonly refusals: readonly CodeRefusal[] };

/** Judges source and makes it runnable when it is admitted. */
export type Judge = (source: string) => Judgement;

export class ContractCode {
  readonly #judge: Judge;
  readonly #known = new Map<string, Code>();

  constructor(judge: Judge) {
    this.#judge = judge;
  }

  /** Code that state holds, made runnable on the way. */
  load(state: WorkingState, codeHash: string): Code {
    const known = this.#known.get(codeHash);
    if (known !== undefined) return known;
    const source = contractSource(state, codeHash);
    invariant(source !== undefined, `state holds the source of ${codeHash}`);
    const admitted = this.admit(source);
    if (admitted.ok) return admitted.code;
    const frozen = frozenCode(state, codeHash);
    this.#known.set(codeHash, frozen);
    return frozen;
  }

  /** Judges source; what is admitted can run from now on. */
  admit(source: string): Admitted {
    const judgement = this.#judge(source);
    if (!judgement.ok) return judgement;
    const { codeHash, abi, storageBytes } = judgement;
    const known = this.#known.get(codeHash);
    if (known !== undefined) return { ok: true, code: known };
    const methods = new Map(judgement.methods);
    const code = { codeHash, abi, storageBytes, methods, isFrozen: false };
    this.#known.set(codeHash, code);
    return { ok: true, code };
  }
}

/** What is known of code without running it: who may change it, and what it may hold. */
function frozenCode(state: WorkingState, codeHash: string): Code {
  const abi = state.read(abiKey(codeHash));
  const declared = (readItems(abi) ?? []).at(-1);
  const storageBytes = declared === undefined ? undefined : readInteger(declared);
  invariant(storageBytes !== undefined, `state holds the ABI of ${codeHash}`);
  return {
    codeHash,
    abi,
    storageBytes: Number(storageBytes),
    methods: new Map(),
    isFrozen: true,
  };
}
