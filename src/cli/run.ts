/**
 * `run` turns a command's action into what commander calls: it builds the context once, hands over
 * arguments and flags, and prints the result with `--json`.
 */
import { Command } from "commander";
import { invariant } from "../lib/invariant.ts";
import { assertRuntime } from "./assert-runtime.ts";
import { type Context, createContext } from "./context.ts";
import { reportFailure } from "./failure.ts";
import { Flags } from "./flags.ts";
import { jsonText } from "./json.ts";

/** Returns the data of `--json`; prints for people through `context.output`. */
export type Action = (
  context: Context,
  args: readonly string[],
  flags: Flags,
) => Promise<unknown> | unknown;

export type Run = (action: Action) => (...given: readonly unknown[]) => Promise<void>;

/** @param setExitCode Is told how the command ended; the program leaves with it. */
export function createRun(setExitCode: (exitCode: number) => void): Run {
  return (action) =>
    async (...given) => {
      const command = given.at(-1);
      invariant(command instanceof Command, "commander passes the command last");
      const values = command.optsWithGlobals();
      const flags = new Flags(values);
      assertRuntime();
      const context = createContext(flags);
      const { output, settings } = context;
      try {
        const data = await action(context, texts(command.processedArgs), flags);
        if (data !== undefined) output.result(data);
        if (settings.json) {
          const name = commandName(command);
          const object = { v: 1, command: name, ok: true, data: output.data() ?? null };
          process.stdout.write(`${jsonText(object)}\n`);
        }
      } catch (error) {
        const { json, verbose } = settings;
        setExitCode(reportFailure(error, { json, verbose, data: output.data() }));
      } finally {
        output.close();
      }
    };
}

/** Arguments as they were typed, those of a variadic argument one after another. */
function texts(args: readonly unknown[]): readonly string[] {
  return args.flat().flatMap((arg) => (arg === undefined ? [] : [String(arg)]));
}

/** `ace licence buy` is `licence.buy`. */
function commandName(command: Command): string {
  const names = [command.name()];
  for (let parent = command.parent; parent !== null; parent = parent.parent) {
    if (parent.parent !== null) names.unshift(parent.name());
  }
  return names.join(".");
}
