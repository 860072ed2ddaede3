import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Command } from "commander";
import { openNodeClient } from "../../client/http.ts";
import { AceError } from "../../lib/errors.ts";
import { readServiceNetwork } from "../../node/files.ts";
import type { Node } from "../../node/node.ts";
import { showFollowing } from "../catch-up.ts";
import type { Context } from "../context.ts";
import type { Flags } from "../flags.ts";
import { examples } from "../help.ts";
import { FOUND_ANEW, tooYoung } from "../network-age.ts";
import {
  protocolWarnings,
  SOURCE_HEADINGS,
  sourceFaults,
  sourceRows,
  statusRows,
} from "../node-status.ts";
import { repeatable } from "../repeatable.ts";
import type { Run } from "../run.ts";
import { untilAborted } from "../until-aborted.ts";
import { packageVersion } from "../version.ts";
import { registerBans } from "./bans.ts";

/** `ace node`: follows the network, answers the API, seeds what was published. */
export function register(noun: Command, run: Run): void {
  noun
    .option("--data <folder>", "databases and keys of this node (default: <home>/node)")
    .option("--host <address>", "address to listen on")
    .option("--port <port>", "HTTP API; 0 takes any free one")
    .option("--peer-port <port>", "BitTorrent peers")
    .option("--tracker-port <port>", "the node's own tracker")
    .option(
      "--public-host <address>",
      "IP address that content records name for this node (default: where it listens)",
    )
    .option("--web-seed-port <port>", "give what is seeded over HTTP too (default: off)")
    .option("--web-seed-origin <url>", "where others reach that, such as a proxy before it")
    .option("--upload-limit <kB/s>", "send no faster, to all together; 0 is without a limit")
    .addOption(repeatable("--upload-to <address>", "private: give only to this address or network"))
    .option("--peers-max <count>", "peers of all swarms together (default: 400)")
    .option("--swarm-peers-max <count>", "peers of one swarm (default: 60, gated 40)")
    .option("--operator <file>", "issuer keys: with them the node issues access tokens")
    .addOption(
      repeatable(
        "--issuer-node <url>",
        "another issuer's node, asked for revocations, leases and who the issuers are; may be given again",
      ),
    )
    .addOption(repeatable("--lake <location>", "data lake to read from; may be given again"))
    .addOption(
      repeatable("--archive <location>", "history archive to read from; may be given again"),
    )
    .option("--quorum <file>", "your own quorum set (JSON): whose word counts")
    .option("--trust <level>", "0, 1 or 2: what a ledger must have reached to be applied")
    .option("--from <where>", "genesis: follow from the ledger the network was founded in")
    .option(
      "--workers <count>",
      "processes that run contracts (default: 1); more pay when ledgers are full of work by unrelated contracts and each process has a core",
    )
    .option("--follow-only", "issue no tokens, even where issuer keys lie beside network.json")
    .option(
      "--log <level>",
      "silent, error, warn, info or debug (default: warn on a terminal, else info)",
    )
    .addHelpText(
      "after",
      "\nExamples:\n  ace node\n  ace node --data ./second --port 7170 --peer-port 7171 --tracker-port 7172 --follow-only\n  ace node --from genesis --lake ./lake --rpc https://one.example --rpc https://two.example\n  ace node status",
    )
    .action(run((context, _args, flags) => start(context, flags)));
  examples(
    noun
      .command("status")
      .description("where a running node is: ledger, lag, state root, ledger hash"),
    "ace node status",
    "ace node status --node http://127.0.0.1:7170 --json",
  ).action(run((context) => status(context)));
  registerBans(noun, run, { command: "ace node", folder: "node" });
}

async function start(context: Context, flags: Flags): Promise<unknown> {
  const { output, signal, settings, environment, terminal } = context;
  // Loaded here, because `status` needs none of it.
  const { fromEnvironment, isAnyHost, loadConfig } = await import("../../node/config.ts");
  const { openNode } = await import("../../node/node.ts");
  const config = loadConfig(
    {
      networkFile: settings.network,
      rpcUrl: usualRpc(context),
      dataDir: join(settings.home, "node"),
      // A person sees the line below instead of one a ledger.
      logLevel: terminal.canAsk ? "warn" : undefined,
    },
    fromEnvironment(environment),
    {
      ...listedFlags(flags),
      dataDir: flags.text("data"),
      host: flags.text("host"),
      httpPort: flags.text("port"),
      peerPort: flags.text("peerPort"),
      trackerPort: flags.text("trackerPort"),
      publicHost: flags.text("publicHost"),
      webSeedPort: flags.text("webSeedPort"),
      webSeedOrigin: flags.text("webSeedOrigin"),
      uploadLimitKbPerS: flags.text("uploadLimit"),
      peersMax: flags.text("peersMax"),
      swarmPeersMax: flags.text("swarmPeersMax"),
      operatorFile: flags.isOn("followOnly") ? undefined : operatorFile(settings.network, flags),
      workers: flags.text("workers"),
      logLevel: flags.text("log"),
    },
  );
  refuseOtherStart(flags);
  await warnOfYouth(context, config.rpcUrl);
  await using node = await openNode(config, packageVersion());
  const { peerAddress, trackerUrl, webSeedUrl, serverKey } = node.streams;
  const addresses = { httpUrl: node.httpUrl, peerAddress, trackerUrl, webSeedUrl, serverKey };
  output.line("node is running; Ctrl-C stops it", "good");
  output.table([
    ["api", node.httpUrl],
    ["reference", `${node.httpUrl}/docs`],
    ["peers", peerAddress],
    ["tracker", trackerUrl],
    ...(webSeedUrl === undefined ? [] : [["web seed", webSeedUrl]]),
    ["data", config.dataDir],
    ["tokens", config.operatorFile === undefined ? "verifies them" : "issues and verifies them"],
  ]);
  if (isAnyHost(config.host) && config.publicHost === undefined) {
    output.warn(`what is published here would name ${config.host}, where nobody finds it: give`);
    output.warn("--public-host with the address that others reach this machine at");
  }
  output.event("ready", addresses);
  sayWhereItBegins(context, node, flags);
  using _line = showFollowing(context, node);
  const fault = node.follower.stopped.then(() => node.follower.fault());
  await Promise.race([untilAborted(signal), fault.then((error) => reportFault(context, error))]);
  // A node that stopped following goes on answering, so that its operator can look.
  if (!signal.aborted) await untilAborted(signal);
  return addresses;
}

/** Such a node would wait without a word. */
async function warnOfYouth(
  { settings, output, signal }: Context,
  [url]: readonly string[],
): Promise<void> {
  if (url === undefined) return;
  const { name, genesisLedger } = readServiceNetwork(settings.network);
  const fault = await tooYoung(genesisLedger, { url, signal });
  if (fault !== undefined) output.warn(`"${name}" was ${fault}; ${FOUND_ANEW}`);
}

/** The endpoint of every command, unless it is only a guess and other sources are named. */
function usualRpc({ settings, origins }: Context): string | undefined {
  return origins.rpcUrl === "default" ? undefined : settings.rpcUrl;
}

function listedFlags(flags: Flags): Record<string, unknown> {
  const list = (name: string) => {
    const places = flags.texts(name);
    return places.length === 0 ? undefined : places;
  };
  return {
    rpcUrl: list("rpc"),
    lakeUrl: list("lake"),
    archiveUrl: list("archive"),
    uploadTo: list("uploadTo"),
    quorumFile: flags.text("quorum"),
    trustLevel: flags.text("trust"),
    issuerNode: list("issuerNode"),
  };
}

function refuseOtherStart(flags: Flags): void {
  const from = flags.text("from");
  if (from === undefined || from === "genesis") return;
  throw new AceError("USAGE", `--from takes "genesis", not "${from}"`);
}

function sayWhereItBegins({ output, settings }: Context, node: Node, flags: Flags): void {
  if (flags.text("from") === undefined) return;
  const { genesisLedger } = readServiceNetwork(settings.network);
  const tip = node.tip();
  if (tip === undefined) output.note(`begins with ledger ${genesisLedger}, its founding`);
  else output.note(`has followed up to ledger ${tip} before, and goes on from there`);
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
  output.table(sourceRows(found), SOURCE_HEADINGS);
  for (const fault of sourceFaults(found)) output.warn(fault);
  for (const warning of protocolWarnings(found)) output.warn(warning);
  if (found.fault !== undefined) {
    output.warn(`${found.fault.code}: ${found.fault.message}`);
    output.warn(`hint: ${found.fault.hint}`);
  }
  return found;
}
