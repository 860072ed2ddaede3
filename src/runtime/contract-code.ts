/** Admitted code by its hash, kept as long as the process lives: what a hash names never changes. */
import type { Abi } from "../contracts/abi.ts";
import { invariant } from "../lib/invariant.ts";
import { type Admission, codeHashOf } from "./admit.ts";
import { contractSource } from "./contract-records.ts";
import type { Ground } from "./overlay.ts";
import type { Sandbox } from "./sandbox.ts";

export type Admit = (source: string) => Admission;

export type Admitted =
  | { readonly ok: true; readonly codeHash: string; readonly abi: Abi }
  | Extract<Admission, { readonly ok: false }>;

export class ContractCode {
  readonly #admit: Admit;
  readonly #sandbox: Sandbox;
  readonly #abis = new Map<string, Abi>();

  constructor(admit: Admit, sandbox: Sandbox) {
    this.#admit = admit;
    this.#sandbox = sandbox;
  }

  /** The ABI of code that state holds, made runnable on the way. */
  load(state: Ground, codeHash: string): Abi {
    const known = this.#abis.get(codeHash);
    if (known !== undefined) return known;
    const source = contractSource(state, codeHash);
    invariant(source !== undefined, `state holds the source of ${codeHash}`);
    const admitted = this.admit(source);
    invariant(admitted.ok, `code ${codeHash} was admitted before`);
    return admitted.abi;
  }

  /** Judges source; what is admitted can run from now on. */
  admit(source: string): Admitted {
    const codeHash = codeHashOf(source);
    const known = this.#abis.get(codeHash);
    if (known !== undefined) return { ok: true, codeHash, abi: known };
    const admission = this.#admit(source);
    if (!admission.ok) return admission;
    this.#sandbox.install(codeHash, admission.code, admission.abi);
    this.#abis.set(codeHash, admission.abi);
    return admission;
  }
}
