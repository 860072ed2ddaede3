/**
 * Errors a person can act on: a stable code to match, a sentence to read, a hint to follow.
 *
 * A refusal that every node must agree on is a value instead, and a broken promise of our own is an
 * `invariant`. `docs/errors.md` is printed from the catalogue.
 */
import { catalogue, type ErrorCode } from "./catalogue.ts";

export type { ErrorCode } from "./catalogue.ts";

interface AceErrorOptions extends ErrorOptions {
  readonly offerUrl?: string | undefined;
}

export class AceError extends Error {
  override readonly name = "AceError";
  readonly code: ErrorCode;
  /** Where what is missing is sold. */
  readonly offerUrl: string | undefined;

  /** @param message What happened, naming the value at fault. Never a secret. */
  constructor(code: ErrorCode, message: string, options?: AceErrorOptions) {
    super(message, options);
    this.code = code;
    this.offerUrl = options?.offerUrl;
  }

  /** The HTTP status this code becomes. */
  get status(): number {
    return catalogue[this.code].status;
  }

  /** The exit code of the command `ace`. */
  get exit(): number {
    return catalogue[this.code].exit;
  }

  get hint(): string {
    return catalogue[this.code].hint;
  }
}

/** True for an `AceError`, or one with this code when a code is given. */
export function isAceError(error: unknown, code?: ErrorCode): error is AceError {
  return error instanceof AceError && (code === undefined || error.code === code);
}
