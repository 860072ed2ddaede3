/** Running one method of a deployed contract, whoever asked for it: a call, a view or the registry. */
import { type CallContext, CallHost } from "./call-host.ts";
import { NULL } from "./realm/cbor.ts";

export type { CallContext } from "./call-host.ts";

/** What running a call gave, before it became a receipt. */
export interface CallResult {
  readonly code: string;
  readonly codeHash: string;
  readonly gasUsed: number;
  /** CBOR in byte text. */
  readonly result: string;
  /** CBOR items in byte text. */
  readonly events: readonly string[];
  readonly pays: readonly string[];
}

const NONE: readonly string[] = [];

/** A call that failed before any code ran. */
export function refused(code: string, gasUsed = 0, result = NULL): CallResult {
  return { code, codeHash: "", gasUsed, result, events: NONE, pays: NONE };
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

/** Runs a method of a deployed contract in the guest; what it did is in the ledger's state when it succeeded. */
export function runMethod(call: MethodCall, context: CallContext): CallResult {
  const { contract, method, args, caller, paid, gas, isView } = call;
  const { ledger, use, seat } = context;
  const record = ledger.record(contract);
  if (record === undefined) return refused("CONTRACT_UNKNOWN");
  const { codeHash } = record;
  const code = context.code.load(ledger.state, codeHash);
  const self = ledger.addressOf(contract);
  const mark = ledger.state.mark();
  const host = new CallHost(context, { record, code, self, caller, paid, isView, mark });
  seat.host = host;
  const outcome = readOutcome(
    context.runGuest(
      codeHash,
      String(contract),
      self,
      caller,
      ledger.sequenceText,
      ledger.closeTime,
      use.txHash,
      method,
      args,
      gas,
    ),
  );
  seat.host = undefined;
  const isKept = outcome.code === "";
  const { events, pays } = host.end(isKept);
  return {
    code: outcome.code,
    codeHash,
    gasUsed: outcome.gasUsed,
    result: isKept ? outcome.result : NULL,
    events: isKept ? events : NONE,
    pays: isKept ? pays : NONE,
  };
}

interface Outcome {
  /** Empty when the call succeeded. */
  readonly code: string;
  readonly gasUsed: number;
  readonly result: string;
}

/** First line the code, then the gas used, then the result; a `!` in front tells of a fault. */
function readOutcome(answer: string): Outcome {
  const first = answer.indexOf("\n");
  const second = answer.indexOf("\n", first + 1);
  if (answer.startsWith("!") || second < 0) throw new Error(`the sandbox failed: ${answer}`);
  const gasUsed = Number(answer.slice(first + 1, second));
  return { code: answer.slice(0, first), gasUsed, result: answer.slice(second + 1) };
}
