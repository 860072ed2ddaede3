/** A call that a contract refused, told as its author needs it. */

import type { AbiMethod } from "../contracts/abi.ts";
import { typeText } from "../contracts/abi.ts";
import type { BuiltContract } from "./build-contract.ts";
import { positionAt } from "./mapped-text.ts";
import type { TestReceipt } from "./test-types.ts";

export interface FailedCall {
  readonly built: BuiltContract;
  readonly method: string;
  readonly receipt: TestReceipt;
}

/** Thrown by a call of a test that fails; `code` is what the receipt says. */
export class ContractFailure extends Error {
  override readonly name = "ContractFailure";
  readonly code: string;
  readonly receipt: TestReceipt;

  constructor({ built, method, receipt }: FailedCall) {
    const { code, gasUsed } = receipt;
    const types = built.abi.methods.get(method);
    const what = types === undefined ? method : signature(method, types);
    const places = placesOf(built, method, code).map((place) => `\n  at ${place}`);
    super(`${built.abi.name} refuses ${what}: ${code}, after ${gasUsed} gas${places.join("")}`);
    this.code = code;
    this.receipt = receipt;
  }
}

function signature(name: string, { args }: AbiMethod): string {
  return `${name}(${args.map(typeText).join(", ")})`;
}

const PLACES_MAX = 4;

/** Where the source fails with this code; where the method is, when nothing names the code. */
function placesOf(built: BuiltContract, method: string, code: string): readonly string[] {
  const fails = occurrences(built, `fail("${code}")`);
  const found = fails.length > 0 ? fails : occurrences(built, ` function ${method}(`);
  return found.slice(0, PLACES_MAX);
}

function occurrences({ source, map }: BuiltContract, text: string): readonly string[] {
  const found: string[] = [];
  for (let at = source.indexOf(text); at >= 0; at = source.indexOf(text, at + 1)) {
    const place = map(positionAt(source, at + (text.startsWith(" ") ? 1 : 0)));
    if (place !== undefined) found.push(`${place.file}:${place.line}:${place.column}`);
  }
  return found;
}
