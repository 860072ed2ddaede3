/**
 * The grammar of `ace`: `ace <noun> <verb> [subject] [--flag value]`, read by commander.
 *
 * Only the noun that is called loads its module; help and version load none. Errors of usage end
 * like all others: one sentence, one hint, an exit code, and one object with `--json`.
 */
import { Command, CommanderError, Option } from "commander";
import { AceError } from "../lib/errors.ts";
import { type Noun, nouns, personas } from "./commands.ts";
import { reportFailure } from "./failure.ts";
import { finishHelp } from "./help.ts";
import { repeatable } from "./repeatable.ts";
import { createRun, type Run } from "./run.ts";
import { packageVersion } from "./version.ts";

/** Reads the arguments, runs what they ask for, and returns the exit code. */
export async function runProgram(argv: readonly string[]): Promise<number> {
  let exitCode = 0;
  const run = createRun((code) => {
    exitCode = code;
  });
  try {
    const { operands } = withGlobalFlags(silent(new Command("ace"))).parseOptions([...argv]);
    const isHelp = argv.length === 0 || operands[0] === "help";
    const path = isHelp ? operands.slice(1) : operands;
    const program = await createProgram(neededNouns(path), run);
    const found = commandAt(program, path);
    if (found === undefined) await parse(program, path);
    else if (isHelp) found.outputHelp();
    else await parse(program, argv);
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    return reportFailure(usageError(error), {
      json: argv.includes("--json"),
      verbose: argv.includes("-v") || argv.includes("--verbose"),
    });
  }
}

/** The whole grammar; the verbs of a noun are there only when `loaded` names it. */
export async function createProgram(loaded: readonly string[], run: Run): Promise<Command> {
  const program = withGlobalFlags(silent(new Command("ace")))
    .usage("<noun> <verb> [subject] [options]")
    .description("Licences, splits and streams on Stellar, and the node that follows them.")
    .version(packageVersion(), "-V, --version", "print the version")
    .helpOption("-h, --help", "show help")
    .helpCommand(false)
    .addHelpText("after", firstSteps);
  for (const persona of personas) {
    for (const [name, noun] of Object.entries(nouns)) {
      if (noun.persona === persona) await addNoun(program, { name, noun, loaded, run });
    }
  }
  return program;
}

function neededNouns([name = ""]: readonly string[]): readonly string[] {
  const noun = Object.hasOwn(nouns, name) ? nouns[name] : undefined;
  return noun?.seesAll === true ? Object.keys(nouns) : [name];
}

const firstSteps = `
Examples:
  ace help key             the verbs of one noun, with examples
  ace key new alice        make a key of your own
  ace doctor               find out what is missing, and how to mend it
  ace explain KEY_LOCKED   what an error code means

Every command takes the options above. Data goes to stdout, messages to stderr; --json prints one
object. Exit codes: 0 done, 1 failed, 2 usage, 3 not found, 4 key or permission, 5 refused by a
contract, 6 network or node, 7 not confirmed, 8 timed out but may still apply.`;

interface Loading {
  readonly name: string;
  readonly noun: Noun;
  readonly loaded: readonly string[];
  readonly run: Run;
}

async function addNoun(program: Command, { name, noun, loaded, run }: Loading): Promise<void> {
  const command = program.command(name).helpGroup(`${noun.persona}:`);
  command.summary(noun.summary).description(noun.summary).helpCommand(false);
  if (noun.alias !== undefined) command.alias(noun.alias);
  if (!loaded.includes(name) && !loaded.includes(noun.alias ?? name)) return;
  const module = await noun.load();
  module.register(command, run);
  if (command.commands.length > 0) command.usage("<verb> [options]");
  finishHelp(command);
}

function withGlobalFlags(command: Command): Command {
  return command
    .addOption(new Option("--as <identity>", "key to act with, or an address to look with"))
    .addOption(new Option("--node <url>", "node to ask"))
    .addOption(repeatable("--rpc <url>", "Stellar RPC to read from and send to"))
    .addOption(new Option("--network <file>", "network.json of the service network"))
    .addOption(new Option("--home <folder>", "folder of keys and settings"))
    .addOption(new Option("--json", "print one JSON object on stdout"))
    .addOption(new Option("-y, --yes", "agree beforehand to what would be asked"))
    .addOption(new Option("--no-input", "never ask; fail instead"))
    .addOption(new Option("-q, --quiet", "no messages besides errors"))
    .addOption(new Option("-v, --verbose", "show what lies behind an error"));
}

/** Throws instead of exiting, and leaves the printing of errors to us. Verbs inherit both. */
function silent(command: Command): Command {
  return command
    .exitOverride()
    .configureOutput({ writeErr: () => {} })
    .allowExcessArguments(false);
}

async function parse(program: Command, argv: readonly string[]): Promise<void> {
  try {
    await program.parseAsync([...argv], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError) || error.code !== "commander.help") throw error;
    const noun = commandAt(program, argv.slice(0, 1));
    const verbs = (noun ?? program).commands.map((verb) => verb.name()).join(", ");
    throw new AceError("USAGE", `a verb is missing, one of ${verbs}`, { cause: error });
  }
}

/** Undefined when the path names a noun or a verb that there is not. */
function commandAt(program: Command, path: readonly string[]): Command | undefined {
  let command = program;
  for (const name of path) {
    if (command.commands.length === 0) return command;
    const next = command.commands.find((known) => [known.name(), known.alias()].includes(name));
    if (next === undefined) return undefined;
    command = next;
  }
  return command;
}

function usageError(error: unknown): unknown {
  if (!(error instanceof CommanderError)) return error;
  const sentence = error.message.replace(/^error: /, "").replaceAll(/\s*\n\s*/g, " ");
  return new AceError("USAGE", sentence, { cause: error });
}
