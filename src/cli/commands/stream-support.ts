/** `ace stream support`: helps to carry a live stream, always on and with no player. */
import { join } from "node:path";
import type { Command } from "commander";
import { networkId } from "../../contracts/service-network.ts";
import { toHex } from "../../lib/bytes.ts";
import { AceError } from "../../lib/errors.ts";
import { openTelemetry } from "../../node/events.ts";
import { isServerOf, joinLiveRecord } from "../../node/live-join.ts";
import { tokenSourceOf, type Viewer } from "../../node/token-source.ts";
import { openViewerGuard } from "../../node/viewer-guard.ts";
import { LIVE_WINDOW_MAX_PIECES, LIVE_WINDOW_PIECES } from "../../p2p/limits.ts";
import { type LiveRecord, readLiveRecord } from "../../p2p/live-record.ts";
import type { Context } from "../context.ts";
import type { Flags } from "../flags.ts";
import { examples } from "../help.ts";
import { loadServerKey } from "../live-server-key.ts";
import { liveTermOptions, openLiveTerms } from "../live-terms.ts";
import { repeatable } from "../repeatable.ts";
import type { Run } from "../run.ts";
import { untilAborted } from "../until-aborted.ts";
import { openViewer, otherNodes } from "../viewer.ts";

const LOG_LEVELS = ["silent", "error", "warn", "info", "debug"] as const;

export function registerSupport(noun: Command, run: Run): void {
  const command = noun
    .command("support [content]")
    .description("helps to carry a live stream: keeps its whole window and gives it to viewers")
    .option("--window <pieces>", "pieces to keep, about five a second", String(LIVE_WINDOW_PIECES));
  examples(
    liveTermOptions(command, true)
      .addOption(otherNodes())
      .addOption(repeatable("--trust-host <host>", "origin that may lie in the local network"))
      .option("--data <folder>", "where older pieces and bans are kept (default: <home>/engine)")
      .option("--log <level>", "silent, error, warn, info or debug", "error")
      .addHelpText(
        "after",
        `
Without a content it says the key of this node. A broadcaster that lists the key, by
\`ace stream source --support-key\`, lets the node carry its gated stream without a licence.
Whom it bans stays banned: \`ace stream bans\` says who and why.`,
      ),
    "ace stream support",
    "ace stream support 5b1c…90 --peer-port 6881 --as carrier",
  ).action(
    run((context, [content], flags) =>
      content === undefined ? tellKey(context) : support(context, content, flags),
    ),
  );
}

async function tellKey({ output, settings }: Context): Promise<unknown> {
  const key = toHex(loadServerKey(settings.home).publicKey);
  output.table([["key", key]]);
  output.line(`the broadcaster lists it: ace stream source … --support-key ${key}`);
  return { key };
}

async function support(context: Context, content: string, flags: Flags): Promise<unknown> {
  const { clock, signal, output, settings } = context;
  const events = openTelemetry(flags.oneOf("log", LOG_LEVELS) ?? "error");
  const viewer = await openViewer(context, flags);
  const record = await askRecord(viewer, content);
  await using parts = new AsyncDisposableStack();
  const dataDir = flags.text("data") ?? join(settings.home, "engine");
  const { address, ...limits } = await openLiveTerms(parts, flags, { dataDir, events, clock });
  const contract = record.contract === "" ? undefined : BigInt(record.contract);
  const licenceOf = (swarm: string) => (swarm === record.swarm ? contract : undefined);
  const guard = parts.use(openViewerGuard({ viewer, licenceOf, dir: settings.home, events }));
  const { title, contentId, access } = record;
  const server = loadServerKey(settings.home);
  const key = toHex(server.publicKey);
  const isListed = isServerOf(record, server);
  if (access === "gated" && !isListed) {
    output.line(
      `the record does not list ${key}, the key of this node: it needs a licence`,
      "warn",
    );
  }
  const bounds = { min: 1, max: LIVE_WINDOW_MAX_PIECES };
  const swarm = parts.use(
    await joinLiveRecord(record, {
      role: "support",
      ...limits,
      device: viewer.device,
      server,
      verifier: guard.policy.verifier,
      usage: guard.usage,
      tokens: tokenSourceOf(viewer, contentId),
      windowPieces: flags.whole("window", bounds) ?? LIVE_WINDOW_PIECES,
      web: { trustedHosts: flags.texts("trustHost") },
      dataDir,
      events,
      clock,
    }),
  );
  await swarm.ready(signal);
  output.line(`helping to carry "${title}"; Ctrl-C stops`, "good");
  output.table([
    ["peers", address],
    ["key", key],
  ]);
  output.event("ready", { contentId, address, key, isListed });
  await untilAborted(signal);
  const { peers, bytesUp, bytesDown } = swarm.stats();
  return { contentId, peers, bytesUp, bytesDown };
}

async function askRecord({ node, network }: Viewer, content: string): Promise<LiveRecord> {
  const { record } = readLiveRecord((await node.content(content)).record);
  const isAsked = record.contentId === content || record.streamId === content;
  if (isAsked && record.network === networkId(network)) return record;
  throw new AceError("CONTENT_INVALID", `the node answered with another stream than ${content}`);
}
