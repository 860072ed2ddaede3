/**
 * A screen that is drawn again and again in place, and is gone when it ends: what was on the terminal
 * before is there again.
 */
import { paint, type Stream } from "./stream.ts";
import type { ViewLine } from "./stream-view.ts";
import { cutText } from "./table.ts";

const ENTER = "\u001b[?1049h\u001b[?25l";
const LEAVE = "\u001b[?25h\u001b[?1049l";
const HOME = "\u001b[H";
const CLEAR_REST_OF_LINE = "\u001b[K";
const CLEAR_BELOW = "\u001b[J";

export interface LiveScreen extends Disposable {
  draw(lines: readonly ViewLine[], footer: string): void;
}

/** @param sizeOf Size of the terminal, asked anew with each drawing: it may have been resized. */
export function openLiveScreen(stream: Stream, sizeOf: () => ScreenSize): LiveScreen {
  stream.write(ENTER);
  return {
    draw: (lines, footer) => {
      const { rows, columns } = sizeOf();
      const shown = lines.slice(0, Math.max(1, rows - 2));
      const text = shown.map((line) => paint(stream, cutText(line.text, columns), line.tone));
      const all = [...text, "", paint(stream, cutText(footer, columns), "dim")];
      stream.write(
        `${HOME}${all.join(`${CLEAR_REST_OF_LINE}\r\n`)}${CLEAR_REST_OF_LINE}${CLEAR_BELOW}`,
      );
    },
    [Symbol.dispose]: () => stream.write(LEAVE),
  };
}

export interface ScreenSize {
  readonly rows: number;
  readonly columns: number;
}
