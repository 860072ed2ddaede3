/**
 * Source text to syntax tree: size and characters first, then acorn, then the rule of depth.
 *
 * Acorn recurses with the nesting of the source. Parentheses are kept as nodes, so that every level
 * of its recursion is a level of the tree, and a stack that is too small for a source can only mean
 * one that the rule of depth refuses anyway. The contract process parses on a thread with a large
 * stack, where the rule alone decides and the position in the refusal is the same on every node.
 */
import type { Options, Program } from "acorn";
import { limits } from "../limits.ts";
import { parseText } from "./quick-parser.ts";
import type { Refusals } from "./refusal.ts";
import { findTooDeep } from "./syntax-tree.ts";

const OPTIONS: Options = {
  ecmaVersion: 2023,
  sourceType: "module",
  preserveParens: true,
};
/** What acorn says when the host's stack ends before the source does. */
const NO_STACK = "Not enough stack space to parse input";
const DEPTH_HINT = "Split the expression, or move inner blocks into functions.";

/** The tree, or undefined with the reason among the refusals. */
export function parseSource(source: string, refusals: Refusals): Program | undefined {
  if (!isReadable(source, refusals)) return undefined;
  const tree = parseTree(source, refusals);
  if (tree === undefined) return undefined;
  const deep = findTooDeep(tree, limits.astDepthMax);
  if (deep === undefined) return tree;
  refuseDepth(deep, refusals);
  return undefined;
}

function isReadable(source: string, refusals: Refusals): boolean {
  const sizeBytes = Buffer.byteLength(source, "utf8");
  if (sizeBytes > limits.sourceBytesMax) {
    const message = `the source has ${sizeBytes} bytes; at most ${limits.sourceBytesMax} are allowed`;
    refusals.refuse("CODE_TOO_LONG", undefined, message, "Split it into several contracts.");
    return false;
  }
  if (source.isWellFormed() && !source.includes("\0") && !source.startsWith("\ufeff")) return true;
  const message = "the source holds a NUL, a byte order mark or half a surrogate pair";
  refusals.refuse("CODE_TEXT", undefined, message, "Save the file as plain UTF-8.");
  return false;
}

function parseTree(source: string, refusals: Refusals): Program | undefined {
  try {
    return parseText(source, OPTIONS);
  } catch (error) {
    const { message, start } = syntaxFault(error);
    if (message === NO_STACK) {
      refuseDepth(undefined, refusals);
      return undefined;
    }
    refusals.refuse("CODE_SYNTAX", { start }, message, "Contracts are JavaScript modules, ES2023.");
    return undefined;
  }
}

function refuseDepth(node: Parameters<Refusals["refuse"]>[1], refusals: Refusals): void {
  const message = `the source is nested more than ${limits.astDepthMax} levels deep`;
  refusals.refuse("CODE_TOO_DEEP", node, message, DEPTH_HINT);
}

interface SyntaxFault {
  readonly message: string;
  readonly start: number;
}

/** Acorn says the position at the end of its message as well. */
function syntaxFault(error: unknown): SyntaxFault {
  if (!(error instanceof SyntaxError)) throw error;
  const message = error.message.replace(/ \(\d+:\d+\)$/, "");
  const start: unknown = "pos" in error ? error.pos : undefined;
  return { message, start: typeof start === "number" ? start : 0 };
}
