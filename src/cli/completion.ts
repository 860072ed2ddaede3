/**
 * Completion scripts: static words, so that pressing Tab starts no process.
 *
 * Source  bash(1) "Programmable Completion"; zshcompsys(1); fish(1) "complete".
 */
import type { Command } from "commander";
import { flagsOf } from "./grammar.ts";

export const shells = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof shells)[number];

export function completionScript(shell: Shell, program: Command): string {
  switch (shell) {
    case "bash":
      return bashScript(program);
    case "zsh":
      // Zsh reads scripts of bash; so both complete the same.
      return `autoload -U +X bashcompinit && bashcompinit\n${bashScript(program)}`;
    case "fish":
      return fishScript(program);
  }
}

function bashScript(program: Command): string {
  const places = program.commands.flatMap((noun) => [
    { path: noun.name(), words: wordsAfter(noun) },
    ...noun.commands.map((verb) => ({
      path: `${noun.name()} ${verb.name()}`,
      words: flagsOf(verb),
    })),
  ]);
  const cases = places.map(({ path, words }) => `    "${path}") words="${words.join(" ")}" ;;`);
  return `_ace() {
  local current="\${COMP_WORDS[COMP_CWORD]}" words="" noun="" verb="" word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in
      -*) ;;
      *) if [ -z "$noun" ]; then noun="$word"; elif [ -z "$verb" ]; then verb="$word"; fi ;;
    esac
  done
  case "$noun\${verb:+ $verb}" in
    "") words="${wordsAfter(program).join(" ")}" ;;
${cases.join("\n")}
  esac
  COMPREPLY=($(compgen -W "$words ${flagsOf(program).join(" ")}" -- "$current"))
}
complete -o default -F _ace ace
`;
}

function fishScript(program: Command): string {
  const lines = ["complete -c ace -f"];
  for (const noun of program.commands) {
    const name = noun.name();
    const isFirst = "__fish_use_subcommand";
    lines.push(`complete -c ace -n ${isFirst} -a ${name} -d '${fishText(noun.summary())}'`);
    for (const verb of noun.commands) {
      const isAfter = `'__fish_seen_subcommand_from ${name}'`;
      const about = fishText(verb.summary() || verb.description());
      lines.push(`complete -c ace -n ${isAfter} -a ${verb.name()} -d '${about}'`);
    }
    for (const flag of [...flagsOf(noun), ...noun.commands.flatMap(flagsOf)]) {
      const isAfter = `'__fish_seen_subcommand_from ${name}'`;
      lines.push(`complete -c ace -n ${isAfter} -l ${flag.slice(2)}`);
    }
  }
  for (const flag of flagsOf(program)) lines.push(`complete -c ace -l ${flag.slice(2)}`);
  return `${lines.join("\n")}\n`;
}

function wordsAfter(command: Command): readonly string[] {
  return [...command.commands.map((next) => next.name()), ...flagsOf(command)];
}

function fishText(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("'", "\\'");
}
