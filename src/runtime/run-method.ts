/** Running one method of a deployed contract, whoever asked for it: a call, a view or the registry. */
import type { CborValue } from "../lib/cbor.ts";
import type { ContractEvent, Pay } from "./applied.ts";
import { fromCborText } from "./byte-text.ts";
import { CallHost, type CallScope } from "./call-host.ts";
import { contractRecord } from "./contract-records.ts";
import type { Layer } from "./overlay.ts";
import type { Sandbox } from "./sandbox.ts";

/** What running a call gave, before it became a receipt. */
export interface CallResult {
  readonly code: string;
  readonly codeHash: string;
  readonly gasUsed: number;
  readonly result: CborValue;
  readonly events: readonly ContractEvent[];
  readonly pays: readonly Pay[];
}

export type CallContext = CallScope & { readonly sandbox: Sandbox };

/** A call that failed before any code ran. */
export function refused(code: string, gasUsed = 0, result: CborValue = null): CallResult {
  return { code, codeHash: "", gasUsed, result, events: [], pays: [] };
}

export interface MethodCall {
  readonly contract: bigint;
  readonly method: string;
  /** CBOR of the arguments, as byte text. */
  readonly args: string;
  readonly caller: string;
  readonly paid: ReadonlyMap<string, bigint>;
  readonly gas: number;
  readonly isView: boolean;
}

/** Runs a method of a deployed contract in the sandbox; what it did is in `below` when it succeeded. */
export function runMethod(call: MethodCall, context: CallContext, below: Layer): CallResult {
  const record = contractRecord(below, call.contract);
  if (record === undefined) return refused("CONTRACT_UNKNOWN");
  const abi = context.code.load(below, record.codeHash);
  const host = new CallHost(context);
  const { caller, paid, isView } = call;
  const self = context.ledger.addressOf(record.number);
  const frame = host.begin({ record, abi, self, caller, paid, isView }, below);
  const { method, args, gas } = call;
  const outcome = context.sandbox.run({ facts: host.factsOf(frame), method, args, gas }, host);
  const isKept = outcome.code === "";
  host.end(isKept);
  if (isKept) frame.layer.mergeInto(below);
  return {
    code: outcome.code,
    codeHash: record.codeHash,
    gasUsed: outcome.gasUsed,
    result: isKept ? fromCborText(outcome.result) : null,
    events: isKept ? frame.events : [],
    pays: isKept ? frame.pays : [],
  };
}
