/** `ace stream source`: signs a live stream and gives it to the swarm. */
import { join } from "node:path";
import type { Command } from "commander";
import { networkId } from "../../contracts/service-network.ts";
import { isAceError } from "../../lib/errors.ts";
import { readAdminToken } from "../../node/admin-token.ts";
import { openTelemetry, type Telemetry } from "../../node/events.ts";
import { ownSecret } from "../../node/files.ts";
import { ADMIN_TOKEN_FILE } from "../../node/http.ts";
import { type LiveKey, liveKeyRing } from "../../node/live-keys.ts";
import type { Viewer } from "../../node/token-source.ts";
import { openViewerGuard } from "../../node/viewer-guard.ts";
import type { DhtNode } from "../../p2p/dht-node.ts";
import { openLiveCounter } from "../../p2p/live-counter.ts";
import { awaitOpening } from "../../p2p/live-opening.ts";
import {
  type LiveRecord,
  recordOf,
  type SignedLiveRecord,
  signLiveRecord,
} from "../../p2p/live-record.ts";
import type { LiveRun } from "../../p2p/live-run.ts";
import { runLiveSource } from "../../p2p/live-source.ts";
import { openLiveSwarm } from "../../p2p/live-swarm.ts";
import type { LiveCipher, LiveSwarm } from "../../p2p/live-swarm-port.ts";
import type { Context } from "../context.ts";
import type { Flags } from "../flags.ts";
import { examples } from "../help.ts";
import { keepInDht, liveDhtOptions, openSourceDht } from "../live-dht.ts";
import { openLiveInput, tellingOfInput } from "../live-input.ts";
import { holdStream, type LivePlan, livePlanOf } from "../live-plan.ts";
import { type LiveTerms, liveTermOptions, openLiveTerms } from "../live-terms.ts";
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
  liveTermOptions(command, false);
  liveDhtOptions(command).addHelpText(
    "after",
    `
The input is MPEG-TS; anything else goes through ffmpeg first:
  ffmpeg -re -i INPUT -c copy -f mpegts - | ace stream source news --from - --public
A playlist (.m3u8) is followed as an HLS origin. With push:PORT a sender may PUT the stream to it.
With --origin viewers take from the origin what peers do not bring in time (docs/spec/live.md),
but no segment whose address has a query: that may be a secret.

It is listed, and said to be on, once the first piece of the input is good; until then it waits.
Its licence is told of it before that: what is asked and paid for comes at the start.

The stream keeps its content id for ever: it is made of the key in <home>/live and the name. After a
stop or a crash the same command goes on with it. Whom it bans stays banned: \`ace stream bans\`.`,
  );
  examples(
    command,
    "ace stream source news --from film.ts --loop --public",
    "ace stream source match --from push:8890 --licence 257 --as owner",
    "ace stream source cup --public --from https://cdn.example/cup/live.m3u8 --origin https://cdn.example/cup/",
  ).action(run((context, [name = ""], flags) => source(context, name, flags)));
}

async function source(context: Context, name: string, flags: Flags): Promise<unknown> {
  const { clock, output, signal } = context;
  const plan = livePlanOf(context, name, flags);
  const events = openTelemetry(flags.oneOf("log", LOG_LEVELS) ?? "error");
  const viewer = await openViewer(context);
  await using parts = new AsyncDisposableStack();
  parts.use(holdStream(plan));
  const input = flags.text("from") ?? "";
  const isOrigin = plan.origin !== undefined;
  const isLoop = flags.isOn("loop");
  const told = tellingOfInput(output, events);
  const opened = await openLiveInput({ input, isLoop, isOrigin, events: told, signal });
  parts.use(opened);
  const dataDir = join(context.settings.home, "engine");
  const terms = await openLiveTerms(parts, flags, { dataDir, events, clock });
  const { host } = terms.listener;
  const finding = { host, isPublic: plan.licence === undefined, events };
  const dht = await openSourceDht(parts, flags, finding);
  const place = await placeOf(context, { plan, viewer, flags });
  let swarm: LiveSwarm | undefined;
  try {
    tellWaiting(context, plan, opened.url);
    const { ingest } = parts.use(await awaitOpening(opened.ingest, signal));
    const all = { plan, viewer, flags, terms, dht, place, events, inputUrl: opened.url };
    const begun = await begin(context, parts, all);
    swarm = begun.swarm;
    const { aheadMs } = opened;
    await runLiveSource(ingest, { ...begun, clock, aheadMs }, signal);
    output.line(`the input ended, and "${plan.title}" with it`);
  } catch (error) {
    // Being stopped is no failure: the same command goes on with the stream.
    if (!signal.aborted) throw error;
  }
  return summary(plan, swarm);
}

/** Where the stream will be listed, and leave to list it. */
interface Place {
  readonly tracker: string;
  readonly adminToken: string;
}

/** All that can be refused, and all that is asked and paid for, comes while its operator looks. */
async function placeOf(
  context: Context,
  { plan, viewer, flags }: { plan: LivePlan; viewer: Viewer; flags: Flags },
): Promise<Place> {
  const dataDir = flags.text("data") ?? join(context.settings.home, "node");
  const adminToken = readAdminToken(join(dataDir, ADMIN_TOKEN_FILE));
  const { swarming } = await viewer.node.status();
  const { descriptor, licence } = plan;
  const { contentId } = descriptor;
  const before = await listed(viewer, contentId);
  if (licence !== undefined && before?.licence !== licence) {
    const { swarm } = recordOf(descriptor);
    await nameInLicence(context, openSession(context), { licence, contentId, swarm });
  }
  return { tracker: swarming.tracker, adminToken };
}

interface Beginning {
  readonly plan: LivePlan;
  readonly viewer: Viewer;
  readonly flags: Flags;
  readonly terms: LiveTerms;
  readonly dht: DhtNode | undefined;
  readonly place: Place;
  readonly events: Telemetry;
  readonly inputUrl: string | undefined;
}

/** Lists the stream and opens its swarm: its first piece stands. */
async function begin(
  context: Context,
  parts: AsyncDisposableStack,
  { plan, viewer, flags, terms, dht, place, events, inputUrl }: Beginning,
) {
  const { clock } = context;
  const { descriptor, key } = plan;
  const { address: boundTo, ...limits } = terms;
  const address = flags.text("announce") ?? boundTo;
  const signed = await publish(context, { plan, viewer, address, flags, place });
  const { link, ...find } = keepInDht(parts, dht, { signed, key, events });
  const gate = plan.licence === undefined ? {} : { gate: gateOf(parts, { plan, viewer, events }) };
  const trackers = [place.tracker];
  const role = { role: "source", title: plan.title, trackers, ...find } as const;
  const swarm = parts.use(
    await openLiveSwarm({ descriptor, ...role, ...limits, ...gate, events, clock }),
  );
  // Unix seconds: greater than those of any epoch before it.
  const newEpoch = Math.floor(clock.nowMs() / 1_000);
  const counter = await openLiveCounter(join(plan.folder, `${descriptor.streamId}.json`), newEpoch);
  tell(context, plan, { address, link, inputUrl });
  const { adminToken } = place;
  const cipher = plan.isEncrypted ? { cipher: sealing(viewer, { plan, adminToken, events }) } : {};
  const onRun = (run: LiveRun) => swarm.publishRun(run);
  const hybrid = plan.origin === undefined ? {} : { onRun };
  return { descriptor, key, counter, swarm, ...cipher, ...hybrid };
}

async function publish(
  { clock }: Context,
  {
    plan,
    viewer,
    address,
    flags,
    place,
  }: { plan: LivePlan; viewer: Viewer; address: string; flags: Flags; place: Place },
): Promise<SignedLiveRecord> {
  const { descriptor, licence } = plan;
  const record: LiveRecord = {
    ...recordOf(descriptor),
    title: plan.title,
    access: licence === undefined ? "public" : "gated",
    contract: licence ?? "",
    network: networkId(viewer.network),
    trackers: [place.tracker],
    peers: [address, ...flags.texts("support")],
    serverKeys: [...plan.serverKeys],
    ...(plan.origin === undefined ? {} : { origin: plan.origin }),
    ...(plan.isEncrypted ? { encryption: { kind: "live" } } : {}),
    publishedAtS: Math.floor(clock.nowMs() / 1_000),
  };
  const signed = signLiveRecord(record, plan.key);
  await viewer.node.publish({ record: signed }, place.adminToken);
  return signed;
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
  { plan, adminToken, events }: { plan: LivePlan; adminToken: string; events: Telemetry },
): LiveCipher {
  const { contentId, streamId } = plan.descriptor;
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
  }: { plan: LivePlan; viewer: Viewer; events: ReturnType<typeof openTelemetry> },
) {
  const { swarm } = recordOf(plan.descriptor);
  const contract = plan.licence === undefined ? undefined : BigInt(plan.licence);
  const licenceOf = (named: string) => (named === swarm ? contract : undefined);
  const guard = parts.use(openViewerGuard({ viewer, licenceOf, dir: plan.folder, events }));
  const { serverKey: deviceKey, serverKeys: servers } = plan;
  return { deviceKey, servers, upload: guard.policy.verifier, usage: guard.usage };
}

/** Where the input is sent to is needed before anything can come. */
function tellWaiting(
  { output }: Context,
  { descriptor: { contentId, streamId }, title }: LivePlan,
  inputUrl: string | undefined,
): void {
  const where = inputUrl === undefined ? "" : `; send it to ${inputUrl}`;
  output.line(`"${title}" waits for its input${where}`);
  output.event("waiting", { contentId, streamId, inputUrl });
}

function tell(
  { output }: Context,
  { descriptor, title, licence, isEncrypted, origin }: LivePlan,
  {
    address,
    link,
    inputUrl,
  }: { address: string; link: string | undefined; inputUrl: string | undefined },
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
    ...(link === undefined ? [] : [["without a node", link]]),
    ["help carry it", `ace stream support ${contentId}`],
  ]);
  output.event("ready", { contentId, streamId, address, link, inputUrl });
}

/** @param swarm Undefined when it was stopped before anything came. */
function summary({ descriptor }: LivePlan, swarm: LiveSwarm | undefined) {
  const { contentId, streamId } = descriptor;
  const nothing = { peers: 0, pieces: 0, bytesUp: 0, ungatedBytesUp: 0 };
  const { peers, bytesUp, ungatedBytesUp, pieces } = swarm?.stats() ?? nothing;
  return { contentId, streamId, peers, pieces, bytesUp, ungatedBytesUp };
}
