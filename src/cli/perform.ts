/** One action from its context to its exit code: what `run` does once a command is known. */
import { isAceError } from "../lib/errors.ts";
import type { Action, RunOptions } from "./action.ts";
import { assertRuntime } from "./assert-runtime.ts";
import { createContext } from "./context.ts";
import { reportFailure } from "./failure.ts";
import type { Flags } from "./flags.ts";
import { jsonText } from "./json.ts";

interface Invocation extends RunOptions {
  /** Such as `licence.buy`. */
  readonly name: string;
  readonly args: readonly string[];
  readonly flags: Flags;
}

/** Returns the exit code. Errors of the context itself are thrown: nothing says yet how to print. */
export async function perform(
  action: Action,
  { name, args, flags, acceptsAnyVersions = false, printsOwnJson = false }: Invocation,
): Promise<number> {
  if (!acceptsAnyVersions) assertRuntime();
  const context = createContext(flags);
  const { output, settings, signal } = context;
  try {
    const data = await action(context, args, flags);
    if (data !== undefined) output.result(data);
    if (settings.json && !printsOwnJson) {
      const object = { v: 1, command: name, ok: true, data: output.data() ?? null };
      process.stdout.write(`${jsonText(object)}\n`);
    }
    return 0;
  } catch (error) {
    const { json, verbose } = settings;
    // What was interrupted fails in its own words; the person who did it needs none of them.
    const reported = signal.aborted && !isAceError(error) ? signal.reason : error;
    output.close();
    return reportFailure(reported, { json, verbose, data: output.data() });
  } finally {
    output.close();
  }
}
