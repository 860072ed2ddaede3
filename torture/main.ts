// `npm run torture -- contracts --corpus FILE.jsonl`: what contracts may try, tried in the real sandbox.
import { parseArgs } from "node:util";
import { reportFailure } from "../src/cli/failure.ts";
import { createOutput, type Output } from "../src/cli/output.ts";
import { streamOf } from "../src/cli/stream.ts";
import { AceError } from "../src/lib/errors.ts";
import { runCorpus } from "./contracts.ts";
import { HELP } from "./help.ts";
import { runPrograms } from "./programs.ts";
import type { Row } from "./run-script.ts";

const options = {
  corpus: { type: "string" },
  "watchdog-ms": { type: "string" },
  count: { type: "string" },
  seed: { type: "string" },
  json: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

const PROGRAMS = 10_000;
const isJson = process.argv.includes("--json");
try {
  const { values, positionals } = readArguments(process.argv.slice(2));
  const [topic] = positionals;
  if (values.help) process.stdout.write(HELP);
  else process.exitCode = (await run(topic, values)) ? 0 : 1;
} catch (error) {
  process.exitCode = reportFailure(error, { json: isJson, verbose: false });
}

type Values = ReturnType<typeof readArguments>["values"];

async function run(topic: string | undefined, values: Values): Promise<boolean> {
  const [stdout, stderr] = [streamOf(process.stdout), streamOf(process.stderr)];
  const output = createOutput({ stdout, stderr, json: isJson, quiet: false });
  switch (topic) {
    case "contracts":
      return contracts(values, output);
    case "programs":
      return programs(values, output);
    default:
      throw usage(topic === undefined ? "nothing is asked for." : `"${topic}" is no topic.`);
  }
}

async function contracts(values: Values, output: Output): Promise<boolean> {
  const { corpus } = values;
  if (corpus === undefined || corpus === "") throw usage("--corpus names no file.");
  const watchdogMs = countOf("--watchdog-ms", values["watchdog-ms"]);
  const progress = output.progress("running");
  const onRow = (row: Row, done: number, total: number): void => {
    progress.clear();
    process.stdout.write(`${isJson ? JSON.stringify(row) : lineOf(row)}\n`);
    progress.update(done, total);
  };
  const limit = watchdogMs === undefined ? {} : { watchdogMs };
  const summary = await runCorpus({ corpus, onRow, ...limit });
  progress.done();
  process.stdout.write(`${JSON.stringify(summary)}\n`);
  return summary.differences + summary.nodeFaults + summary.unexpected === 0;
}

async function programs(values: Values, output: Output): Promise<boolean> {
  const count = countOf("--count", values.count) ?? PROGRAMS;
  const seed = countOf("--seed", values.seed) ?? 1;
  const watchdogMs = countOf("--watchdog-ms", values["watchdog-ms"]);
  const progress = output.progress("running");
  const summary = await runPrograms({
    count,
    seed,
    ...(watchdogMs === undefined ? {} : { watchdogMs }),
    onProgress: (done) => progress.update(done, count),
    onDifference: (difference) => {
      progress.clear();
      process.stdout.write(`${JSON.stringify(difference)}\n`);
    },
  });
  progress.done();
  process.stdout.write(`${JSON.stringify(summary)}\n`);
  return summary.differences + summary.nodeFaults === 0;
}

function lineOf({ name, outcome, code, gas, equal }: Row): string {
  const end = code === "" ? "" : ` ${code}`;
  return `${equal ? "=" : "!"} ${outcome}${end} ${gas} ${JSON.stringify(name)}`;
}

function countOf(flag: string, text: string | undefined): number | undefined {
  const count = text === undefined ? undefined : Number(text);
  if (count === undefined || (Number.isSafeInteger(count) && count > 0)) return count;
  throw usage(`${flag} ${text} is no whole number above 0.`);
}

function readArguments(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (cause) {
    throw usage(cause instanceof Error ? cause.message : String(cause));
  }
}

function usage(message: string): AceError {
  return new AceError("USAGE", `${message} \`npm run torture -- --help\` says how it is used.`);
}
