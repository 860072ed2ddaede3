/** `ace stream source`: signs a live stream and gives it to the swarm. */
import { join } from "node:path";
import type { Command } from "commander";
import { loadDeviceKey } from "../../access/device-key.ts";
import { networkId } from "../../contracts/service-network.ts";
import { toHex } from "../../lib/bytes.ts";
import { AceError, isAceError } from "../../lib/errors.ts";
import { readAdminToken } from "../../node/admin-token.ts";
import { openTelemetry, type Telemetry } from "../../node/events.ts";
import { ownSecret } from "../../node/files.ts";
import { ADMIN_TOKEN_FILE } from "../../node/http.ts";
import { type LiveKey, liveKeyRing } from "../../node/live-keys.ts";
import type { Viewer } from "../../node/token-source.ts";
import { openViewerGuard } from "../../node/viewer-guard.ts";
import type { DeviceKey } from "../../p2p/ed25519.ts";
import { openListener } from "../../p2p/listener.ts";
import { openLiveCounter } from "../../p2p/live-counter.ts";
import { describeLive, type LiveDescriptor } from "../../p2p/live-descriptor.ts";
import { type LiveRecord, recordOf, signLiveRecord } from "../../p2p/live-record.ts";
import type { LiveRun } from "../../p2p/live-run.ts";
import { runLiveSource } from "../../p2p/live-source.ts";
import { openLiveSwarm } from "../../p2p/live-swarm.ts";
import type { LiveCipher, LiveSwarm } from "../../p2p/live-swarm-port.ts";
import { holdPlace } from "../../store/hold.ts";
import type { Context } from "../context.ts";
import { requirePrivateWay } from "../encrypt-content.ts";
import type { Flags } from "../flags.ts";
import { examples } from "../help.ts";
import { openLiveInput } from "../live-input.ts";
import { loadServerKey } from "../live-server-key.ts";
import { repeatable } from "../repeatable.ts";
import type { Run } from "../run.ts";
import { openSession } from "../session.ts";
import { openViewer } from "../viewer.ts";
import { nameInLicence } from "./content.ts";

const LOG_LEVELS = ["silent", "error", "warn", "info", "debug"] as const;

export function registerSource(noun: Command, run: Run): void {
  const command = noun
    .command("source <name>")
    .description("signs a live stream piece by piece and gives it to whoever may watch")
    .requiredOption("--from <where>", "file, - for standard input, http address, or push:PORT")
    .option("--loop", "begin the file anew when it ends")
    .option("--licence <contract>", "the licence that opens it")
    .option("--public", "anybody may watch")
    .option("--encrypt", "only who holds the licence gets the keys, which change as it goes on")
    .option("--origin <url>", "folder of the playlist where viewers, too, may take segments")
    .option("--title <text>", "what people see (default: the name)")
    .option("--listen <address>", "where peers connect; 0.0.0.0 lets other machines", "127.0.0.1")
    .option("--peer-port <port>", "BitTorrent port; 0 takes any free one", "0")
    .option("--announce <host:port>", "where peers reach it, when that is another address")
    .addOption(repeatable("--support <host:port>", "a node that helps to carry it"))
    .addOption(
      repeatable(
        "--support-key <key>",
        "its key (`ace stream support` says it): it needs no licence",
      ),
    )
    .option("--data <folder>", "data folder of your running node (default: <home>/node)")
    .option("--log <level>", "silent, error, warn, info or debug", "error");
  command.addHelpText(
    "after",
    `
The input is MPEG-TS; anything else goes through ffmpeg first:
  ffmpeg -re -i INPUT -c copy -f mpegts - | ace stream source news --from - --public
A playlist (.m3u8) is followed as an HLS origin. With push:PORT a sender may PUT the stream to it.
With --origin viewers take from the origin what peers do not bring in time (docs/spec/live.md).

The stream keeps its content id for ever: it is made of the key in <home>/live and the name. After a
stop or a crash the same command goes on with it.`,
  );
  examples(
    command,
    "ace stream source news --from film.ts --loop --public",
    "ace stream source match --from push:8890 --licence 257 --as owner",
    "ace stream source cup --public --from https://cdn.example/cup/live.m3u8 --origin https://cdn.example/cup/",
  ).action(run((context, [name = ""], flags) => source(context, name, flags)));
}

interface Plan {
  readonly descriptor: LiveDescriptor;
  readonly key: DeviceKey;
  /** Proved to viewers before they show a token. */
  readonly serverKey: DeviceKey;
  /** Keys of the nodes that serve the stream, this one's first. */
  readonly serverKeys: readonly string[];
  readonly licence: string | undefined;
  readonly isEncrypted: boolean;
  readonly title: string;
  /** Folder of an HLS origin that viewers may ask, too. */
  readonly origin: string | undefined;
  readonly folder: string;
}

async function source(context: Context, name: string, flags: Flags): Promise<unknown> {
  const { clock, signal } = context;
  const plan = planOf(context, name, flags);
  const { descriptor, key } = plan;
  const events = openTelemetry(flags.oneOf("log", LOG_LEVELS) ?? "error");
  const viewer = await openViewer(context);
  await using parts = new AsyncDisposableStack();
  parts.use(holdStream(plan));
  const input = flags.text("from") ?? "";
  const isOrigin = plan.origin !== undefined;
  const isLoop = flags.isOn("loop");
  const opened = await openLiveInput({ input, isLoop, isOrigin, events, signal });
  parts.use(opened);
  const host = flags.text("listen") ?? "127.0.0.1";
  const port = flags.whole("peerPort", { min: 0, max: 65_535 }) ?? 0;
  const listener = parts.use(await openListener({ host, port, clock }));
  const address = flags.text("announce") ?? `${host}:${listener.port}`;
  const { tracker, adminToken } = await publish(context, { plan, viewer, address, flags });
  const gate = plan.licence === undefined ? {} : { gate: gateOf(parts, { plan, viewer, events }) };
  const role = { role: "source", title: plan.title, trackers: [tracker] } as const;
  const swarm = parts.use(
    await openLiveSwarm({ descriptor, ...role, listener, ...gate, events, clock }),
  );
  // Unix seconds: greater than those of any epoch before it.
  const newEpoch = Math.floor(clock.nowMs() / 1_000);
  const counter = await openLiveCounter(join(plan.folder, `${descriptor.streamId}.json`), newEpoch);
  tell(context, plan, { address, inputUrl: opened.url });
  const cipher = plan.isEncrypted ? { cipher: sealing(viewer, { plan, adminToken, events }) } : {};
  const { aheadMs } = opened;
  const onRun = (run: LiveRun) => swarm.publishRun(run);
  const hybrid = isOrigin ? { onRun } : {};
  const options = { descriptor, key, counter, swarm, clock, aheadMs, ...cipher, ...hybrid };
  try {
    await runLiveSource(opened.ingest, options, signal);
  } catch (error) {
    // Being stopped is no failure: the same command goes on with the stream.
    if (!signal.aborted) throw error;
  }
  return summary(plan, swarm);
}

/** Two sources would sign two things of one piece, and every viewer would leave the stream for good. */
function holdStream({ folder, descriptor, title }: Plan): Disposable {
  try {
    return holdPlace(join(folder, `${descriptor.streamId}.lock`));
  } catch (cause) {
    if (!isAceError(cause, "DB_LOCKED")) throw cause;
    throw new AceError("LIVE_SOURCE_RUNNING", `another process sends "${title}"`, { cause });
  }
}

function planOf({ settings }: Context, name: string, flags: Flags): Plan {
  const licence = flags.text("licence");
  if ((licence === undefined) === !flags.isOn("public")) {
    throw new AceError("USAGE", "say who may watch: --licence <contract> or --public");
  }
  const isEncrypted = flags.isOn("encrypt");
  if (isEncrypted && licence === undefined) {
    throw new AceError("USAGE", "--encrypt needs --licence: somebody must be let in");
  }
  const folder = join(settings.home, "live");
  const key = loadDeviceKey(ownSecret(folder, "broadcaster.key"));
  const serverKey = loadServerKey(settings.home);
  const serverKeys = [toHex(serverKey.publicKey), ...supportKeys(flags)];
  const descriptor = describeLive(key.publicKey, name);
  const title = flags.text("title") ?? name;
  const origin = originOf(flags, isEncrypted);
  return { descriptor, key, serverKey, serverKeys, licence, isEncrypted, title, origin, folder };
}

function originOf(flags: Flags, isEncrypted: boolean): string | undefined {
  const text = flags.text("origin");
  if (text === undefined) return undefined;
  if (isEncrypted) {
    throw new AceError(
      "USAGE",
      "--origin holds the stream in the clear: it goes not with --encrypt",
    );
  }
  if (!/^https?:\/\/[^?#]+\.m3u8(?:[?#]|$)/.test(flags.text("from") ?? "")) {
    throw new AceError("USAGE", "--origin needs a playlist to follow: --from http…/name.m3u8");
  }
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isPlain = url !== undefined && /^https?:$/.test(url.protocol) && url.search === "";
  if (!isPlain || url.username !== "" || url.hash !== "") {
    throw new AceError("USAGE", `--origin takes the address of a folder, not "${text}"`);
  }
  return url.href.endsWith("/") ? url.href : `${url.href}/`;
}

function supportKeys(flags: Flags): readonly string[] {
  const keys = flags.texts("supportKey");
  const wrong = keys.find((key) => !/^[0-9a-f]{64}$/.test(key));
  if (wrong === undefined) return keys;
  throw new AceError(
    "USAGE",
    `"${wrong}" is no key: \`ace stream support\` says it where it will run`,
  );
}

async function publish(
  context: Context,
  { plan, viewer, address, flags }: { plan: Plan; viewer: Viewer; address: string; flags: Flags },
): Promise<{ readonly tracker: string; readonly adminToken: string }> {
  const { settings, clock } = context;
  const { descriptor, licence } = plan;
  const dataDir = flags.text("data") ?? join(settings.home, "node");
  const adminToken = readAdminToken(join(dataDir, ADMIN_TOKEN_FILE));
  const { swarming } = await viewer.node.status();
  const record: LiveRecord = {
    ...recordOf(descriptor),
    title: plan.title,
    access: licence === undefined ? "public" : "gated",
    contract: licence ?? "",
    network: networkId(viewer.network),
    trackers: [swarming.tracker],
    peers: [address, ...flags.texts("support")],
    serverKeys: [...plan.serverKeys],
    ...(plan.origin === undefined ? {} : { origin: plan.origin }),
    ...(plan.isEncrypted ? { encryption: { kind: "live" } } : {}),
    publishedAtS: Math.floor(clock.nowMs() / 1_000),
  };
  const before = await listed(viewer, descriptor.contentId);
  if (licence !== undefined && before?.licence !== licence) {
    const { contentId } = descriptor;
    const { swarm } = record;
    await nameInLicence(context, openSession(context), { licence, contentId, swarm });
  }
  await viewer.node.publish({ record: signLiveRecord(record, plan.key) }, adminToken);
  return { tracker: swarming.tracker, adminToken };
}

async function listed({ node }: Viewer, contentId: string) {
  try {
    return await node.content(contentId);
  } catch (error) {
    if (isAceError(error, "CONTENT_NOT_FOUND")) return undefined;
    throw error;
  }
}

/** The secret stays here; the node gets each key in its time. */
function sealing(
  { node, clock }: Viewer,
  { plan, adminToken, events }: { plan: Plan; adminToken: string; events: Telemetry },
): LiveCipher {
  const { contentId, streamId } = plan.descriptor;
  requirePrivateWay(node.url);
  const secret = ownSecret(plan.folder, `${streamId}.keys`);
  const bring = (key: LiveKey) => node.keepKey(contentId, key, adminToken);
  return liveKeyRing({ contentId, secret, bring, events, clock }).cipher;
}

function gateOf(
  parts: AsyncDisposableStack,
  {
    plan,
    viewer,
    events,
  }: { plan: Plan; viewer: Viewer; events: ReturnType<typeof openTelemetry> },
) {
  const { swarm } = recordOf(plan.descriptor);
  const contract = plan.licence === undefined ? undefined : BigInt(plan.licence);
  const licenceOf = (named: string) => (named === swarm ? contract : undefined);
  const guard = parts.use(openViewerGuard({ viewer, licenceOf, dir: plan.folder, events }));
  const { serverKey: deviceKey, serverKeys: servers } = plan;
  return { deviceKey, servers, upload: guard.policy.verifier };
}

function tell(
  { output }: Context,
  { descriptor, title, licence, isEncrypted, origin }: Plan,
  { address, inputUrl }: { address: string; inputUrl: string | undefined },
): void {
  const { contentId, streamId } = descriptor;
  output.line(`"${title}" is on; Ctrl-C stops it, the same command goes on with it`, "good");
  output.table([
    ["content", contentId],
    ["stream", streamId],
    ["licence", licence ?? "none: anybody may watch"],
    ["encryption", isEncrypted ? "AES-128, keys change every minute or so" : "none"],
    ["peers", address],
    ...(origin === undefined ? [] : [["origin", origin]]),
    ...(inputUrl === undefined ? [] : [["send it to", inputUrl]]),
    ["watch", `ace stream get ${contentId}`],
    ["help carry it", `ace stream support ${contentId}`],
  ]);
  output.event("ready", { contentId, streamId, address, inputUrl });
}

function summary({ descriptor }: Plan, swarm: LiveSwarm) {
  const { peers, bytesUp, ungatedBytesUp, pieces } = swarm.stats();
  const { contentId, streamId } = descriptor;
  return { contentId, streamId, peers, pieces, bytesUp, ungatedBytesUp };
}
