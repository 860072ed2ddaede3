/** Help that teaches: each command shows one or two lines that can be typed as they stand. */
import type { Command } from "commander";

/** Adds lines such as `ace key new alice` under the help of `command`. */
export function examples(command: Command, ...lines: readonly string[]): Command {
  const list = lines.map((line) => `  ${line}`).join("\n");
  return command.addHelpText("after", `\nExamples:\n${list}`);
}
