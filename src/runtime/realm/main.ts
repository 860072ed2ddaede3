/**
 * The realm: joins its parts, hardens what contracts can reach, and leaves the names that
 * instrumented code uses. Evaluated once in a fresh isolate, before any contract.
 */

import type { RunGuest } from "../sandbox.ts";
import { spread } from "./arrays.ts";
import { install } from "./frame.ts";
import { globals } from "./globals.ts";
import { hardenRealm, reachable } from "./harden.ts";
import { iterable, iteratorPrototypes } from "./iteration.ts";
import { kit } from "./kit.ts";
import { normalise, outOfGas, raise, tooDeep, typeError } from "./meter.ts";
import * as operators from "./operators.ts";
import { create, freeze, RawTypeError, setOwn } from "./primordials.ts";
import { invoke, reference, set, step, update } from "./references.ts";
import { run } from "./run.ts";

declare let $g: number;

const runGuest: RunGuest = (
  codeHash,
  number,
  self,
  caller,
  ledger,
  time,
  txHash,
  method,
  args,
  gas,
) => run(kit, { codeHash, number, self, caller, ledger, time, txHash }, method, args, gas);

/** By name: what the script scope of the realm holds besides `$g` and `$d`. */
const names: Readonly<Record<string, unknown>> = {
  $oog: outOfGas,
  $deep: tooDeep,
  $bad: typeError,
  $raise: raise,
  $norm: normalise,
  $add: operators.add,
  $text: operators.template,
  $sub: operators.subtract,
  $mul: operators.multiply,
  $div: operators.divide,
  $mod: operators.remainder,
  $pow: operators.power,
  $shl: operators.shiftLeft,
  $shr: operators.shiftRight,
  $ushr: operators.shiftRightUnsigned,
  $and: operators.bitAnd,
  $or: operators.bitOr,
  $xor: operators.bitXor,
  $neg: operators.negate,
  $num: operators.plus,
  $not: operators.bitNot,
  $inc: operators.increment,
  $dec: operators.decrement,
  $lt: operators.less,
  $le: operators.lessOrEqual,
  $gt: operators.greater,
  $ge: operators.greaterOrEqual,
  $eq: operators.equal,
  $in: operators.has,
  $isa: operators.isInstance,
  $key: operators.keyOf,
  $old: operators.before,
  $all: operators.spreadObject,
  $set: set,
  $inv: invoke,
  $ref: reference,
  $upd: update,
  $step: step,
  $spread: spread,
  $iter: iterable,
  $install: install,
  $run: runGuest,
  $audit: (): string => {
    $g = Infinity;
    const literals = { array: [], text: "", number: 0, integer: 0n, bool: true, f: () => {} };
    const [arrays, texts, maps, sets] = iteratorPrototypes;
    const made = {
      iterator: [].values(),
      iterators: freeze({ arrays, texts, maps, sets }),
      failure: normalise(new RawTypeError()),
      stateValue: kit.state.value("audit", kit.int),
      stateMap: kit.state.map("audit", kit.int, kit.int),
    };
    const roots = { kit, globals, ...made, ...literals };
    let lines = "";
    for (const path of reachable(boxed(roots))) lines += `${path}\n`;
    return lines;
  },
};

for (const name of Object.keys(names)) {
  Object.defineProperty(globalThis, name, { value: names[name], configurable: true });
}

/** Called by the contract process once the script scope has taken the names over. */
const harden = (): void => hardenRealm([kit, names]);
Object.defineProperty(globalThis, "$harden", { value: harden, configurable: true });
Object.defineProperty(globalThis, "$names", { value: Object.keys(names), configurable: true });

/** Literals of primitive types stand for the prototypes that lookups on them reach. */
function boxed(roots: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const result: Record<string, unknown> = create(null);
  for (const name in roots) setOwn(result, name, freeze(reached(roots[name])));
  return freeze(result);
}

const prototypes: Readonly<Record<string, object>> = {
  string: String.prototype,
  number: Number.prototype,
  bigint: BigInt.prototype,
  boolean: Boolean.prototype,
};

function reached(value: unknown): unknown {
  return prototypes[typeof value] ?? value;
}
