/**
 * Admission: contract source to runnable, metered code, the same on every node.
 *
 * Flow    size → parse → whitelist of forms → names → ABI → instrument → verify the output.
 * Errors  None thrown: refusals with line and column, all of them at once.
 */
import type { Abi } from "../contracts/abi.ts";
import { sha256Hex } from "../lib/hash.ts";
import { abiFromSource } from "./admission/abi-from-source.ts";
import { checkForms } from "./admission/check-forms.ts";
import { checkNames } from "./admission/check-names.ts";
import { instrument } from "./admission/instrument.ts";
import { parseSource } from "./admission/parse-source.ts";
import { collectRefusals, type Refusal, type Refusals } from "./admission/refusal.ts";
import { outputFault } from "./admission/verify-output.ts";

export type { Refusal } from "./admission/refusal.ts";

export type Admission =
  | {
      readonly ok: true;
      /** SHA-256 of the source. */
      readonly codeHash: string;
      /** Text of the instrumented factory. */
      readonly code: string;
      readonly abi: Abi;
    }
  | { readonly ok: false; readonly refusals: readonly Refusal[] };

/** Judges plain JavaScript source. */
export function admitSource(source: string): Admission {
  const refusals = collectRefusals(source);
  const admitted = admit(source, refusals);
  if (admitted === undefined || refusals.found.length > 0) {
    return { ok: false, refusals: refusals.found };
  }
  return { ok: true, codeHash: codeHashOf(source), ...admitted };
}

/** The name of code: what votes, receipts and the registry call it. */
export function codeHashOf(source: string): string {
  return sha256Hex(new TextEncoder().encode(source));
}

function admit(source: string, refusals: Refusals): { code: string; abi: Abi } | undefined {
  const program = parseSource(source, refusals);
  if (program === undefined) return undefined;
  checkForms(program, refusals);
  checkNames(program, refusals);
  // A form that is refused may be one that the next steps cannot read.
  if (refusals.found.length > 0) return undefined;
  const abi = abiFromSource(program, refusals);
  if (abi === undefined) return undefined;
  const code = instrument(program);
  const fault = outputFault(code);
  if (fault === undefined) return { code, abi };
  refusals.refuse("CODE_INSTRUMENT", undefined, fault, "Please report this source as a bug.");
  return undefined;
}
