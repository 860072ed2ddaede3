import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Command } from "commander";
import { openNodeClient } from "../../client/http.ts";
import type { StatusJson } from "../../client/schemas.ts";
import { readServiceNetwork } from "../../node/files.ts";
import type { Node } from "../../node/node.ts";
import type { Context } from "../context.ts";
import type { Flags } from "../flags.ts";
import { examples } from "../help.ts";
import { FOUND_ANEW, tooYoung } from "../network-age.ts";
import type { Run } from "../run.ts";
import { untilAborted } from "../until-aborted.ts";
import { packageVersion } from "../version.ts";

const TIP_MS = 500;

/** `ace node`: follows the network, answers the API, seeds what was published. */
export function register(noun: Command, run: Run): void {
  noun
    .option("--data <folder>", "databases and keys of this node (default: <home>/node)")
    .option("--host <address>", "address to listen on")
    .option("--port <port>", "HTTP API; 0 takes any free one")
    .option("--peer-port <port>", "BitTorrent peers")
    .option("--tracker-port <port>", "the node's own tracker")
    .option("--operator <file>", "issuer keys: with them the node issues access tokens")
    .option("--follow-only", "issue no tokens, even where issuer keys lie beside network.json")
    .option(
      "--log <level>",
      "silent, error, warn, info or debug (default: warn on a terminal, else info)",
    )
    .addHelpText(
      "after",
      "\nExamples:\n  ace node\n  ace node --data ./second --port 7170 --peer-port 7171 --tracker-port 7172 --follow-only\n  ace node status",
    )
    .action(run((context, _args, flags) => start(context, flags)));
  examples(
    noun
      .command("status")
      .description("where a running node is: ledger, lag, state root, ledger hash"),
    "ace node status",
    "ace node status --node http://127.0.0.1:7170 --json",
  ).action(run((context) => status(context)));
}

async function start(context: Context, flags: Flags): Promise<unknown> {
  const { output, signal, settings, environment, terminal } = context;
  // Loaded here, because `status` needs none of it.
  const { fromEnvironment, loadConfig } = await import("../../node/config.ts");
  const { openNode } = await import("../../node/node.ts");
  const config = loadConfig(
    {
      networkFile: settings.network,
      rpcUrl: settings.rpcUrl,
      dataDir: join(settings.home, "node"),
      // A person sees the line below instead of one a ledger.
      logLevel: terminal.canAsk ? "warn" : undefined,
    },
    fromEnvironment(environment),
    {
      dataDir: flags.text("data"),
      host: flags.text("host"),
      httpPort: flags.text("port"),
      peerPort: flags.text("peerPort"),
      trackerPort: flags.text("trackerPort"),
      operatorFile: flags.isOn("followOnly") ? undefined : operatorFile(settings.network, flags),
      logLevel: flags.text("log"),
    },
  );
  await warnOfYouth(context);
  await using node = await openNode(config, packageVersion());
  const { peerAddress, trackerUrl, serverKey } = node.streams;
  const addresses = { httpUrl: node.httpUrl, peerAddress, trackerUrl, serverKey };
  output.line("node is running; Ctrl-C stops it", "good");
  output.table([
    ["api", node.httpUrl],
    ["reference", `${node.httpUrl}/docs`],
    ["peers", peerAddress],
    ["tracker", trackerUrl],
    ["data", config.dataDir],
    ["tokens", config.operatorFile === undefined ? "verifies them" : "issues and verifies them"],
  ]);
  output.event("ready", addresses);
  using _line = showTip(context, node);
  const fault = node.follower.stopped.then(() => node.follower.fault());
  await Promise.race([untilAborted(signal), fault.then((error) => reportFault(context, error))]);
  // A node that stopped following goes on answering, so that its operator can look.
  if (!signal.aborted) await untilAborted(signal);
  return addresses;
}

/** Such a node would wait without a word. */
async function warnOfYouth({ settings, output, signal }: Context): Promise<void> {
  const { name, genesisLedger } = readServiceNetwork(settings.network);
  const fault = await tooYoung(genesisLedger, { url: settings.rpcUrl, signal });
  if (fault !== undefined) output.warn(`"${name}" was ${fault}; ${FOUND_ANEW}`);
}

/** The last ledger applied, on one line of a terminal. */
function showTip({ output }: Context, node: Node): Disposable {
  const progress = output.progress("at ledger");
  const timer = setInterval(() => {
    const tip = node.tip();
    if (node.follower.state() === "following" && tip !== undefined) progress.update(tip);
  }, TIP_MS);
  return {
    [Symbol.dispose]: () => {
      clearInterval(timer);
      progress.done();
    },
  };
}

function reportFault(
  { output }: Context,
  error: { code: string; message: string; hint: string } | undefined,
) {
  if (error === undefined) return;
  output.warn(`stopped following: ${error.code}: ${error.message.split("\n")[0]}`);
  output.warn(`hint: ${error.hint}`);
}

function operatorFile(networkFile: string, flags: Flags): string | undefined {
  const given = flags.text("operator");
  const beside = join(dirname(networkFile), "operator.json");
  return given ?? (existsSync(beside) ? beside : undefined);
}

async function status({ settings, output, signal }: Context): Promise<unknown> {
  const found = await openNodeClient(settings.nodeUrl, signal).status();
  output.table(statusRows(found));
  if (found.fault !== undefined) {
    output.warn(`${found.fault.code}: ${found.fault.message}`);
    output.warn(`hint: ${found.fault.hint}`);
  }
  return found;
}

function statusRows({
  network,
  tip,
  lagS,
  trustLevel,
  source,
  state,
  contents,
  issues,
}: StatusJson) {
  const rows = [
    ["network", `${network.name} on ${network.passphrase}`],
    ["id", network.id],
    ["state", state],
  ];
  if (tip !== undefined) {
    rows.push(
      ["ledger", `${tip.sequence} (${lagS ?? 0} s ago)`],
      ["header hash", tip.headerHash],
      ["state root", tip.stateRoot],
      ["ledger hash", tip.ledgerHash],
    );
  }
  rows.push(
    ["trust level", `${trustLevel}: one source, every hash checked`],
    ["source", source],
    ["contents", String(contents)],
    ["tokens", issues ? "issues and verifies them" : "verifies them"],
  );
  return rows;
}
