import type { Command } from "commander";
import { createDevnet } from "../../devnet/devnet.ts";
import { serveDevnet } from "../../devnet/server.ts";
import { AceError } from "../../lib/errors.ts";
import { openTelemetry } from "../../node/events.ts";
import type { Context } from "../context.ts";
import type { Flags } from "../flags.ts";
import type { Run } from "../run.ts";
import { untilAborted } from "../until-aborted.ts";

const PASSPHRASE = "Ace Devnet ; 2026";
const CLOSE = /^(?:manual|(\d{1,3})s)$/;

/** `ace devnet`: a Stellar network of your own, in this process, until Ctrl-C. */
export function register(noun: Command, run: Run): void {
  noun
    .option("--port <port>", "port of JSON-RPC and friendbot; 0 takes any free one", "8000")
    .option("--close <mode>", "manual, or how often a ledger closes: 1s, 5s", "1s")
    .option("--seed <text>", "the same seed and the same transactions give the same ledgers", "ace")
    .option("--passphrase <text>", "network passphrase", PASSPHRASE)
    .option("--log <level>", "silent, warn, info or debug", "warn")
    .addHelpText("after", "\nExamples:\n  ace devnet\n  ace devnet --close manual --port 8001")
    .action(run((context, _args, flags) => start(context, flags)));
}

async function start(context: Context, flags: Flags): Promise<unknown> {
  const { output, signal, clock } = context;
  const close = flags.text("close") ?? "1s";
  const [matched, seconds] = CLOSE.exec(close) ?? [];
  if (matched === undefined) throw new AceError("USAGE", `"${close}" is not manual, 1s or 5s`);
  const passphrase = flags.text("passphrase") ?? PASSPHRASE;
  const net = createDevnet({
    passphrase,
    seed: flags.text("seed") ?? "ace",
    closeTime: BigInt(Math.floor(clock.nowMs() / 1_000)),
  });
  await using server = await serveDevnet({
    net,
    port: flags.whole("port", { min: 0, max: 65_535 }) ?? 8_000,
    closeMs: seconds === undefined ? "manual" : Number(seconds) * 1_000,
    events: openTelemetry(flags.text("log") ?? "warn"),
    clock,
  });
  const { url, friendbotUrl } = server;
  output.line("devnet is running; Ctrl-C stops it, and nothing of it is kept", "good");
  output.table([
    ["rpc", url],
    ["friendbot", friendbotUrl],
    ["passphrase", passphrase],
    ["ledgers", close === "manual" ? "close on POST /close" : `close every ${close}`],
  ]);
  output.event("ready", { rpcUrl: url, friendbotUrl, passphrase });
  await untilAborted(signal);
  return { rpcUrl: url, friendbotUrl, passphrase };
}
