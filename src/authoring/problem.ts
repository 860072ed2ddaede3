/** What is wrong with an author's files: where, what, and what to write instead. */
import { AceError, type ErrorCode } from "../lib/errors.ts";

export interface Problem {
  /** As the author named it, or relative to what the author named. */
  readonly file: string;
  /** The whole file, for the lines around the place. */
  readonly text: string;
  /** Both count from 1. */
  readonly line: number;
  readonly column: number;
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

const LINES_BEFORE = 1;
/** A line longer than this says nothing in a terminal. */
const LINE_CHARACTERS_MAX = 160;

/** One error that shows every problem with the lines around it. */
export function problemError(code: ErrorCode, problems: readonly Problem[]): AceError {
  const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
  const files = [...new Set(problems.map(({ file }) => file))];
  const lines = problems.flatMap((problem) => [...problemLines(problem), ""]);
  return new AceError(code, [`${count} in ${files.join(", ")}`, ...lines].join("\n").trimEnd());
}

function problemLines(problem: Problem): readonly string[] {
  const { file, line, column, code, message, hint } = problem;
  const end = /[.!?]$/.test(message) ? "" : ".";
  const instead = hint === "" ? [] : [hint];
  return [`${file}:${line}:${column} ${code}: ${message}${end}`, ...codeFrame(problem), ...instead];
}

/** The line, the one before it, and a mark below the column. */
function codeFrame({
  text,
  line,
  column,
}: Pick<Problem, "text" | "line" | "column">): readonly string[] {
  const lines = text.split("\n");
  const first = Math.max(1, line - LINES_BEFORE);
  const width = `${line}`.length;
  const shown = lines.slice(first - 1, line).map((content, index) => {
    const number = `${first + index}`.padStart(width);
    const mark = first + index === line ? ">" : " ";
    return `${mark} ${number} | ${content.slice(0, LINE_CHARACTERS_MAX)}`;
  });
  if (column > LINE_CHARACTERS_MAX) return shown;
  // A tab before the mark keeps the mark below its column.
  const before = (lines[line - 1] ?? "").slice(0, column - 1).replaceAll(/[^\t]/g, " ");
  return [...shown, `  ${" ".repeat(width)} | ${before}^`];
}
