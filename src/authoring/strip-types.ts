/**
 * TypeScript to the JavaScript inside it: types go, everything else stays as it was written.
 *
 * Node turns types into spaces. Here those spaces go as well, and lines that held nothing but types,
 * so that what the ledger carries is short and can be read. What a program means does not change: two
 * words are never joined, and a line break between two words stays one.
 */
import module from "node:module";
import { type MappedText, MappedWriter } from "./mapped-text.ts";

export type Stripped =
  | { readonly ok: true; readonly mapped: MappedText<undefined> }
  | {
      readonly ok: false;
      readonly message: string;
      readonly line: number;
      readonly column: number;
    };

const WORD = /[\w$\u0080-\uffff]/;

export function stripTypes(text: string): Stripped {
  // Node calls it experimental; the version is pinned, and a warning would only disturb.
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    return { ok: true, mapped: closeGaps(text, module.stripTypeScriptTypes(text)) };
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : "this is not TypeScript";
    return { ok: false, message, ...placeOf(cause) };
  } finally {
    process.emitWarning = emitWarning;
  }
}

/** Node tells the place of such a fault only by the head of its stack: the line, then a caret below. */
function placeOf(cause: unknown): { readonly line: number; readonly column: number } {
  const lines = cause instanceof Error ? (cause.stack ?? "").split("\n") : [];
  const [, line] = /:(\d+)$/.exec(lines[0] ?? "") ?? [];
  const caret = lines.find((text) => /^\s*\^+$/.test(text)) ?? "";
  return { line: Number(line ?? 1), column: Math.max(1, caret.indexOf("^") + 1) };
}

/** @param stripped As long as `text`, with spaces where types stood. */
function closeGaps(text: string, stripped: string): MappedText<undefined> {
  const out = new MappedWriter<undefined>();
  let wasBlank = true;
  let hasDropped = false;
  for (let start = 0, end = 0; start < text.length; start = end) {
    end = lineEnd(text, start);
    const [before, after] = [text.slice(start, end), stripped.slice(start, end)];
    const isBlank = after.trim() === "";
    if (isBlank && before.trim() !== "") {
      hasDropped = true;
      continue;
    }
    // Lines that went would leave two blank lines where there was one on either side.
    if (isBlank && wasBlank && hasDropped) continue;
    if (before === after) out.copy(after, undefined, start);
    else closeLine({ text, stripped, start, end }, out);
    [wasBlank, hasDropped] = [isBlank, false];
  }
  return out.done();
}

function lineEnd(text: string, start: number): number {
  const end = text.indexOf("\n", start);
  return end < 0 ? text.length : end + 1;
}

interface Line {
  readonly text: string;
  readonly stripped: string;
  readonly start: number;
  readonly end: number;
}

/** Closes each gap together with the spaces around it; indentation stays. */
function closeLine(line: Line, out: MappedWriter<undefined>): void {
  const { text, stripped, start, end } = line;
  const isErased = (at: number): boolean => stripped[at] === " " && text[at] !== " ";
  const isBlank = (at: number): boolean => at < end && stripped[at] === " ";
  let at = start;
  let kept = start;
  while (at < end) {
    if (!isErased(at)) {
      at += 1;
      continue;
    }
    let [first, next] = [at, at];
    while (first > kept && isBlank(first - 1)) first -= 1;
    while (isBlank(next)) next += 1;
    if (first === start) first = at;
    out.copy(stripped.slice(kept, first), undefined, kept);
    out.write(filling({ ...line, start: first, end: next }), undefined, at);
    at = next;
    kept = next;
  }
  out.copy(stripped.slice(kept, end), undefined, kept);
}

/** What stands between the two sides of a gap: nothing, or one space. */
function filling({ text, stripped, start, end }: Line): string {
  const [before = "", after = "\n"] = [stripped[start - 1], stripped[end]];
  if (WORD.test(before) && WORD.test(after)) return " ";
  const hadSpace = text[start] === " " || text[end - 1] === " ";
  return hadSpace && !/[\s([]/.test(before) && !/[\s)\];,.]/.test(after) ? " " : "";
}
