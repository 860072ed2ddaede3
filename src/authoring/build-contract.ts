/**
 * Building a contract: types stripped, files of its own joined, rules checked, code hash computed.
 *
 * The same sources always give the same bytes, in every folder and on every system: nothing but the
 * files' text and their names beside each other has a part in it. What is one file of plain
 * JavaScript already is its own build.
 *
 * Errors  `FILE_UNREADABLE`; `CODE_REFUSED` naming every refusal with the author's own file and line.
 */
import type { Abi } from "../contracts/abi.ts";
import { sha256Hex } from "../lib/hash.ts";
import { admitSource, type Refusal } from "../runtime/admit.ts";
import { bundle } from "./bundle.ts";
import { type MappedText, offsetAt, type Position, positionAt } from "./mapped-text.ts";
import type { Module } from "./module.ts";
import { readGraph } from "./module-graph.ts";
import { type Problem, problemError } from "./problem.ts";

export interface SourcePlace extends Position {
  readonly file: string;
}

export interface BuiltContract {
  /** Plain JavaScript: what the ledger carries and every node runs. */
  readonly source: string;
  /** SHA-256 of the source. */
  readonly codeHash: string;
  readonly abi: Abi;
  /** The author's files, the entry last, as paths like the one of the entry. */
  readonly files: readonly string[];
  /** Where in the author's files a place of `source` comes from. */
  readonly map: (place: Position) => SourcePlace | undefined;
}

export function buildContract(entryFile: string): BuiltContract {
  const problems: Problem[] = [];
  const graph = readGraph(entryFile, (problem) => problems.push(problem));
  if (graph === undefined || problems.length > 0) throw problemError("CODE_REFUSED", problems);
  const bundled = bundle(graph, (problem) => problems.push(problem));
  if (problems.length > 0) throw problemError("CODE_REFUSED", problems);
  const source = bundled.text;
  const admitted = admitSource(source);
  if (!admitted.ok) {
    const refused = admitted.refusals.map((refusal) => problemOf(refusal, bundled, graph.entry));
    throw problemError("CODE_REFUSED", refused);
  }
  return {
    source,
    codeHash: sha256Hex(Buffer.from(source)),
    abi: admitted.abi,
    files: graph.modules.map(({ file }) => file),
    map: (place) => {
      const found = placeIn(bundled, place);
      return found && { file: found.module.file, line: found.line, column: found.column };
    },
  };
}

function placeIn(
  bundled: MappedText<Module>,
  place: Position,
): (Position & { readonly module: Module }) | undefined {
  const origin = bundled.origin(offsetAt(bundled.text, place));
  if (origin === undefined) return undefined;
  const { source: module, offset } = origin;
  return { module, ...positionAt(module.text, offset) };
}

const TYPE_HINT = "If it is a type, write `type` before it: `import { type … }`.";

function problemOf(refusal: Refusal, bundled: MappedText<Module>, entry: Module): Problem {
  const { code, message } = refusal;
  const { module, line, column } = placeIn(bundled, refusal) ?? {
    module: entry,
    line: 1,
    column: 1,
  };
  const isImport = code === "CODE_IMPORT" && module.isTypeScript;
  const hint = isImport ? `${refusal.hint} ${TYPE_HINT}` : refusal.hint;
  return { file: module.file, text: module.text, line, column, code, message, hint };
}
