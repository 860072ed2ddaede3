/** `ace stream get`: a content, watched in any player of this machine or fetched into a file. */
import { createHash } from "node:crypto";
import { createWriteStream, existsSync } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { Command } from "commander";
import { AceError, isAceError } from "../../lib/errors.ts";
import { type Engine, openEngine } from "../../node/engine.ts";
import type { Stranger } from "../../node/engine-access.ts";
import type { EngineTerms } from "../../node/engine-terms.ts";
import { openTelemetry, type Telemetry } from "../../node/events.ts";
import { openTokenDesk, type Viewer } from "../../node/token-source.ts";
import type { ContentName } from "../../p2p/contents.ts";
import { readPlain } from "../../p2p/encrypted-media.ts";
import { readLiveLink } from "../../p2p/live-item.ts";
import { parseMagnet } from "../../p2p/magnet.ts";
import { chooseFile, type Media } from "../../p2p/media.ts";
import { PLAYER_PORT } from "../../p2p/player.ts";
import { readName } from "../../p2p/player-name.ts";
import { rateText, sizeText } from "../amounts.ts";
import type { Context } from "../context.ts";
import { engineTerms, playerOrigins, termOptions } from "../engine-flags.ts";
import type { Flags } from "../flags.ts";
import { givenToken } from "../given-token.ts";
import { examples } from "../help.ts";
import type { Run } from "../run.ts";
import { untilAborted } from "../until-aborted.ts";
import { packageVersion } from "../version.ts";
import { openStranger, openViewer, otherNodes } from "../viewer.ts";

const LOG_LEVELS = ["silent", "error", "warn", "info", "debug"] as const;

export function registerGet(noun: Command, run: Run): void {
  const command = noun
    .command("get <content>")
    .description("serves a film or a live stream to any player on this machine, or fetches it")
    .option("--port <port>", "player port; 0 takes any free one", String(PLAYER_PORT))
    .option("--out <file>", "fetch everything into a file instead, and tell its SHA-256")
    .option(
      "--token <token>",
      "show this token to peers instead of signing in; others see it in ps",
    )
    .option("--token-file <file>", "read that token from a file, or - for standard input")
    .option("--data <folder>", "where fetched pieces are kept (default: <home>/engine)")
    .option("--log <level>", "silent, error, warn, info or debug", "error");
  command.addOption(otherNodes());
  termOptions(command);
  command.addHelpText(
    "after",
    `
<content> is a content id or infohash that the node lists, the id of a live stream, or of a public
torrent its magnet link, or its infohash with --dht or --tracker.

The environment variable ACE_TOKEN holds a token, too, where neither flag is given.

While it runs, open the address it prints in a player; anything else that the node lists plays too.
In another terminal \`ace stream top\` shows what it does. docs/player.md has all addresses.`,
  );
  examples(
    command,
    "ace stream get 5b1c…90 --as viewer",
    "ace stream get 5b1c…90 --out film.mp4 --as viewer",
    "ace token get 5b1c…90 --as viewer | ace stream get 5b1c…90 --token-file -",
    "ace stream get 'magnet:?xt=urn:btih:…' --dht --upload-limit 500",
    "ace stream get 5b1c…90 --listen 0.0.0.0 --peer-port 6881 --as viewer",
  ).action(run((context, [content = ""], flags) => get(context, content, flags)));
}

async function get(context: Context, content: string, flags: Flags): Promise<unknown> {
  const name = nameOf(content);
  const token = await givenToken(context, flags);
  const dataDir = flags.text("data") ?? join(context.settings.home, "engine");
  const telemetry = openTelemetry(flags.oneOf("log", LOG_LEVELS) ?? "error");
  const terms = engineTerms(flags);
  const viewer = await openWatcher(context, flags, isPublicName(name, terms));
  await using engine = await openEngine({
    viewer,
    token,
    dataDir,
    events: telemetry,
    terms,
    meter: telemetry.p2p,
  });
  const out = flags.text("out");
  if (out !== undefined) return await fetchTo(context, engine, { name, out });
  const title = await assertMayWatch(context, engine, { name, viewer, token });
  return await serve(context, engine, { name, title, flags, telemetry });
}

/** What may be found without a node: a torrent where it lies, or an infohash where somebody can be asked. */
function isPublicName({ kind }: ContentName, terms: Partial<EngineTerms>): boolean {
  const { dht, trackers = [], peers = [] } = terms;
  if (kind === "infohash") return dht !== undefined || trackers.length > 0 || peers.length > 0;
  return kind !== "contentId";
}

async function openWatcher(
  context: Context,
  flags: Flags,
  isPublic: boolean,
): Promise<Viewer | Stranger> {
  // One that is named and not there is a mistake, and said.
  const { settings, origins } = context;
  const isLeftOut = origins.network === "default" && !existsSync(settings.network);
  return isPublic && isLeftOut ? await openStranger(context) : await openViewer(context, flags);
}

function nameOf(content: string): ContentName {
  const name =
    readName("content_id", content) ?? readName("magnet", content) ?? readName("url", content);
  if (name !== undefined) return name;
  throw new AceError("USAGE", `"${content}" is no content id, infohash, magnet link or address`);
}

/** Told here, in words: most players show nothing but a failed request. */
async function assertMayWatch(
  { output }: Context,
  engine: Engine,
  wish: {
    readonly name: ContentName;
    readonly viewer: Viewer | Stranger;
    readonly token: string | undefined;
  },
): Promise<string | undefined> {
  const { name, viewer, token } = wish;
  if (name.kind === "magnet") return readLiveLink(name.value)?.name ?? parseMagnet(name.value).name;
  if (name.kind === "url") return undefined;
  const listed = await engine.listed(name.value).catch((error: unknown) => {
    if (name.kind === "infohash" && isAceError(error, "CONTENT_NOT_FOUND")) return undefined;
    throw error;
  });
  const record = listed?.record;
  if (record === undefined || record.access === "public" || token !== undefined) {
    return record?.title;
  }
  if (!("network" in viewer)) return record.title;
  const progress = output.progress("asking for a token");
  await openTokenDesk(viewer).ask(record.contentId);
  progress.done();
  return record.title;
}

interface Serving {
  readonly name: ContentName;
  readonly title: string | undefined;
  readonly flags: Flags;
  readonly telemetry: Telemetry;
}

async function serve(
  { output, signal, environment }: Context,
  engine: Engine,
  { name, title, flags, telemetry }: Serving,
): Promise<unknown> {
  const port = flags.whole("port", { min: 0, max: 65_535 }) ?? PLAYER_PORT;
  const remote = remoteOf(flags, environment["ACE_PLAYER_TOKEN"]);
  const url = await engine.play({
    port,
    version: packageVersion(),
    origins: playerOrigins(flags),
    meter: telemetry.p2p,
    metrics: () => telemetry.metrics(),
    ...remote,
  });
  const query = `${queryKey(name)}=${encodeURIComponent(name.value)}`;
  const playUrl = `${url}/ace/getstream?${query}`;
  const hlsUrl = `${url}/ace/manifest.m3u8?${query}`;
  output.line(`"${title ?? name.value}" is ready; Ctrl-C stops the engine`, "good");
  output.table([
    ["play", playUrl],
    ["as hls", hlsUrl],
    ["for example", `ffplay '${playUrl}'`],
    ["peers reach it at", engine.peerAddress],
    ["what it does", "ace stream top"],
  ]);
  const { peerAddress } = engine;
  const addresses = { url, playUrl, hlsUrl, peerAddress };
  const contentId = name.kind === "contentId" ? { contentId: name.value } : {};
  output.event("ready", { ...addresses, ...contentId });
  await untilAborted(signal);
  return { ...addresses, ...contentId };
}

/** Other machines are served where that is said, and with a token they can be told from strangers by. */
function remoteOf(flags: Flags, token: string | undefined) {
  const host = flags.text("allowRemote");
  if (host === undefined) return {};
  if (token !== undefined) return { host, remoteToken: token };
  throw new AceError("USAGE", "--allow-remote needs a token of 16 characters in ACE_PLAYER_TOKEN");
}

function queryKey({ kind }: ContentName): string {
  return kind === "contentId" ? "content_id" : kind;
}

async function fetchTo(
  context: Context,
  engine: Engine,
  { name, out }: { readonly name: ContentName; readonly out: string },
): Promise<unknown> {
  const { output, signal } = context;
  await using media = await engine.open(name, signal);
  if (media.kind === "live") throw new AceError("USAGE", "a live stream has no end to fetch to");
  const progress = output.progress(`fetching "${media.title}"`);
  const digest = createHash("sha256");
  let received = 0;
  let fault: AceError | undefined;
  try {
    await media.ready(signal);
    const length = lengthOf(media);
    const counted = async function* () {
      for await (const chunk of bytesOf(media, signal)) {
        digest.update(chunk);
        received += chunk.length;
        progress.show(fetchText(media, received, length));
        yield chunk;
      }
    };
    const file = createWriteStream(out);
    file.on("error", (cause) => {
      // What fails elsewhere ends the file with its own error.
      if ("syscall" in cause)
        fault = new AceError("FILE_UNREADABLE", `${out} cannot be written`, { cause });
    });
    await pipeline(counted, file, { signal });
  } catch (error) {
    progress.done();
    output.result({ received, ...statsOf(media) });
    throw signal.aborted ? error : (fault ?? error);
  }
  progress.done();
  const sha256 = digest.digest("hex");
  output.line(`fetched ${received} bytes into ${out}`, "good");
  output.table([["sha256", sha256]]);
  return { contentId: media.contentId, out, received, sha256, ...statsOf(media) };
}

/** Of several files the longest, as players are given it; of a package everything, in the clear. */
function bytesOf(media: Media, signal: AbortSignal): AsyncIterable<Uint8Array> {
  if (media.kind !== "film") return readPlain(media, signal);
  const file = chooseFile(media, undefined);
  return file.read(0, file.length, signal);
}

function lengthOf(media: Media): number {
  if (media.kind === "film") return chooseFile(media, undefined).length;
  const segments = media.kind === "package" ? media.segments : [];
  return segments.reduce((sum, segment) => sum + segment.length, 0);
}

function fetchText(media: Media, received: number, length: number): string {
  const { peers, bytesDownPerS } = media.stats();
  const part = Math.min(100, Math.floor((100 * received) / length));
  const rate = rateText(bytesDownPerS);
  const size = `${sizeText(received)} of ${sizeText(length)} (${part} %)`;
  return `fetching "${media.title}" ${size}, ${rate} from ${peers} peers`;
}

function statsOf(media: Media) {
  const { peers, bytesDown, access, denied } = media.stats();
  return { peers, bytesDown, access, denied };
}
