/**
 * `/v1/streams`: the engine's own API, for programs that show and steer what it plays.
 *
 * Needs the token of `get_api_access_token`: the answers hold session ids.
 *
 * Units   Bytes, bytes a second, milliseconds; `captureMs` is Unix time at the source of a live stream.
 * Errors  `BODY_INVALID`; those of `/ace/getstream`; `PLAYER_SESSION_OVER`.
 */
import { z } from "zod";
import { AceError } from "../lib/errors.ts";
import { PLAYER_BODY_MAX_BYTES } from "./limits.ts";
import type { Engine } from "./player-engine.ts";
import { type Exchange, noSuchAddress, replyJson } from "./player-exchange.ts";
import { readName } from "./player-name.ts";
import { describeContent, describePlayer, type EngineOverview } from "./player-overview.ts";
import { requireToken } from "./player-service.ts";
import type { PlayerSession } from "./player-session.ts";
import { startSession } from "./player-start.ts";

const StartSchema = z.strictObject({
  /** A content id, an infohash, the id of a live stream, a magnet link, or where a torrent lies. */
  content: z.string().min(1).max(4_096),
  file: z.int().nonnegative().optional(),
  output: z.enum(["stream", "hls"]).optional(),
  /** False: a live playlist of whole segments only. */
  lowLatency: z.boolean().optional(),
});

const SeekSchema = z.union([
  z.strictObject({ captureMs: z.number().nonnegative() }),
  z.strictObject({ behindMs: z.number().nonnegative() }),
]);

export async function streamsApi(engine: Engine, exchange: Exchange): Promise<void> {
  requireToken(engine, exchange);
  const { path, request } = exchange;
  const verb = request.method === "HEAD" ? "GET" : (request.method ?? "");
  const [, id, action = ""] = /^\/v1\/streams\/([0-9a-f]{32})(\/seek)?$/.exec(path) ?? [];
  if (id !== undefined) await steer(engine, id, { verb: `${verb}${action}`, exchange });
  else if (path !== "/v1/streams") throw noSuchAddress(path);
  else if (verb === "GET") replyJson(exchange.response, 200, overview(engine, exchange));
  else if (verb === "POST") await start(engine, exchange);
  else throw noSuchAddress(`${verb} ${path}`);
}

async function steer(
  engine: Engine,
  id: string,
  { verb, exchange }: { readonly verb: string; readonly exchange: Exchange },
): Promise<void> {
  const session = engine.sessions.find(id);
  if (verb === "GET") replyJson(exchange.response, 200, describePlayer(session, exchange.base));
  else if (verb === "DELETE") {
    engine.sessions.end(id, "stopped");
    replyJson(exchange.response, 200, { ended: id });
  } else if (verb === "POST/seek") await seek(session, exchange);
  else throw noSuchAddress(`${verb} ${exchange.path}`);
}

async function start(engine: Engine, exchange: Exchange): Promise<void> {
  const { request, response, base, gone } = exchange;
  const body = await readBody(exchange, StartSchema);
  const { content, file: fileIndex, output = "stream", lowLatency: isLowLatency = true } = body;
  const name =
    readName("content_id", content) ?? readName("magnet", content) ?? readName("url", content);
  if (name === undefined) {
    throw new AceError("REQUEST_INVALID", "content is an id, an infohash, a magnet link or a URL");
  }
  const caller = request.socket.remoteAddress ?? "";
  const wish = { name, fileIndex, output, isLowLatency, caller };
  const session = await startSession(engine, wish, gone);
  replyJson(response, 201, describePlayer(session, base));
}

async function seek(session: PlayerSession, exchange: Exchange): Promise<void> {
  const { media, playhead, output } = session;
  if (media.kind !== "live" || output !== "stream") {
    throw new AceError("REQUEST_INVALID", "only MPEG-TS of a live stream is moved by the engine");
  }
  const place = await readBody(exchange, SeekSchema);
  playhead.seek("captureMs" in place ? { fromMs: place.captureMs } : place);
  replyJson(exchange.response, 200, describePlayer(session, exchange.base));
}

/** Everything `ace stream top` shows. */
function overview(
  { contents, sessions, version, limits }: Engine,
  { base }: Exchange,
): EngineOverview {
  const nowMs = Date.now();
  return {
    version,
    nowMs,
    ...(limits === undefined ? {} : { limits: { ...limits } }),
    contents: contents
      .opened()
      .map(({ media, players }) => describeContent(media, { players, nowMs })),
    sessions: sessions.all().map((session) => describePlayer(session, base)),
  };
}

async function readBody<Schema extends z.ZodType>(
  { request }: Exchange,
  schema: Schema,
): Promise<z.infer<Schema>> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of request) {
    const bytes = Buffer.from(chunk);
    sizeBytes += bytes.length;
    if (sizeBytes > PLAYER_BODY_MAX_BYTES) throw new AceError("BODY_INVALID", "it is too long");
    chunks.push(bytes);
  }
  const parsed = schema.safeParse(parseJson(Buffer.concat(chunks).toString("utf8")));
  if (parsed.success) return parsed.data;
  throw new AceError("BODY_INVALID", z.prettifyError(parsed.error));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
