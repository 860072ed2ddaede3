import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { Command } from "commander";
import { type Engine, openEngine } from "../../node/engine.ts";
import { openTelemetry } from "../../node/events.ts";
import { openTokenDesk, type Viewer } from "../../node/token-source.ts";
import { PLAYER_PORT } from "../../p2p/player.ts";
import type { Swarm } from "../../p2p/swarm-port.ts";
import type { Context } from "../context.ts";
import type { Flags } from "../flags.ts";
import { examples } from "../help.ts";
import type { Run } from "../run.ts";
import { untilAborted } from "../until-aborted.ts";
import { packageVersion } from "../version.ts";
import { openViewer } from "../viewer.ts";
import { registerTop } from "./stream-top.ts";

const LOG_LEVELS = ["silent", "error", "warn", "info", "debug"] as const;

/** `ace stream`: watch what you hold a licence for. */
export function register(noun: Command, run: Run): void {
  examples(
    noun
      .command("get <content>")
      .description("joins the swarm and serves the film to any player on this machine")
      .option("--port <port>", "player port; 0 takes any free one", String(PLAYER_PORT))
      .option("--out <file>", "fetch everything into a file instead, and tell its SHA-256")
      .option("--token <token>", "show this token to peers instead of signing in")
      .option("--data <folder>", "where fetched pieces are kept (default: <home>/engine)")
      .option("--log <level>", "silent, error, warn, info or debug", "error"),
    "ace stream get 5b1c…90 --as viewer",
    "ace stream get 5b1c…90 --out film.mp4 --as viewer",
  ).action(run((context, [content = ""], flags) => get(context, content, flags)));
  registerTop(noun, run);
}

async function get(context: Context, content: string, flags: Flags): Promise<unknown> {
  const dataDir = flags.text("data") ?? join(context.settings.home, "engine");
  const events = openTelemetry(flags.oneOf("log", LOG_LEVELS) ?? "error");
  const viewer = await openViewer(context);
  await using engine = await openEngine({ viewer, token: flags.text("token"), dataDir, events });
  const out = flags.text("out");
  if (out !== undefined) return await fetchTo(context, engine, { content, out });
  if (flags.text("token") === undefined) await assertMayWatch(context, viewer, engine, content);
  const port = flags.whole("port", { min: 0, max: 65_535 }) ?? PLAYER_PORT;
  return await serve(context, engine, { content, port });
}

/** Told here, in words: most players show nothing but a failed request. */
async function assertMayWatch(
  { output }: Context,
  viewer: Viewer,
  engine: Engine,
  content: string,
): Promise<void> {
  const { contentId, access } = await engine.record(content);
  if (access === "public") return;
  const progress = output.progress("asking for a token");
  await openTokenDesk(viewer).ask(contentId);
  progress.done();
}

async function serve(
  { output, signal }: Context,
  engine: Engine,
  { content, port }: { content: string; port: number },
): Promise<unknown> {
  const { title, contentId } = await engine.record(content);
  const url = await engine.play(port, packageVersion());
  const playUrl = `${url}/ace/getstream?content_id=${contentId}`;
  output.line(`"${title}" is ready; Ctrl-C stops the engine`, "good");
  output.table([
    ["play", playUrl],
    ["for example", `ffplay '${playUrl}'`],
  ]);
  output.event("ready", { url, playUrl, contentId });
  await untilAborted(signal);
  return { url, playUrl, contentId };
}

async function fetchTo(
  context: Context,
  engine: Engine,
  { content, out }: { content: string; out: string },
): Promise<unknown> {
  const { output, signal } = context;
  const record = await engine.record(content);
  await using swarm = await engine.join(record);
  const progress = output.progress(`fetching "${record.title}"`);
  const digest = createHash("sha256");
  let received = 0;
  try {
    await swarm.ready(signal);
    const bytes = swarm.read(0, record.length, signal);
    const counted = async function* () {
      for await (const chunk of bytes) {
        digest.update(chunk);
        received += chunk.length;
        progress.update(received, record.length);
        yield chunk;
      }
    };
    await pipeline(counted, createWriteStream(out), { signal });
  } catch (error) {
    progress.done();
    output.result({ received, ...statsOf(swarm) });
    throw error;
  }
  progress.done();
  const sha256 = digest.digest("hex");
  output.line(`fetched ${received} bytes into ${out}`, "good");
  output.table([["sha256", sha256]]);
  return { contentId: record.contentId, out, received, sha256, ...statsOf(swarm) };
}

function statsOf(swarm: Swarm) {
  const { peers, bytesDown, access, denied } = swarm.stats();
  return { peers, bytesDown, access, denied };
}
