/** Refusals of source code: what is wrong, where, and what to write instead. */
import { getLineInfo, type Node } from "acorn";
import { limits } from "../limits.ts";

export interface Refusal {
  readonly code: RefusalCode;
  readonly message: string;
  /** Both count from 1. */
  readonly line: number;
  readonly column: number;
  readonly hint: string;
}

export type RefusalCode =
  | "CODE_TOO_LONG"
  | "CODE_TOO_DEEP"
  | "CODE_TEXT"
  | "CODE_SYNTAX"
  | "CODE_FORM"
  | "CODE_NAME"
  | "CODE_IMPORT"
  | "CODE_EXPORT"
  | "CODE_ABI"
  | "CODE_INSTRUMENT";

/** Where a refusal points: a node of the tree, or a place in the source. */
type Place = Pick<Node, "start">;

/** Collects refusals, so that an author sees all of them at once. */
export interface Refusals {
  readonly found: readonly Refusal[];
  refuse(code: RefusalCode, place: Place | undefined, message: string, hint: string): void;
}

/** Lines and columns are looked up for refusals alone: a tree that has them is dear to build. */
export function collectRefusals(source: string): Refusals {
  const found: Refusal[] = [];
  return {
    found,
    refuse(code, place, message, hint) {
      if (found.length >= limits.refusalsMax) return;
      const { line, column } = getLineInfo(source, place?.start ?? 0);
      found.push({ code, message, line, column: column + 1, hint });
    },
  };
}
