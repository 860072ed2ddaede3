import { AceError } from "../lib/errors.ts";

/** The server said 429 or 503: it is there, and says when it may be asked again. */
export class BusyError extends AceError {
  /** Undefined where it did not say. */
  readonly retryAfterMs: number | undefined;

  constructor(message: string, retryAfterMs: number | undefined) {
    super("LEDGER_NO_SOURCE", message);
    this.retryAfterMs = retryAfterMs;
  }
}
