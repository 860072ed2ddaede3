/** What a command does once it is called, and what it may ask of the frame around it. */
import type { Context } from "./context.ts";
import type { Flags } from "./flags.ts";

/** Returns the data of `--json`; prints for people through `context.output`. */
export type Action = (
  context: Context,
  args: readonly string[],
  flags: Flags,
) => Promise<unknown> | unknown;

export interface RunOptions {
  /** For the command that finds out what is wrong with the installation. */
  readonly acceptsAnyVersions?: boolean;
  /** For the command that writes lines of JSON itself; nothing is printed at its end. */
  readonly printsOwnJson?: boolean;
}
