/**
 * How a command ends badly: one sentence and one hint on stderr, the same as one object on stdout
 * with `--json`, and an exit code from the catalogue. Stacks only with `-v`.
 */
import { AceError } from "../lib/errors.ts";
import { escapeText } from "./escape.ts";
import { jsonText } from "./json.ts";
import { paint, streamOf } from "./stream.ts";

export interface FailureOptions {
  readonly json: boolean;
  readonly verbose: boolean;
  /** What the command found before it failed, such as the findings of a check. */
  readonly data?: unknown;
}

/** Reports `error` and returns the exit code. */
export function reportFailure(error: unknown, options: FailureOptions): number {
  const known = knownError(error);
  const { code, message, hint } = known;
  if (options.json) {
    const { data } = options;
    const object = {
      v: 1,
      ok: false,
      error: { code, message, hint },
      ...(data !== undefined && { data }),
    };
    process.stdout.write(`${jsonText(object)}\n`);
  }
  const stderr = streamOf(process.stderr);
  const [first = "", ...rest] = message.split("\n").map(escapeText);
  stderr.write(`${paint(stderr, `error[${code}]`, "bad")}: ${first}\n`);
  for (const line of rest) stderr.write(`  ${line}\n`);
  stderr.write(`  hint: ${escapeText(hint)}\n`);
  if (options.verbose)
    for (const line of stackLines(error)) stderr.write(`  ${escapeText(line)}\n`);
  return known.exit;
}

function knownError(error: unknown): AceError {
  if (error instanceof AceError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new AceError("INTERNAL", message, { cause: error });
}

function stackLines(error: unknown): readonly string[] {
  if (!(error instanceof Error)) return [];
  const own = (error.stack ?? "").split("\n");
  return error.cause === undefined ? own : [...own, "caused by:", ...stackLines(error.cause)];
}
