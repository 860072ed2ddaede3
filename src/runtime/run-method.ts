/** Running one method of a deployed contract, whoever asked for it: a call, a view or the registry. */
import type { FrameParts } from "./call-frames.ts";
import { type CallContext, CallHost } from "./call-host.ts";
import type { KnownContract } from "./ledger-scope.ts";
import { header, MAJOR, NULL } from "./realm/cbor.ts";

export type { CallContext } from "./call-host.ts";

/** What running a call gave, before it became a receipt. */
export interface CallResult {
  readonly code: string;
  readonly codeHash: string;
  readonly gasUsed: number;
  /** CBOR in byte text. */
  readonly result: string;
  /** CBOR arrays in byte text. */
  readonly events: string;
  readonly pays: string;
}

const EMPTY_LIST = header(MAJOR.array, 0);

/** A call that failed before any code ran. */
export function refused(code: string, gasUsed = 0, result = NULL): CallResult {
  return { code, codeHash: "", gasUsed, result, events: EMPTY_LIST, pays: EMPTY_LIST };
}

export interface MethodCall {
  readonly contract: KnownContract;
  readonly method: string;
  /** CBOR of the arguments, as byte text. */
  readonly args: string;
  readonly caller: string;
  readonly paid: ReadonlyMap<string, bigint>;
  readonly gas: number;
  readonly isView: boolean;
}

/** Runs a method of a deployed contract in the guest; what it did is in the ledger's state when it succeeded. */
export function runMethod(call: MethodCall, context: CallContext): CallResult {
  const { ledger } = context;
  const record = ledger.record(call.contract);
  if (record === undefined) return refused("CONTRACT_UNKNOWN");
  const code = context.code.load(ledger.state, record.codeHash);
  return code.isFrozen ? refused("CODE_FROZEN") : runLoaded(call, { record, code }, context);
}

/** What is deployed under the number of a contract. */
type Deployed = Pick<FrameParts, "record" | "code">;

/** The same, for who has looked already which code runs. */
export function runLoaded(
  call: MethodCall,
  { record, code }: Deployed,
  context: CallContext,
): CallResult {
  const { contract, method, args, caller, paid, gas, isView } = call;
  const { ledger, use, seat } = context;
  const { codeHash } = record;
  const mark = ledger.state.mark();
  const host = new CallHost(context, { contract, record, code, caller, paid, isView, mark });
  seat.host = host;
  const result = context.runGuest(
    codeHash,
    contract.text,
    contract.address,
    caller,
    ledger.sequenceText,
    ledger.closeTime,
    use.txHash,
    method,
    args,
    gas,
  );
  seat.host = undefined;
  if (host.code === undefined) throw new Error(`the sandbox failed: ${result}`);
  const isKept = host.code === "";
  const { events, eventCount, pays, payCount } = host.close(isKept);
  return {
    code: host.code,
    codeHash,
    gasUsed: host.gasUsed,
    result: isKept ? result : NULL,
    events: isKept ? header(MAJOR.array, eventCount) + events : EMPTY_LIST,
    pays: isKept ? header(MAJOR.array, payCount) + pays : EMPTY_LIST,
  };
}
