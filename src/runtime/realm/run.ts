/** Running a method: the call that the host asks for, and calls of other contracts inside it. */
import { gasSchedule, limits } from "../limits.ts";
import type { FrameFacts } from "../sandbox.ts";
import { decode, decodeArgs } from "./decode.ts";
import { encode, encodeArgs, rawBytes } from "./encode.ts";
import { current, enterFrame, type Frame, type Installed, installedCode } from "./frame.ts";
import { host } from "./host.ts";
import { prefixOf } from "./keys.ts";
import { charge, codeOf, FAULT, failWith, normalise, OUT_OF_GAS, takeFault } from "./meter.ts";
import { apply, integerText, isArray, isPlain, RawNumber, substring } from "./primordials.ts";

declare let $g: number;
declare let $d: number;

const NULL = "\xf6";
/** Levels of call depth that a call of another contract weighs. */
const CALL_WEIGHT = 8;
const HASH_DIGITS = 64;

/** Runs one call of the ledger and gives its result; `!` in front tells of a fault. */
export function run(
  kit: object,
  facts: FrameFacts,
  method: string,
  args: string,
  gas: number,
): string {
  $g = gas;
  $d = 0;
  let code = "";
  let result = "";
  try {
    enterFrame(frameOf(facts));
    result = invoke(installedCode(facts.codeHash), kit, method, args);
  } catch (error) {
    code = outcome(error);
  }
  const used = $g < 0 ? gas : gas - $g;
  if ($g < 0) code = "OUT_OF_GAS";
  enterFrame(undefined);
  const fault = takeFault();
  if (fault !== "") return `!${fault}`;
  host.end(code, used);
  return code === "" ? result : "";
}

/** The kit's `call`. */
export function callContract(
  kit: object,
  contract: unknown,
  method: unknown,
  args: unknown = [],
  options: unknown = {},
): unknown {
  charge(gasSchedule.contractCall);
  if (typeof contract !== "bigint" || contract < 0n) return failWith("CONTRACT_UNKNOWN");
  if (typeof method !== "string" || method.length > 32) return failWith("METHOD_UNKNOWN");
  if (!isArray(args) || !isPlain(options)) return failWith("ARGS_INVALID");
  const pay = payment(options["pay"]);
  const cap = gasCap(options["gas"]);
  const number = integerText(contract, 10);
  const entered = host.enter(number, method, pay.asset, pay.amount);
  if (entered[0] === "!") return failWith(substring(entered, 1, entered.length));
  const frame = frameOf(calleeFacts(number, entered));
  const code = installedCode(frame.facts.codeHash);
  const result = nested({ kit, frame, code, method, args, cap });
  const returns = code.methods.get(method)?.returns;
  return returns === undefined ? undefined : decode(returns, result);
}

interface Nested {
  readonly kit: object;
  readonly frame: Frame;
  readonly code: Installed;
  readonly method: string;
  readonly args: readonly unknown[];
  /** Infinity when the callee may use all that is left. */
  readonly cap: number;
}

/** Runs on the callee's own gas; whatever happens, the caller's frame, gas and depth come back. */
function nested({ kit, frame, code, method, args, cap }: Nested): string {
  const depth = $d;
  let before = $g;
  let budget = $g;
  let failure = "";
  let result = "";
  const outer = enterFrame(frame);
  try {
    const encoded = encodedArgs(code, method, args);
    before = $g;
    budget = cap < before ? cap : before;
    $g = budget;
    $d += CALL_WEIGHT;
    if ($d > limits.callDepthMax) failWith("CALL_DEPTH");
    result = invoke(code, kit, method, encoded);
  } catch (error) {
    const isOwnGas = error === OUT_OF_GAS && budget === before;
    if (error === FAULT || isOwnGas) throw error;
    failure = error === OUT_OF_GAS ? "OUT_OF_GAS" : outcome(error);
  }
  enterFrame(outer);
  $d = depth;
  $g = before - (budget - ($g < 0 ? 0 : $g));
  host.leave(failure);
  return failure === "" ? result : failWith(failure);
}

function encodedArgs(code: Installed, method: string, args: readonly unknown[]): string {
  try {
    return encodeArgs(code.methods.get(method)?.args ?? [], args);
  } catch (error) {
    return codeOf(error) === "TYPE_MISMATCH" ? failWith("ARGS_INVALID") : rethrow(error);
  }
}

function rethrow(error: unknown): never {
  throw error;
}

function invoke(code: Installed, kit: object, method: string, args: string): string {
  const types = code.methods.get(method) ?? failWith("METHOD_UNKNOWN");
  const values = argumentsOf(types.args, args);
  const exported = code.factory(kit)[types.name] ?? failWith("METHOD_UNKNOWN");
  const result: unknown = apply(exported, undefined, values);
  return types.returns === undefined
    ? NULL
    : encode(types.returns, result, limits.resultBytesMax, "RESULT_TOO_LONG");
}

function argumentsOf(types: Parameters<typeof decodeArgs>[0], args: string): readonly unknown[] {
  try {
    return decodeArgs(types, args);
  } catch (error) {
    const code = outcome(error);
    return code === "OUT_OF_GAS" ? failOutOfGas() : failWith("ARGS_INVALID");
  }
}

function failOutOfGas(): never {
  $g = -1;
  throw OUT_OF_GAS;
}

/** The code of an error; a fault of the engine is remembered and reported instead of the code. */
function outcome(error: unknown): string {
  try {
    return codeOf(normalise(error));
  } catch (halted) {
    return codeOf(halted);
  }
}

/** The nested call has all in common with this one but who it is and who calls. */
function calleeFacts(number: string, entered: string): FrameFacts {
  const { self, ledger, time, txHash } = current().facts;
  return {
    codeHash: substring(entered, 0, HASH_DIGITS),
    number,
    self: substring(entered, HASH_DIGITS, entered.length),
    caller: self,
    ledger,
    time,
    txHash,
  };
}

function frameOf(facts: FrameFacts): Frame {
  return { facts, prefix: prefixOf(facts.number), transfers: undefined, locks: undefined };
}

function payment(pay: unknown): { readonly asset: string; readonly amount: bigint } {
  if (pay === undefined) return { asset: "", amount: 0n };
  if (!isPlain(pay)) return failWith("ARGS_INVALID");
  const amount = pay["amount"];
  if (typeof amount !== "bigint") return failWith("AMOUNT_INVALID");
  return { asset: rawBytes({ kind: "asset" }, pay["asset"]), amount };
}

function gasCap(gas: unknown): number {
  if (gas === undefined) return Infinity;
  if (typeof gas !== "bigint" || gas < 1n) return failWith("ARGS_INVALID");
  return gas > 1_000_000_000n ? Infinity : RawNumber(gas);
}
