/**
 * Text that knows where each of its characters comes from.
 *
 * Units   Offsets are UTF-16 units from 0; lines and columns count from 1.
 */

export interface Origin<Source> {
  readonly source: Source;
  readonly offset: number;
}

interface Run<Source> extends Origin<Source> {
  /** Where the run begins in the text written. */
  readonly start: number;
  /** What is written in place of something else comes from one place as a whole. */
  readonly isCopy: boolean;
}

export interface MappedText<Source> {
  readonly text: string;
  /** Where the character at `offset` comes from; undefined before the first that came from anywhere. */
  origin(offset: number): Origin<Source> | undefined;
  /** Takes over a part, each of its characters as coming from where it came from, in `other`. */
  copyInto<Other>(out: MappedWriter<Other>, other: Other, range: Range): void;
}

export interface Range {
  readonly start: number;
  readonly end: number;
}

export class MappedWriter<Source> {
  readonly #parts: string[] = [];
  readonly #runs: Run<Source>[] = [];
  #length = 0;

  /** Takes over `text`, which stands at `offset` of `source`. */
  copy(text: string, source: Source, offset: number): void {
    this.#add(text, { source, offset, start: this.#length, isCopy: true });
  }

  /** Writes `text` for what stands at `offset` of `source`. */
  write(text: string, source: Source, offset: number): void {
    this.#add(text, { source, offset, start: this.#length, isCopy: false });
  }

  done(): MappedText<Source> {
    const runs = [...this.#runs];
    const text = this.#parts.join("");
    return {
      text,
      origin: (offset) => originIn(runs, offset),
      copyInto: (out, other, range) => {
        for (const [index, run] of runs.entries()) {
          const start = Math.max(run.start, range.start);
          const end = Math.min(runs[index + 1]?.start ?? text.length, range.end);
          if (start >= end) continue;
          const part = text.slice(start, end);
          if (run.isCopy) out.copy(part, other, run.offset + start - run.start);
          else out.write(part, other, run.offset);
        }
      },
    };
  }

  #add(text: string, run: Run<Source>): void {
    if (text === "") return;
    this.#parts.push(text);
    this.#runs.push(run);
    this.#length += text.length;
  }
}

function originIn<Source>(
  runs: readonly Run<Source>[],
  offset: number,
): Origin<Source> | undefined {
  const run = runs.findLast(({ start }) => start <= offset);
  if (run === undefined) return undefined;
  const { source, start, isCopy } = run;
  return { source, offset: run.offset + (isCopy ? offset - start : 0) };
}

export interface Position {
  readonly line: number;
  readonly column: number;
}

export function positionAt(text: string, offset: number): Position {
  const before = text.slice(0, offset);
  const line = before.split("\n").length;
  return { line, column: offset - (before.lastIndexOf("\n") + 1) + 1 };
}

/** The offset of a position; that of the end for one that lies behind it. */
export function offsetAt(text: string, { line, column }: Position): number {
  let start = 0;
  for (let at = 1; at < line; at += 1) {
    const end = text.indexOf("\n", start);
    if (end < 0) return text.length;
    start = end + 1;
  }
  return Math.min(start + column - 1, text.length);
}
