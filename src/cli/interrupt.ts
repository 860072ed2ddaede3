/**
 * Ctrl-C: the first asks the command to stop in order, the second ends the process at once.
 *
 * Units   `REPEAT_MS` is milliseconds: a terminal and `bin/ace.mjs` may both deliver one key press.
 */
import { AceError } from "../lib/errors.ts";

const REPEAT_MS = 250;
/** What shells report for a process ended by Ctrl-C: 128 and the number of SIGINT. */
const EXIT_INTERRUPTED = 130;

/** Aborted, with a `CANCELLED` error, by the first SIGINT or SIGTERM. */
export function interruptSignal(): AbortSignal {
  const controller = new AbortController();
  let firstAtMs: number | undefined;
  const interrupt = (): void => {
    const nowMs = performance.now();
    if (firstAtMs === undefined) {
      firstAtMs = nowMs;
      controller.abort(new AceError("CANCELLED", "stopped before the command was done"));
    } else if (nowMs - firstAtMs > REPEAT_MS) {
      process.exit(EXIT_INTERRUPTED);
    }
  };
  process.on("SIGINT", interrupt);
  process.on("SIGTERM", interrupt);
  return controller.signal;
}
