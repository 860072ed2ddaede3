/** Progress of long work: one line on a terminal's stderr, nothing anywhere else. */
import { escapeText } from "./escape.ts";
import type { Stream } from "./stream.ts";

export interface Progress {
  /** Without `total` only the count is shown. */
  update(done: number, total?: number): void;
  /** Any text in its place, where a count does not say enough. */
  show(text: string): void;
  /** False where nobody sees it: then say what matters in another way. */
  readonly isVisible: boolean;
  /** Takes the line away until the next update, so that other text can stand there. */
  clear(): void;
  done(): void;
}

/** Before that an estimate would be a guess. */
const ESTIMATE_AFTER_MS = 2000;
const CLEAR_LINE = "\r\u001b[2K";

/** @param label Undefined keeps silent. */
export function startProgress(stream: Stream, label: string | undefined): Progress {
  if (label === undefined || !stream.isTerminal) return silentProgress;
  const startedAtMs = Date.now();
  let shown = "";
  const show = (text: string): void => {
    if (text === shown) return;
    shown = text;
    stream.write(`${CLEAR_LINE}${text.slice(0, stream.columns - 1)}`);
  };
  show(escapeText(label));
  return {
    isVisible: true,
    show: (text) => show(escapeText(text)),
    update: (done, total) => {
      if (total === undefined) return show(`${escapeText(label)} ${done}`);
      const percent = total > 0 ? Math.floor((Math.min(done, total) / total) * 100) : 0;
      const left = leftText(Date.now() - startedAtMs, done / total);
      show(`${escapeText(label)} ${done}/${total} (${percent} %)${left}`);
    },
    clear: () => {
      if (shown !== "") stream.write(CLEAR_LINE);
      shown = "";
    },
    done: () => {
      if (shown !== "") stream.write(CLEAR_LINE);
      shown = "";
    },
  };
}

/** Such as `, 2 min left`, taking the rest to go as the part before went. */
function leftText(elapsedMs: number, part: number): string {
  if (elapsedMs < ESTIMATE_AFTER_MS || !(part > 0 && part < 1)) return "";
  const seconds = Math.ceil((elapsedMs * (1 - part)) / part / 1000);
  return `, ${seconds < 120 ? `${seconds} s` : `${Math.ceil(seconds / 60)} min`} left`;
}

const silentProgress: Progress = {
  isVisible: false,
  update: () => {},
  show: () => {},
  clear: () => {},
  done: () => {},
};
