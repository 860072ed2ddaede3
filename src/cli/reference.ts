/** The reference pages docs/errors.md and docs/cli.md, printed from the code they describe. */
import type { Command } from "commander";
import type { CatalogueEntry } from "../lib/catalogue.ts";
import { accessCatalogue } from "../lib/catalogue-access.ts";
import { authoringCatalogue } from "../lib/catalogue-authoring.ts";
import { contractCatalogue } from "../lib/catalogue-contract.ts";
import { ledgerCatalogue } from "../lib/catalogue-ledger.ts";
import { nodeCatalogue } from "../lib/catalogue-node.ts";
import { p2pCatalogue } from "../lib/catalogue-p2p.ts";
import { nouns, personas } from "./commands.ts";
import { exitMeanings } from "./exit-codes.ts";
import { createProgram } from "./program.ts";
import { sourceNames } from "./settings.ts";

const PRINTED = "<!-- Printed by `npm run generate`; change the code instead. -->";
const HELP_COLUMNS = 100;

type Family = readonly [title: string, entries: Readonly<Record<string, CatalogueEntry>>];

const families: readonly Family[] = [
  ["Following Stellar, sending to it, the devnet", ledgerCatalogue],
  ["Contracts and calls", contractCatalogue],
  ["Writing contracts", authoringCatalogue],
  ["Sign-in, licences and tokens", accessCatalogue],
  ["Swarms, gate and player", p2pCatalogue],
  ["The node and the command `ace`", nodeCatalogue],
];

export function errorsPage(): string {
  const sections = families.map(([title, entries]) => {
    const rows = Object.entries(entries)
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([code, { exit, status, hint }]) => `| \`${code}\` | ${exit} | ${status} | ${hint} |`);
    return [`## ${title}`, "", "| code | exit | HTTP | what to do |", "|---|---|---|---|", ...rows];
  });
  const exits = [...exitMeanings].map(([exit, meaning]) => `| ${exit} | ${meaning} |`);
  return page([
    "# Errors",
    "",
    PRINTED,
    "",
    "Every error has a code that stays, a sentence that names the value at fault, and one thing to do.",
    "`ace explain <CODE>` prints the same. With `--json` an error is one object on stdout:",
    '`{"v":1,"ok":false,"error":{"code":"…","message":"…","hint":"…"}}`.',
    "",
    "| exit code of `ace` | meaning |",
    "|---|---|",
    ...exits,
    ...sections.flatMap((section) => ["", ...section]),
  ]);
}

export async function cliPage(): Promise<string> {
  const program = await wholeProgram();
  const variables = Object.entries(sourceNames).map(
    ([setting, { flag, variable }]) => `| \`${setting}\` | \`--${flag}\` | \`${variable}\` |`,
  );
  return page([
    "# The command `ace`",
    "",
    PRINTED,
    "",
    fenced(helpOf(program)),
    "",
    "## Settings",
    "",
    "A flag wins over the environment, that over the profile (`ace config path`), that over the",
    "default. `ace config` shows each setting with its origin. Passphrases are typed, or read from the",
    "file of mode 0600 that `ACE_PASSPHRASE_FILE` names. `ACE_NO_INPUT=1` is `--no-input`.",
    "",
    "| setting | flag | variable |",
    "|---|---|---|",
    ...variables,
    ...personas.flatMap((persona) => personaSection(program, persona)),
  ]);
}

/** Every noun with its verbs and flags; nothing runs. */
export function wholeProgram(): Promise<Command> {
  return createProgram(Object.keys(nouns), () => async () => {});
}

function personaSection(program: Command, persona: string): readonly string[] {
  const members = program.commands.filter((noun) => noun.helpGroup() === `${persona}:`);
  if (members.length === 0) return [];
  return ["", `## ${persona}`, ...members.flatMap((noun) => commandSection(noun, "ace", 3))];
}

/** A command and everything below it. */
function commandSection(command: Command, above: string, level: number): readonly string[] {
  const name = `${above} ${command.name()}`;
  return [
    "",
    `${"#".repeat(level)} ${name}`,
    "",
    fenced(helpOf(command)),
    ...command.commands.flatMap((next) => commandSection(next, name, level + 1)),
  ];
}

/** What `--help` prints, at a fixed width and without colour. */
function helpOf(command: Command): string {
  let help = "";
  command.configureOutput({
    writeOut: (text) => {
      help += text;
    },
    getOutHelpWidth: () => HELP_COLUMNS,
    getOutHasColors: () => false,
  });
  command.outputHelp();
  return help.trim();
}

function fenced(text: string): string {
  return `\`\`\`text\n${text}\n\`\`\``;
}

function page(lines: readonly string[]): string {
  return `${lines.join("\n")}\n`;
}
