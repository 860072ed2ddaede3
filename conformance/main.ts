// `npm run conformance -- --archive DIR`: how faithful the devnet's rules are, as one number.
import { parseArgs } from "node:util";
import { reportFailure } from "../src/cli/failure.ts";
import { createOutput } from "../src/cli/output.ts";
import { streamOf } from "../src/cli/stream.ts";
import { AceError } from "../src/lib/errors.ts";
import { type Conformance, runConformance, TESTNET } from "./conformance.ts";
import { printConformance } from "./report.ts";

const USAGE =
  "npm run conformance -- --archive DIR [--to LEDGER] [--every N] [--passphrase TEXT] [--time] [--json]";

interface Arguments {
  readonly archive: string;
  readonly to: number | undefined;
  readonly every: number | undefined;
  readonly passphrase: string;
  readonly time: boolean;
  readonly json: boolean;
}

const wantsJson = process.argv.includes("--json");
try {
  await run(readArguments(process.argv.slice(2)));
} catch (error) {
  process.exitCode = reportFailure(error, { json: wantsJson, verbose: false });
}

async function run({ archive, to, every, passphrase, time, json }: Arguments): Promise<void> {
  const [stdout, stderr] = [streamOf(process.stdout), streamOf(process.stderr)];
  const output = createOutput({ stdout, stderr, json, quiet: false });
  const progress = output.progress("replaying");
  const startedMs = performance.now();
  const found = await runConformance({
    archive,
    passphrase,
    to,
    every,
    onProgress: (done, total) => progress.update(done, total),
  });
  progress.done();
  const tookMs = Math.round(performance.now() - startedMs);
  const { user, system } = process.cpuUsage();
  const cpuMs = Math.round((user + system) / 1_000);
  if (!json) printConformance(output, found, time ? tookMs : undefined);
  process.stdout.write(`${JSON.stringify(time ? { ...found, tookMs, cpuMs } : found)}\n`);
  process.exitCode = isExact(found) ? 0 : 1;
}

function isExact({ classic: { exact, total } }: Conformance): boolean {
  return exact === total;
}

function readArguments(words: readonly string[]): Arguments {
  const values = parsed(words);
  const { archive, passphrase = TESTNET, time = false, json = false } = values;
  if (archive === undefined || archive === "") {
    throw new AceError("USAGE", `--archive names no folder. Usage: ${USAGE}`);
  }
  const counts = { to: countOf("--to", values.to), every: countOf("--every", values.every) };
  return { archive, ...counts, passphrase, time, json };
}

function countOf(flag: string, text: string | undefined): number | undefined {
  const count = text === undefined ? undefined : Number(text);
  if (count === undefined || (Number.isSafeInteger(count) && count > 0)) return count;
  throw new AceError("USAGE", `${flag} ${text} is no whole number above 0`);
}

function parsed(words: readonly string[]) {
  try {
    return parseArgs({
      args: [...words],
      options: {
        archive: { type: "string" },
        to: { type: "string" },
        every: { type: "string" },
        passphrase: { type: "string" },
        time: { type: "boolean" },
        json: { type: "boolean" },
      },
    }).values;
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new AceError("USAGE", `${message} Usage: ${USAGE}`, { cause });
  }
}
