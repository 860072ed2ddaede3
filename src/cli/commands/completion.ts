/** `ace completion`: a script that lets the shell complete nouns, verbs and flags. */
import { Argument, type Command } from "commander";
import { AceError } from "../../lib/errors.ts";
import { invariant } from "../../lib/invariant.ts";
import { completionScript, shells } from "../completion.ts";
import type { Context } from "../context.ts";
import { examples } from "../help.ts";
import type { Run } from "../run.ts";

export function register(noun: Command, run: Run): void {
  noun.addArgument(new Argument("<shell>").choices([...shells])).action(
    run((context, [name = ""]) => {
      const { parent } = noun;
      invariant(parent !== null, "a noun stands under the program");
      return print(context, { name, program: parent });
    }),
  );
  examples(
    noun,
    "ace completion bash > ~/.local/share/bash-completion/completions/ace",
    "ace completion fish > ~/.config/fish/completions/ace.fish",
    'eval "$(ace completion zsh)"',
  );
}

function print(
  { output }: Context,
  { name, program }: { readonly name: string; readonly program: Command },
): unknown {
  const shell = shells.find((known) => known === name);
  if (shell === undefined) throw new AceError("USAGE", `"${name}" is not a shell we know`);
  const script = completionScript(shell, program);
  for (const line of script.trimEnd().split("\n")) output.line(line);
  return { shell, script };
}
