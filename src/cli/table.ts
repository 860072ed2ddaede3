/**
 * Tables: columns aligned by spaces, numbers to the right. A list, which has headings, is cut to the
 * width of the terminal; a table without them shows one thing, and shows it whole.
 *
 * Units   Widths are terminal cells: wide characters take two, combining marks none.
 */
import { escapeText } from "./escape.ts";

export type Cell = string | number | bigint | undefined;

const GAP = "  ";
const NUMBER = /^-?\d[\d.,]*(?: ?%| [A-Za-z0-9]{1,12})?$/;
const WIDE =
  /^(?:\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{20000}-\u{3fffd}])/u;
const ZERO = /^\p{M}+$|^\u200c$/u;
const segmenter = new Intl.Segmenter("en", { granularity: "grapheme" });

/** Lines of the table, headings first. */
export function tableLines(
  rows: readonly (readonly Cell[])[],
  headings: readonly string[] | undefined,
  columns: number,
): readonly string[] {
  const cells = rows.map((row) => row.map((cell) => escapeText(String(cell ?? ""))));
  const all = headings === undefined ? cells : [[...headings], ...cells];
  const widths = columnsOf(all).map((column) => Math.max(...column.map(textWidth)));
  const toTheRight = columnsOf(cells).map((column) => isNumeric(column));
  return all.map((row) => {
    const line = row.map((cell, index) => {
      const padding = " ".repeat((widths[index] ?? 0) - textWidth(cell));
      return toTheRight[index] === true ? padding + cell : cell + padding;
    });
    const text = line.join(GAP).trimEnd();
    return headings === undefined ? text : cutText(text, columns);
  });
}

/** Terminal cells that `text` takes. */
export function textWidth(text: string): number {
  let width = 0;
  for (const { segment } of segmenter.segment(text)) width += graphemeWidth(segment);
  return width;
}

export function cutText(text: string, columns: number): string {
  if (textWidth(text) <= columns) return text;
  let cut = "";
  let width = 0;
  for (const { segment } of segmenter.segment(text)) {
    width += graphemeWidth(segment);
    if (width > columns - 1) break;
    cut += segment;
  }
  return `${cut}…`;
}

function graphemeWidth(grapheme: string): number {
  if (ZERO.test(grapheme)) return 0;
  return WIDE.test(grapheme) || grapheme.includes("\ufe0f") ? 2 : 1;
}

function columnsOf(rows: readonly (readonly string[])[]): readonly (readonly string[])[] {
  const count = Math.max(0, ...rows.map((row) => row.length));
  return Array.from({ length: count }, (_, index) => rows.map((row) => row[index] ?? ""));
}

function isNumeric(column: readonly string[]): boolean {
  const filled = column.filter((cell) => cell !== "");
  return filled.length > 0 && filled.every((cell) => NUMBER.test(cell));
}
