/**
 * `run` turns a command's action into what commander calls: it builds the context once, hands over
 * arguments and flags, and prints the result with `--json`.
 */
import { Command } from "commander";
import { invariant } from "../lib/invariant.ts";
import type { Action, RunOptions } from "./action.ts";
import { Flags } from "./flags.ts";

export type Run = (
  action: Action,
  options?: RunOptions,
) => (...given: readonly unknown[]) => Promise<void>;

/** @param setExitCode Is told how the command ended; the program leaves with it. */
export function createRun(setExitCode: (exitCode: number) => void): Run {
  return (action, options = {}) =>
    async (...given) => {
      const command = given.at(-1);
      invariant(command instanceof Command, "commander passes the command last");
      // Loaded here, so that help and version, which run no action, stay quick.
      const { perform } = await import("./perform.ts");
      const args = texts(command.processedArgs);
      const flags = new Flags(command.optsWithGlobals());
      const name = commandName(command);
      setExitCode(await perform(action, { name, args, flags, ...options }));
    };
}

/** Arguments as they were typed, those of a variadic argument one after another. */
function texts(args: readonly unknown[]): readonly string[] {
  return args.flat().flatMap((arg) => (arg === undefined ? [] : [String(arg)]));
}

/** `ace licence buy` is `licence.buy`. */
function commandName(command: Command): string {
  const { parent } = command;
  if (parent === null) return "";
  const above = commandName(parent);
  return above === "" ? command.name() : `${above}.${command.name()}`;
}
