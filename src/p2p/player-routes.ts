/** The addresses of the player API, and which function answers each. */
import { AceError } from "../lib/errors.ts";
import type { Engine } from "./player-engine.ts";
import { sendEvent } from "./player-events.ts";
import { type Exchange, noSuchAddress, replyJson, replyText } from "./player-exchange.ts";
import { sendFile } from "./player-file.ts";
import { type SegmentName, sendKey, sendPlaylist, sendSegment } from "./player-hls.ts";
import { sendLive } from "./player-live.ts";
import { serverApi, webuiService } from "./player-service.ts";
import type { PlayerSession } from "./player-session.ts";
import { getStream } from "./player-start.ts";
import { sessionStat } from "./player-stat.ts";
import { streamsApi } from "./player-streams.ts";

type Answer = (engine: Engine, exchange: Exchange) => Promise<void> | void;

const fixed: Readonly<Record<string, Answer>> = {
  "/ace/getstream": (engine, exchange) => getStream(engine, exchange, "stream"),
  "/ace/manifest.m3u8": (engine, exchange) => getStream(engine, exchange, "hls"),
  "/webui/api/service": webuiService,
  "/server/api": serverApi,
  "/metrics": sendMetrics,
};

/** Kind of address, session, and what follows. */
const OF_SESSION = /^\/ace\/(r|m|c|stat|cmd|event)\/([0-9a-f]{32})(?:\.m3u8|\/([^/]*))?$/;
const KEY = /^\/ace\/key\/([0-9a-f]{40})\/(\d{1,9})$/;

export async function route(engine: Engine, exchange: Exchange): Promise<void> {
  const { path, request, response } = exchange;
  if (request.method === "OPTIONS") {
    response.writeHead(204).end();
    return;
  }
  const [, kind = "", id = "", rest = ""] = OF_SESSION.exec(path) ?? [];
  const isSteered = path.startsWith("/v1/streams");
  if (!isSteered && request.method !== "GET" && request.method !== "HEAD") {
    throw new AceError("REQUEST_INVALID", `${request.method} is not understood here`);
  }
  if (kind !== "") {
    await ofSession(engine, exchange, { kind, id, rest });
    return;
  }
  engine.guard.requireToken(request);
  const [, infohash, epoch] = KEY.exec(path) ?? [];
  const answer = Object.hasOwn(fixed, path) ? fixed[path] : undefined;
  if (answer !== undefined) await answer(engine, exchange);
  else if (isSteered) await streamsApi(engine, exchange);
  else if (infohash !== undefined) {
    const session = engine.sessions.find(exchange.query.get("s") ?? "");
    await sendKey(session, { infohash, epoch: Number(epoch) }, exchange);
  } else throw noSuchAddress(path);
}

async function ofSession(
  engine: Engine,
  exchange: Exchange,
  { kind, id, rest }: { readonly kind: string; readonly id: string; readonly rest: string },
): Promise<void> {
  const { request, query, response } = exchange;
  // Who waits for the end of a session does not keep it from ending.
  const session = kind === "event" ? engine.sessions.peek(id) : engine.sessions.find(id);
  // Who started it may use its addresses: players cannot show a token on each of them.
  if (session.caller !== request.socket.remoteAddress) engine.guard.requireToken(request);
  if (kind === "stat") {
    const leftS = engine.accessLeftS?.(session.media.contentId);
    replyJson(response, 200, { response: sessionStat(session, leftS), error: null });
  } else if (kind === "cmd") command(engine, session, query.get("method"), exchange);
  else if (kind === "event") await sendEvent(session, exchange);
  else {
    using _hold = engine.sessions.hold(session);
    if (kind === "r") await play(engine, session, exchange);
    else if (kind === "m") await sendPlaylist(session, exchange);
    else await sendSegment(session, segmentName(rest), exchange, engine.meter);
  }
}

async function play(engine: Engine, session: PlayerSession, exchange: Exchange): Promise<void> {
  const { media, file } = session;
  if (media.kind === "live") await sendLive(session, media.stream, exchange, engine);
  else if (file !== undefined) await sendFile(session, file, exchange, engine.meter);
  else await sendPlaylist(session, exchange);
}

function command(
  engine: Engine,
  { id }: PlayerSession,
  method: string | null,
  { response }: Exchange,
): void {
  if (method !== "stop") throw new AceError("REQUEST_INVALID", "the one command is method=stop");
  engine.sessions.end(id, "stopped");
  replyJson(response, 200, { response: "ok", error: null });
}

async function sendMetrics({ metrics }: Engine, exchange: Exchange): Promise<void> {
  if (metrics === undefined) throw noSuchAddress(exchange.path);
  const type = "text/plain; version=0.0.4; charset=utf-8";
  replyText(exchange.response, { type, text: await metrics() });
}

function segmentName(text: string): SegmentName {
  const [, number, part] = /^(\d{1,9})(?:\.(\d{1,9}))?\.ts$/.exec(text) ?? [];
  if (number === undefined) {
    throw new AceError("NOT_FOUND", "segments are named by their number, such as 12.ts or 12.3.ts");
  }
  return { number: Number(number), part: part === undefined ? undefined : Number(part) };
}
