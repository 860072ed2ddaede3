/** The grammar as data, for completion and the reference. */
import type { Command } from "commander";

/** Long flags that `command` takes, besides the ones every command takes. */
export function flagsOf(command: Command): readonly string[] {
  return command.options.flatMap(({ long }) => (typeof long === "string" ? [long] : []));
}
