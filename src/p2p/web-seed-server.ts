/**
 * Our own web seed: the files of contents over HTTP, for viewers that no peer reaches.
 *
 * What is gated in the swarm is gated here, by the same policy: a request shows a token and a proof of
 * its device key for this very request, and without them gets a status, a code and no byte.
 *
 * `/webseed/<infohash>/` is the address to put into a torrent or record.
 *
 * Errors  `PORT_IN_USE`, `CONFIG_INVALID`.
 * Source  BEP 19; RFC 9110 section 14 (ranges); RFC 9449 section 7 (the challenge).
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { isIP } from "node:net";
import type { Clock } from "../lib/clock.ts";
import { AceError, type ErrorCode } from "../lib/errors.ts";
import type { Events } from "../lib/events.ts";
import type { AccessPolicy, Grant, PayloadSink } from "./access-port.ts";
import { AddressPace } from "./address-pace.ts";
import { formatAddress } from "./addresses.ts";
import { WEB_SERVED_PER_TOKEN_MAX } from "./engine-limits.ts";
import { boundedServer } from "./http-bounds.ts";
import {
  WEB_ADDRESS_CONNECTIONS_MAX,
  WEB_CONNECTIONS_MAX,
  WEB_REQUESTS_BURST,
  WEB_REQUESTS_PER_S,
  WEB_SERVED_MAX,
  WEB_STALL_MS,
} from "./limits.ts";
import { readRange } from "./range.ts";
import type { Swarm } from "./swarm-port.ts";
import { type NodeRates, uploadLimits } from "./swarm-rates.ts";
import type { Torrent } from "./torrent.ts";
import { fileUrl } from "./web-range.ts";
import { sendWebSeed, webSeedHead } from "./web-seed-send.ts";

/** A content that this node gives over HTTP. */
export interface WebSeeded {
  readonly swarm: Pick<Swarm, "torrent" | "read">;
  /** Absent for public content. */
  readonly policy?: AccessPolicy;
}

export interface WebSeedServerOptions {
  readonly host: string;
  /** 0 takes any free one. */
  readonly port: number;
  /** The address that others reach this machine at, where it is another than `host`. */
  readonly publicHost?: string;
  /** What stands before it, such as `https://films.example`; nothing when absent. */
  readonly origin?: string;
  /** `infohash` is 40 hexadecimal characters. */
  find(infohash: string): WebSeeded | undefined;
  readonly payload?: PayloadSink;
  /** What the node sends at most, to all and to each token: the swarms' own. */
  readonly rates?: NodeRates;
  readonly clock: Clock;
  readonly events: Events;
}

export interface WebSeedServer extends AsyncDisposable {
  /** What goes into a torrent as a web seed: this, the infohash and a `/`. */
  readonly baseUrl: string;
}

export async function openWebSeedServer(options: WebSeedServerOptions): Promise<WebSeedServer> {
  const { host, port, publicHost = host } = options;
  const own: string[] = options.origin === undefined ? [] : [options.origin];
  const serving = new WebSeedRoute(options, own);
  const server = boundedServer(WEB_CONNECTIONS_MAX, WEB_ADDRESS_CONNECTIONS_MAX);
  server.on("request", (request, response) => void serving.answer(request, response));
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) => {
      reject(new AceError("PORT_IN_USE", `the web seed cannot use port ${port}`, { cause }));
    });
    server.listen(port, host, resolve);
  });
  const bound = server.address();
  const actual = typeof bound === "object" && bound !== null ? bound.port : port;
  const origin = `http://${formatAddress(publicHost, actual)}`;
  own.push(origin, `http://${formatAddress(host, actual)}`);
  return {
    baseUrl: `${options.origin ?? origin}/webseed/`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

interface Found {
  readonly seeded: WebSeeded;
  readonly file: Torrent["files"][number];
}

type Access =
  | { readonly ok: true; readonly grant: Grant | undefined }
  | { readonly ok: false; readonly code: ErrorCode };

class WebSeedRoute {
  readonly #options: WebSeedServerOptions;
  readonly #origins: readonly string[];
  readonly #pace: AddressPace;
  /** Answers under way, by token. */
  readonly #byToken = new Map<string, number>();
  #active = 0;

  /** @param origins Read at each request: the own address is known only when the server listens. */
  constructor(options: WebSeedServerOptions, origins: readonly string[]) {
    this.#options = options;
    this.#origins = origins;
    const limits = { burst: WEB_REQUESTS_BURST, perS: WEB_REQUESTS_PER_S };
    this.#pace = new AddressPace(options.clock, limits);
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const isTooFast = !this.#pace.allows(request.socket.remoteAddress ?? "");
    if (isTooFast || this.#active >= WEB_SERVED_MAX) {
      response.writeHead(429, { "retry-after": "1" }).end();
      return;
    }
    this.#active += 1;
    response.setTimeout(WEB_STALL_MS, () => response.destroy());
    try {
      await this.#answer(request, response);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#options.events.warn("p2p.webseed_serving_failed", { reason });
      if (response.headersSent) response.destroy();
      else response.writeHead(500).end();
    } finally {
      this.#active -= 1;
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = "", headers } = request;
    if (method !== "GET" && method !== "HEAD") {
      response.writeHead(405, { allow: "GET, HEAD" }).end();
      return;
    }
    const origin = this.#originOf(request);
    const url = origin === undefined ? undefined : readUrl(request.url, origin);
    const found = url === undefined ? undefined : this.#find(url);
    if (url === undefined || found === undefined) {
      response.writeHead(404).end();
      return;
    }
    const access = this.#admit(request, { url: url.href, found });
    if (!access.ok) {
      const challenge = `DPoP error="invalid_token", error_description="${access.code}"`;
      response.writeHead(401, { "www-authenticate": challenge, "content-length": 0 }).end();
      return;
    }
    const range = readRange(headers.range, found.file.length);
    const isEmpty = method === "HEAD" || range.kind === "outside";
    const { file, seeded } = found;
    const { swarm, policy } = seeded;
    const { grant } = access;
    if (!isEmpty && this.#isCrowded(grant)) {
      response.writeHead(429, { "retry-after": "1" }).end();
      return;
    }
    response.writeHead(...webSeedHead(file, range));
    if (isEmpty) {
      response.end();
      return;
    }
    // Whoever has a small cap is told at once that bytes will come.
    response.flushHeaders();
    const { rates, payload, clock } = this.#options;
    const limits = uploadLimits(rates, grant);
    const right = grant && policy && { grant, policy };
    const sending = { swarm, file, range, access: right, limits, payload, clock };
    using _place = this.#place(grant);
    await sendWebSeed(response, sending);
  }

  #isCrowded(grant: Grant | undefined): boolean {
    return (this.#byToken.get(grant?.jti ?? "") ?? 0) >= WEB_SERVED_PER_TOKEN_MAX;
  }

  /** Counts an answer to this token until it is disposed of. */
  #place(grant: Grant | undefined): Disposable | undefined {
    if (grant === undefined) return undefined;
    const count = (more: number) => {
      const now = (this.#byToken.get(grant.jti) ?? 0) + more;
      if (now > 0) this.#byToken.set(grant.jti, now);
      else this.#byToken.delete(grant.jti);
    };
    count(1);
    return { [Symbol.dispose]: () => count(-1) };
  }

  /** By which of our addresses the request came; undefined for a name that is not ours. */
  #originOf({ headers, socket }: IncomingMessage): string | undefined {
    const known = this.#origins.find((own) => new URL(own).host === headers.host);
    if (known !== undefined) return known;
    // Listening on all addresses: the one that was connected to is ours, and no name stands for it.
    const address = (socket.localAddress ?? "").replace(/^::ffff:(?=\d+\.)/, "");
    const own = `${isIP(address) === 6 ? `[${address}]` : address}:${socket.localPort}`;
    return headers.host === own ? `http://${own}` : undefined;
  }

  /** The file is named as a web seed's client names it. */
  #find(url: URL): Found | undefined {
    const [, infohash = ""] = /^\/webseed\/([0-9a-f]{40})\//.exec(url.pathname) ?? [];
    const seeded = this.#options.find(infohash);
    if (seeded === undefined) return undefined;
    const { torrent } = seeded.swarm;
    const base = `${url.origin}/webseed/${infohash}/`;
    const wanted = decoded(url.pathname);
    const file = torrent.files.find(
      ({ path }) => decoded(new URL(fileUrl(torrent, base, path)).pathname) === wanted,
    );
    return file === undefined ? undefined : { seeded, file };
  }

  #admit(
    { method = "", headers }: IncomingMessage,
    { url, found }: { readonly url: string; readonly found: Found },
  ): Access {
    const { policy, swarm } = found.seeded;
    if (policy === undefined) return { ok: true, grant: undefined };
    const { authorization, dpop } = headers;
    return policy.admitRequest({
      method,
      url,
      authorization,
      dpop: typeof dpop === "string" ? dpop : undefined,
      aud: `btih:${swarm.torrent.infohash}`,
    });
  }
}

function readUrl(path: string | undefined, origin: string): URL | undefined {
  if (path?.startsWith("/") !== true || path.startsWith("//")) return undefined;
  return URL.canParse(path, origin) ? new URL(path, origin) : undefined;
}

function decoded(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}
