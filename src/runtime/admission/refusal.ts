/** Refusals of source code: what is wrong, where, and what to write instead. */
import type { Node } from "acorn";
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

/** Collects refusals, so that an author sees all of them at once. */
export interface Refusals {
  readonly found: readonly Refusal[];
  refuse(code: RefusalCode, node: Node | undefined, message: string, hint: string): void;
}

export function collectRefusals(): Refusals {
  const found: Refusal[] = [];
  return {
    found,
    refuse(code, node, message, hint) {
      if (found.length >= limits.refusalsMax) return;
      const { line, column } = node?.loc?.start ?? { line: 1, column: 0 };
      found.push({ code, message, line, column: column + 1, hint });
    },
  };
}
