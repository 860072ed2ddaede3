/**
 * Player API: what any media player on this machine talks to.
 *
 * `/ace/getstream` and `/ace/manifest.m3u8` lead to a film or a live stream, or describe it with
 * `format=json`; docs/player.md has all addresses. Answers are `{response, error}`; `error` is a code of
 * this project's catalogue, with a sentence and a hint beside it.
 *
 * Errors  A gated content without a right is `LICENCE_MISSING` at once, never a player that waits.
 * Source  docs.acestream.net, "Engine HTTP API": the conventions that players already know.
 */
import { randomBytes } from "node:crypto";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { AceError } from "../lib/errors.ts";
import type { Events } from "../lib/events.ts";
import { isLoopback } from "./addresses.ts";
import type { ContentName, Contents } from "./contents.ts";
import { boundedServer } from "./http-bounds.ts";
import {
  PLAYER_ADDRESS_CONNECTIONS_MAX,
  PLAYER_CONNECTIONS_MAX,
  PLAYER_URL_MAX_CHARS,
} from "./limits.ts";
import type { NodeLimits } from "./node-limits.ts";
import { defaultPatience, type Engine, type Patience } from "./player-engine.ts";
import { refuse } from "./player-exchange.ts";
import { PlayerGuard } from "./player-guard.ts";
import { noMeter, type PlayerMeter } from "./player-meter.ts";
import { route } from "./player-routes.ts";
import { PlayerSessions } from "./player-session.ts";

export interface PlayerOptions {
  readonly contents: Contents;
  /** An address of this machine itself; any other only with `remoteToken`. */
  readonly host?: string;
  /** 0 takes any free one. */
  readonly port?: number;
  /** What `get_version` answers. */
  readonly version: string;
  readonly events: Events;
  /** Origins of web pages that may call the engine, such as `http://127.0.0.1:7070`. */
  readonly origins?: readonly string[];
  /** What callers of other machines must show. */
  readonly remoteToken?: string;
  /** Where the licence of a content is sold; answered beside `LICENCE_MISSING`. */
  readonly offerUrl?: (name: ContentName) => string | undefined;
  /** For how many seconds the token of a content is good. */
  readonly accessLeftS?: (contentId: string) => number | undefined;
  /** Of all swarms of this process together. */
  readonly limits?: NodeLimits;
  readonly sessionIdleMs?: number;
  readonly patience?: Patience;
  readonly meter?: PlayerMeter;
  readonly metrics?: () => Promise<string>;
}

export interface Player extends AsyncDisposable {
  /** Such as `http://127.0.0.1:6878`. */
  readonly url: string;
}

export const PLAYER_PORT = 6_878;
const LOOPBACK = "127.0.0.1";
const REMOTE_TOKEN_MIN_CHARS = 16;
const TOKEN_BYTES = 32;

export async function openPlayer(options: PlayerOptions): Promise<Player> {
  const { host = LOOPBACK, remoteToken } = options;
  requireSafeHost(host, remoteToken);
  const sessions = new PlayerSessions(options.sessionIdleMs);
  const server = boundedServer(PLAYER_CONNECTIONS_MAX, PLAYER_ADDRESS_CONNECTIONS_MAX);
  await listen(server, host, options.port ?? PLAYER_PORT);
  const bound = server.address();
  const port = typeof bound === "object" && bound !== null ? bound.port : 0;
  const engine: Engine = {
    contents: options.contents,
    sessions,
    guard: new PlayerGuard({ host, port, origins: options.origins ?? [], token: remoteToken }),
    events: options.events,
    version: options.version,
    apiToken: randomBytes(TOKEN_BYTES).toString("hex"),
    offerUrl: options.offerUrl,
    accessLeftS: options.accessLeftS,
    limits: options.limits,
    patience: options.patience ?? defaultPatience,
    meter: options.meter ?? noMeter,
    metrics: options.metrics,
  };
  server.on("request", (request, response) => void answer(engine, request, response));
  return {
    url: `http://${reachableName(host)}:${port}`,
    [Symbol.asyncDispose]: async () => {
      sessions[Symbol.dispose]();
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

async function answer(
  engine: Engine,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const gone = new AbortController();
  response.on("close", () => gone.abort());
  response.on("error", () => gone.abort());
  try {
    const base = engine.guard.check(request, response);
    const text = request.url ?? "/";
    if (text.length > PLAYER_URL_MAX_CHARS || !URL.canParse(text, base)) {
      throw new AceError("REQUEST_INVALID", "the address is not one of ours");
    }
    const { pathname: path, searchParams: query } = new URL(text, base);
    await route(engine, { request, response, path, query, base, gone: gone.signal });
  } catch (error) {
    refuse(engine.events, response, error);
  }
}

/** Where this machine itself reaches what listens on all its addresses. */
function reachableName(host: string): string {
  if (host === "0.0.0.0" || host === "::") return LOOPBACK;
  return host.includes(":") ? `[${host}]` : host;
}

function requireSafeHost(host: string, remoteToken: string | undefined): void {
  if (isLoopback(host)) return;
  if (remoteToken === undefined) {
    throw new AceError("CONFIG_INVALID", `the player serves this machine only, not ${host}`);
  }
  if (remoteToken.length < REMOTE_TOKEN_MIN_CHARS) {
    const what = `the token for other machines has at least ${REMOTE_TOKEN_MIN_CHARS} characters`;
    throw new AceError("CONFIG_INVALID", what);
  }
}

async function listen(server: Server, host: string, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) => {
      reject(new AceError("PORT_IN_USE", `the player cannot use port ${port}`, { cause }));
    });
    server.listen(port, host, resolve);
  });
}
