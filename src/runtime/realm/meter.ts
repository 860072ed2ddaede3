/**
 * The meter of a call: gas left and call depth, and the ways in which a call ends.
 *
 * `$g` and `$d` are script-scope variables of the realm: instrumented code counts them itself, and no
 * contract can name them, because admission refuses names that start with `$`.
 */
import { gasSchedule } from "../limits.ts";
import {
  create,
  defineProperty,
  deleteProperty,
  freeze,
  hasOwn,
  RawError,
  RawRangeError,
  setPrototypeOf,
} from "./primordials.ts";

declare let $g: number;
declare let $d: number;

/** Thrown when gas is spent; no contract can catch it. */
export const OUT_OF_GAS = freeze({ kind: "OUT_OF_GAS" });
/** Thrown when the engine itself failed; the call has no outcome and the node no receipt. */
export const FAULT = freeze({ kind: "FAULT" });

const STACK_OVERFLOW = "Maximum call stack size exceeded";
let fault = "";
const ERROR_GAS = 140;
/** Of each level of calls that an error may have to leave. */
const LEVEL_GAS = 30;

/** An error as contracts see it: no stack, no text of the engine. */
export const errorPrototype = create(null);
export const typeErrorPrototype = create(errorPrototype);
export const rangeErrorPrototype = create(errorPrototype);

/** An error that the runtime made: its code is the outcome when nothing catches it. */
export class Failure {
  readonly name: string;
  readonly message: string;
  readonly code: string;
  readonly #code: string;

  constructor(name: string, code: string) {
    this.name = name;
    this.message = code;
    this.code = code;
    this.#code = code;
    freeze(this);
  }

  /** The code of a genuine failure; a contract cannot make one by writing a property `code`. */
  static codeOf(error: unknown): string | undefined {
    return typeof error === "object" && error !== null && #code in error ? error.#code : undefined;
  }
}
deleteProperty(Failure.prototype, "constructor");
setPrototypeOf(Failure.prototype, errorPrototype);

/** Charges before the work that it pays for. */
export function charge(gas: number): void {
  $g -= gas;
  if ($g < 0) outOfGas();
}

/** Gas that is left. */
export function gasLeft(): number {
  return $g;
}

export function outOfGas(): never {
  $g = -1;
  throw OUT_OF_GAS;
}

export function failWith(code: string): never {
  charge(LEVEL_GAS * $d);
  throw new Failure("Error", code);
}

export function tooDeep(weight: number): never {
  $d -= weight;
  return failWith("CALL_DEPTH");
}

export function raise(error: unknown): never {
  charge(LEVEL_GAS * $d);
  throw error;
}

export function typeError(): never {
  charge(LEVEL_GAS * $d);
  throw new Failure("TypeError", "TYPE_ERROR");
}

/** What a contract may see of a caught error. Out of gas and faults go on upwards. */
export function normalise(error: unknown): unknown {
  if (error === OUT_OF_GAS || error === FAULT) throw error;
  if (!(error instanceof RawError)) return error;
  charge(gasSchedule.engineError);
  if (!(error instanceof RawRangeError)) return new Failure("TypeError", "TYPE_ERROR");
  if (hasOwn(error, "message") && error.message === STACK_OVERFLOW) return stackOverflow();
  return new Failure("RangeError", "RANGE_ERROR");
}

/** The code that a call ends with. */
export function codeOf(error: unknown): string {
  if (error === OUT_OF_GAS) return "OUT_OF_GAS";
  return Failure.codeOf(error) ?? "THROWN";
}

/** Why the engine failed in this call, or empty text; asking clears it. */
export function takeFault(): string {
  const reason = fault;
  fault = "";
  return reason;
}

/** Builds the constructor that contracts know as `Error` and so on: never one of the engine's. */
export function errorConstructor(name: string, prototype: object): (message?: unknown) => object {
  // A declaration, because an arrow function cannot follow `new`.
  function makeError(message: unknown = ""): object {
    if (typeof message !== "string") typeError();
    charge(ERROR_GAS);
    const error: object = create(prototype);
    const visible = { name, message, code: "" };
    for (const key of ["name", "message", "code"] as const) {
      defineProperty(error, key, { value: visible[key], writable: true, enumerable: true });
    }
    return error;
  }
  makeError.prototype = prototype;
  return makeError;
}

/** The keeper threw, or could not be reached: no outcome of a call can come of that. */
export function keeperFault(error: unknown): never {
  const isTold = typeof error === "object" && error !== null && hasOwn(error, "message");
  const reason = isTold && "message" in error ? error.message : undefined;
  return halt(
    `the keeper failed: ${typeof reason === "string" ? reason : "it could not be reached"}`,
  );
}

function stackOverflow(): never {
  return halt("the engine's stack overflowed");
}

function halt(reason: string): never {
  if (fault === "") fault = reason;
  $g = -1;
  throw FAULT;
}
