/**
 * Building a contract: types stripped, rules checked, code hash computed. The same source always
 * gives the same hash, because stripping only turns types into spaces.
 *
 * Errors  `FILE_UNREADABLE`, `CODE_REFUSED` naming every refusal with line and column.
 */
import { readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import type { Abi } from "../contracts/abi.ts";
import { AceError } from "../lib/errors.ts";
import { sha256Hex } from "../lib/hash.ts";
import { admitSource } from "../runtime/admit.ts";

export interface BuiltContract {
  /** Plain JavaScript: what the ledger carries and every node runs. */
  readonly source: string;
  /** SHA-256 of the source. */
  readonly codeHash: string;
  readonly abi: Abi;
}

export function buildContract(path: string): BuiltContract {
  const source = stripped(path, readSource(path));
  const admitted = admitSource(source);
  if (!admitted.ok) {
    const [first, ...others] = admitted.refusals.map(
      ({ line, column, code, message, hint }) =>
        `${path}:${line}:${column} ${code}: ${message}. ${hint}`,
    );
    throw new AceError("CODE_REFUSED", [first, ...others].join("\n"));
  }
  return { source, codeHash: sha256Hex(Buffer.from(source)), abi: admitted.abi };
}

function readSource(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new AceError("FILE_UNREADABLE", `${path} cannot be read`, { cause });
  }
}

function stripped(path: string, text: string): string {
  if (!path.endsWith(".ts")) return text;
  // Node calls it experimental; the version is pinned, and a warning would only disturb.
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    return stripTypeScriptTypes(text);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : "not TypeScript";
    const what = `${path}${placeOf(cause)} CODE_SYNTAX: ${why}. Types are only stripped.`;
    throw new AceError("CODE_REFUSED", what, { cause });
  } finally {
    process.emitWarning = emitWarning;
  }
}

/** Node tells the place of such a fault only by the head of its stack: the line, then a caret below. */
function placeOf(cause: unknown): string {
  const lines = cause instanceof Error ? (cause.stack ?? "").split("\n") : [];
  const [, line] = /:(\d+)$/.exec(lines[0] ?? "") ?? [];
  const caret = lines.find((text) => /^\s*\^+$/.test(text)) ?? "";
  return line === undefined ? ":" : `:${line}:${caret.indexOf("^") + 1}`;
}
