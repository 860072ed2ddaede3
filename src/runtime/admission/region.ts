/** A region of instrumented code: what is charged at once, because it runs together. */
import type { AnyNode, Function as FunctionNode } from "acorn";
import type { Callees } from "./known-callees.ts";

/** What runs whenever its first statement runs: gas of all of it is charged there at once. */
export interface Region {
  gas: number;
  /** Functions are printed by the floor above, which prints their statements. */
  readonly printFunction: (node: FunctionNode, region: Region) => string;
  readonly printExpression: (node: AnyNode, region: Region) => string;
  readonly callees: Callees;
  /** Numbers of the names that stand for what a pattern takes apart in a second step. */
  readonly names: { next: number };
}

/** A region of its own inside `outer`. */
export function regionIn(outer: Region, gas: number): Region {
  return { ...outer, gas };
}

/** The charge that the work of a region begins with. */
export function printCharge(region: Region): string {
  return `if(($g-=${region.gas})<0)$oog();`;
}

/** The whitelist of forms let something through that nothing here prints: our mistake. */
export function unprintable(node: AnyNode): never {
  throw new Error(`Broken invariant: ${node.type} passed the whitelist but cannot be printed`);
}
