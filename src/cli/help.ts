/** Help that teaches: each command shows one or two lines that can be typed as they stand. */
import type { Command } from "commander";

const known = new WeakMap<Command, readonly string[]>();

/** Adds lines such as `ace key new alice` under the help of `command`. */
export function examples(command: Command, ...lines: readonly string[]): Command {
  known.set(command, lines);
  return command.addHelpText("after", textOf(lines));
}

/** Once the verbs are there: each says what it does, and the noun shows an example of each. */
export function finishHelp(noun: Command): void {
  for (const verb of noun.commands) {
    if (verb.description() === "") verb.description(verb.summary());
  }
  const lines = noun.commands.flatMap((verb) => known.get(verb)?.slice(0, 1) ?? []);
  if (lines.length > 0) noun.addHelpText("after", textOf(lines));
}

function textOf(lines: readonly string[]): string {
  return ["", "Examples:", ...lines.map((line) => `  ${line}`)].join("\n");
}
