/**
 * Player API: what any media player on this machine talks to.
 *
 * `GET /ace/getstream?content_id=|infohash=|id=` redirects to the film, or describes it with
 * `format=json`; the film is served with ranges. Answers are `{response, error}`; `error` is a code
 * of this project's catalogue, with a sentence and a hint beside it.
 *
 * Units   `speed_down` and `speed_up` are KB a second.
 * Errors  A gated content without a right is `LICENCE_MISSING` at once, never a player that waits.
 * Source  docs.acestream.net, "Engine HTTP API": the conventions that players already know.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { AceError, isAceError } from "../lib/errors.ts";
import type { Events } from "../lib/events.ts";
import { isLoopback } from "./addresses.ts";
import type { ContentName, Contents, OpenContent } from "./contents.ts";
import { PLAYER_URL_MAX_CHARS } from "./limits.ts";
import { sendFile } from "./player-file.ts";
import { type PlayerSession, PlayerSessions } from "./player-session.ts";

export interface PlayerOptions {
  readonly contents: Contents;
  /** An address of this machine itself; no other is accepted. */
  readonly host?: string;
  /** 0 takes any free one. */
  readonly port?: number;
  /** What `get_version` answers. */
  readonly version: string;
  readonly events: Events;
  /** Origins of web pages that may call the engine, such as `http://127.0.0.1:7070`. */
  readonly origins?: readonly string[];
  /** Where the licence of a content is sold; answered beside `LICENCE_MISSING`. */
  readonly offerUrl?: (name: ContentName) => string | undefined;
  readonly sessionIdleMs?: number;
}

export interface Player extends AsyncDisposable {
  /** Such as `http://127.0.0.1:6878`. */
  readonly url: string;
}

export const PLAYER_PORT = 6_878;
const LOOPBACK = "127.0.0.1";

export async function openPlayer(options: PlayerOptions): Promise<Player> {
  const host = options.host ?? LOOPBACK;
  if (!isLoopback(host)) {
    throw new AceError("CONFIG_INVALID", `the player serves this machine only, not ${host}`);
  }
  const sessions = new PlayerSessions(options.sessionIdleMs);
  const server = createServer();
  await listen(server, host, options.port ?? PLAYER_PORT);
  const bound = server.address();
  const port = typeof bound === "object" && bound !== null ? bound.port : 0;
  const url = `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
  const engine: Engine = { options, sessions, url, hosts: allowedHosts(host, port) };
  server.on("request", (request, response) => void answer(engine, request, response));
  return {
    url,
    [Symbol.asyncDispose]: async () => {
      sessions[Symbol.dispose]();
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

interface Engine {
  readonly options: PlayerOptions;
  readonly sessions: PlayerSessions;
  readonly url: string;
  readonly hosts: ReadonlySet<string>;
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly path: string;
  readonly query: URLSearchParams;
}

async function answer(
  engine: Engine,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    checkOrigin(engine, request, response);
    const text = request.url ?? "/";
    if (text.length > PLAYER_URL_MAX_CHARS || !URL.canParse(text, engine.url)) {
      throw new AceError("REQUEST_INVALID", "the address is not one of ours");
    }
    const url = new URL(text, engine.url);
    await route(engine, { request, response, path: url.pathname, query: url.searchParams });
  } catch (error) {
    refuse(engine, response, error);
  }
}

async function route(engine: Engine, exchange: Exchange): Promise<void> {
  const { path, query, request, response } = exchange;
  if (request.method !== "GET" && request.method !== "HEAD") {
    throw new AceError("REQUEST_INVALID", `${request.method} is not understood here`);
  }
  const [, kind, id = ""] = /^\/ace\/(r|stat|cmd)\/([0-9a-f]{32})(?:\/[^/]*)?$/.exec(path) ?? [];
  if (path === "/ace/getstream") await getStream(engine, exchange);
  else if (kind === "r") await play(engine, id, exchange);
  else if (kind === "stat") reply(response, 200, { response: stat(engine.sessions.find(id)) });
  else if (kind === "cmd") command(engine, id, exchange);
  else if (path === "/webui/api/service" && query.get("method") === "get_version") {
    const { version } = engine.options;
    reply(response, 200, { result: { version, code: version, platform: process.platform } });
  } else throw new AceError("NOT_FOUND", `${path} is not an address of the player API`);
}

async function getStream(engine: Engine, { query, request, response }: Exchange): Promise<void> {
  const name = contentName(query);
  const gone = new AbortController();
  response.on("close", () => gone.abort());
  const content = await openReady(engine, name, gone.signal);
  const session = engine.sessions.start(content);
  const fileName = encodeURIComponent(content.fileName);
  const playbackUrl = `${engine.url}/ace/r/${session.id}/${fileName}`;
  if (query.get("format") === "json") {
    reply(response, 200, { response: describe(engine, session, playbackUrl) });
    return;
  }
  response.writeHead(302, { location: playbackUrl, "cache-control": "no-store" });
  response.end(request.method === "HEAD" ? undefined : playbackUrl);
}

/** Opens the content and makes sure at once that it may be watched. */
async function openReady(
  engine: Engine,
  name: ContentName,
  signal: AbortSignal,
): Promise<OpenContent> {
  try {
    const content = await engine.options.contents.open(name, signal);
    try {
      await content.swarm.ready(signal);
      return content;
    } catch (error) {
      content.release();
      throw error;
    }
  } catch (error) {
    if (!isAceError(error, "LICENCE_MISSING")) throw error;
    throw new OfferedFault(error, engine.options.offerUrl?.(name));
  }
}

async function play(engine: Engine, id: string, { request, response }: Exchange): Promise<void> {
  const session = engine.sessions.find(id);
  using _hold = engine.sessions.hold(session);
  await sendFile(session, request, response);
}

function command(engine: Engine, id: string, { query, response }: Exchange): void {
  if (query.get("method") !== "stop") {
    throw new AceError("REQUEST_INVALID", "the one command is method=stop");
  }
  engine.sessions.end(id);
  reply(response, 200, { response: "ok" });
}

function describe(engine: Engine, session: PlayerSession, playbackUrl: string) {
  return {
    playback_url: playbackUrl,
    stat_url: `${engine.url}/ace/stat/${session.id}`,
    command_url: `${engine.url}/ace/cmd/${session.id}`,
    infohash: session.content.infohash,
    playback_session_id: session.id,
    is_live: 0,
    is_encrypted: 0,
    client_session_id: -1,
  };
}

function stat({ content }: PlayerSession) {
  const stats = content.swarm.stats();
  return {
    status: stats.piecesHad > 0 ? "dl" : "prebuf",
    peers: stats.peers,
    speed_down: Math.round(stats.bytesDownPerS / 1_000),
    speed_up: Math.round(stats.bytesUpPerS / 1_000),
    downloaded: stats.bytesDown,
    uploaded: stats.bytesUp,
    access: { state: stats.access, code: stats.accessCode },
  };
}

function contentName(query: URLSearchParams): ContentName {
  const named = ["content_id", "infohash", "id", "url", "magnet"].filter((key) => query.has(key));
  const [key] = named;
  if (key === undefined || named.length > 1) {
    throw new AceError("REQUEST_INVALID", "name one content: content_id, infohash or id");
  }
  const value = (query.get(key) ?? "").toLowerCase();
  if (key === "infohash" && /^[0-9a-f]{40}$/.test(value)) return { kind: "infohash", value };
  if ((key === "content_id" || key === "id") && /^[0-9a-f]{64}$/.test(value)) {
    return { kind: "contentId", value };
  }
  throw new AceError("REQUEST_INVALID", `${key} does not name a content of this network`);
}

class OfferedFault extends Error {
  readonly fault: AceError;
  readonly offerUrl: string | undefined;

  constructor(fault: AceError, offerUrl: string | undefined) {
    super(fault.message, { cause: fault });
    this.fault = fault;
    this.offerUrl = offerUrl;
  }
}

function refuse(engine: Engine, response: ServerResponse, error: unknown): void {
  const fault = error instanceof OfferedFault ? error.fault : error;
  const offerUrl = error instanceof OfferedFault ? error.offerUrl : undefined;
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  if (!isAceError(fault)) {
    const reason = fault instanceof Error ? fault.message : String(fault);
    engine.options.events.warn("p2p.player_failed", { reason });
    reply(response, 500, { response: null, error: "INTERNAL" });
    return;
  }
  const { code, message, hint, status } = fault;
  reply(response, status, {
    response: null,
    error: code,
    message,
    hint,
    ...(offerUrl === undefined ? {} : { offer_url: offerUrl }),
  });
}

function reply(response: ServerResponse, status: number, body: object): void {
  const text = JSON.stringify({ error: null, ...body });
  response.writeHead(status, {
    "content-type": "application/json; charset=utf-8",
    "content-length": Buffer.byteLength(text),
    "cache-control": "no-store",
  });
  response.end(response.req.method === "HEAD" ? undefined : text);
}

/** A page that rebinds its own name to this machine still sends that name as `Host`. */
function checkOrigin(engine: Engine, request: IncomingMessage, response: ServerResponse): void {
  if (!engine.hosts.has(request.headers.host ?? "")) {
    throw new AceError("HOST_REFUSED", "the player API answers to its own address only");
  }
  const { origin } = request.headers;
  if (origin === undefined) {
    requireOwnPage(request);
    return;
  }
  if (origin !== engine.url && !engine.options.origins?.includes(origin)) {
    throw new AceError("FORBIDDEN", `pages of ${origin} may not call the player API`);
  }
  response.setHeader("access-control-allow-origin", origin);
  response.setHeader("vary", "origin");
}

/**
 * A picture, a film or a frame of another site's page comes without `Origin`, but browsers say where
 * from: such a page could use up the sessions, or see whether a content can be watched here.
 */
function requireOwnPage({ headers }: IncomingMessage): void {
  const isForeign = headers["sec-fetch-site"] === "cross-site";
  // A link that somebody follows opens a page of its own, which the one before cannot look into.
  if (!isForeign || headers["sec-fetch-dest"] === "document") return;
  throw new AceError("FORBIDDEN", "pages of other sites may not call the player API");
}

function allowedHosts(host: string, port: number): ReadonlySet<string> {
  return new Set([host, LOOPBACK, "localhost", "[::1]"].map((name) => `${name}:${port}`));
}

async function listen(server: Server, host: string, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) => {
      reject(new AceError("PORT_IN_USE", `the player cannot use port ${port}`, { cause }));
    });
    server.listen(port, host, resolve);
  });
}
