/**
 * Verbs for a devnet that runs in another terminal: closing ledgers, moving time, breaking sources.
 *
 * Errors  `LEDGER_NO_SOURCE` when no devnet answers; what it refuses, in its own words, as
 *         `DEVNET_UNSUPPORTED` or `DEVNET_FAULT_INVALID`.
 */
import type { Command } from "commander";
import { z } from "zod";
import { faultKinds } from "../devnet/fault-catalogue.ts";
import { parseFault } from "../devnet/faults.ts";
import { CLOSES_MAX, WARP_SECONDS_MAX } from "../devnet/server-control.ts";
import { AceError } from "../lib/errors.ts";
import type { Context } from "./context.ts";
import { parseDuration } from "./duration.ts";
import { examples } from "./help.ts";
import type { Run } from "./run.ts";

const ANSWER_MS = 30_000;
const HELP_COLUMNS = 80;
const COUNT = /^\d{1,5}$/;

const Tip = z.object({ sequence: z.int(), hash: z.string(), closeTime: z.string() });
const Faults = z.object({ faults: z.array(z.object({ id: z.int(), fault: z.string() })) });
const Refusal = z.object({
  code: z.enum(["DEVNET_FAULT_INVALID", "DEVNET_UNSUPPORTED"]).default("DEVNET_UNSUPPORTED"),
  error: z.string(),
});

export function registerControl(noun: Command, run: Run): void {
  examples(
    noun
      .command("close")
      .description("close ledgers of a running devnet now")
      .argument("[count]", "how many", "1"),
    "ace devnet close",
    "ace devnet close 64",
  ).action(run((context, [count = "1"]) => closeLedgers(context, count)));
  examples(
    noun
      .command("warp")
      .description("close one ledger whose close time is that much later")
      .argument("<duration>", "such as 30d, 72h, 15m or 45s"),
    "ace devnet warp 29d",
  ).action(run((context, [duration = ""]) => warp(context, duration)));
  examples(
    noun
      .command("fault")
      .description("let a source of a running devnet do wrong; without a fault, list them")
      .argument("[fault]", "source:fault=value@ledger*times, or `clear`")
      .argument("[id]", "with `clear`: that one alone"),
    "ace devnet fault rpc:lag=3",
    "ace devnet fault lake:missing@120",
    "ace devnet fault clear",
    "ace devnet fault clear 2",
  )
    .addHelpText("after", `\n${faultHelp()}`)
    .action(run((context, [fault, id]) => changeFaults(context, fault, id)));
}

/** Every fault there is, a line each, by group. */
export function faultHelp(): string {
  const names = Object.entries(faultKinds);
  const width = Math.max(...names.map(([name]) => name.length));
  const groups = Map.groupBy(names, ([, { group }]) => group);
  const lines = [...groups].flatMap(([group, kinds]) => [
    `  ${group}`,
    ...kinds.map(([name, kind]) => {
      const value = "value" in kind ? ` (=${kind.value.unit}, ${kind.value.default})` : "";
      const ledger = "ledger" in kind ? ` (@ledger ${kind.ledger})` : "";
      const text = `${kind.summary}${value}${ledger} [${kind.sources.join(", ")}]`;
      return `    ${name.padEnd(width)}  ${wrapped(text, width + 6)}`;
    }),
  ]);
  return [
    "Faults, as source:fault=value@ledger*times; [sources] stand behind each:",
    ...lines,
  ].join("\n");
}

/** Lines that fit beside `indent` columns, each but the first with so many before it. */
function wrapped(text: string, indent: number): string {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const line = lines.at(-1);
    const isFull = line === undefined || indent + line.length + 1 + word.length > HELP_COLUMNS;
    if (isFull) lines.push(word);
    else lines.splice(-1, 1, `${line} ${word}`);
  }
  return lines.join(`\n${" ".repeat(indent)}`);
}

async function closeLedgers(context: Context, count: string): Promise<unknown> {
  if (!COUNT.test(count) || Number(count) < 1 || Number(count) > CLOSES_MAX) {
    throw new AceError("USAGE", `"${count}" is not a number of ledgers from 1 to ${CLOSES_MAX}`);
  }
  return showTip(context, await ask(context, "POST", "/close", { count: Number(count) }, Tip));
}

async function warp(context: Context, duration: string): Promise<unknown> {
  const seconds = Number(parseDuration(duration));
  if (seconds < 1 || seconds > WARP_SECONDS_MAX) {
    throw new AceError("USAGE", `"${duration}" is not from 1s to ${WARP_SECONDS_MAX / 86_400}d`);
  }
  return showTip(context, await ask(context, "POST", "/warp", { seconds }, Tip));
}

function showTip({ output }: Context, tip: z.infer<typeof Tip>): unknown {
  const closedAt = new Date(Number(tip.closeTime) * 1_000).toISOString();
  output.table([
    ["ledger", String(tip.sequence)],
    ["closed at", closedAt],
    ["hash", tip.hash],
  ]);
  return { ...tip, closedAt };
}

async function changeFaults(context: Context, fault?: string, id?: string): Promise<unknown> {
  const answer = await askFaults(context, fault, id);
  const { output } = context;
  if (answer.faults.length === 0) output.note("no source does wrong");
  else {
    output.table(
      answer.faults.map(({ id, fault: text }) => [String(id), text]),
      ["id", "fault"],
    );
  }
  return answer;
}

function askFaults(
  context: Context,
  fault: string | undefined,
  id: string | undefined,
): Promise<z.infer<typeof Faults>> {
  if (fault === undefined) return ask(context, "GET", "/faults", undefined, Faults);
  if (id !== undefined && (fault !== "clear" || !COUNT.test(id))) {
    throw new AceError("USAGE", `"${fault} ${id}" is neither a fault nor \`clear 2\``);
  }
  if (fault === "clear") {
    return ask(context, "DELETE", "/faults", id === undefined ? {} : { id: Number(id) }, Faults);
  }
  parseFault(fault);
  return ask(context, "POST", "/faults", { fault }, Faults);
}

async function ask<Answer>(
  { settings, signal }: Context,
  method: string,
  path: string,
  body: unknown,
  shape: z.ZodType<Answer>,
): Promise<Answer> {
  const url = `${settings.rpcUrl}${path}`;
  const response = await reach(url, signal, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const answer: unknown = await response.json().catch(() => undefined);
  const parsed = shape.safeParse(answer);
  if (response.ok && parsed.success) return parsed.data;
  const said = Refusal.safeParse(answer).data;
  if (response.status === 400 && said !== undefined) throw new AceError(said.code, said.error);
  throw new AceError("LEDGER_NO_SOURCE", `${settings.rpcUrl} is no devnet of Ace`);
}

async function reach(url: string, signal: AbortSignal, init: RequestInit): Promise<Response> {
  try {
    const within = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]);
    return await fetch(url, { ...init, signal: within });
  } catch (cause) {
    signal.throwIfAborted();
    throw new AceError("LEDGER_NO_SOURCE", `nothing answers at ${url}`, { cause });
  }
}
