/**
 * Our own web seed: the files of contents over HTTP, for viewers that no peer reaches.
 *
 * What is gated in the swarm is gated here, by the same policy: a request shows a token and a proof of
 * its device key for this very request, and without them gets a status, a code and no byte. The right
 * is asked again between pieces, so that a long answer ends when the right does.
 *
 * `/webseed/<infohash>/` is the address to put into a torrent or record.
 *
 * Errors  `PORT_IN_USE`, `CONFIG_INVALID`.
 * Source  BEP 19; RFC 9110 section 14 (ranges); RFC 9449 section 7 (the challenge).
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { isIP } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { Clock } from "../lib/clock.ts";
import { AceError, type ErrorCode } from "../lib/errors.ts";
import type { Events } from "../lib/events.ts";
import type { AccessPolicy, Grant, PayloadSink } from "./access-port.ts";
import { AddressPace } from "./address-pace.ts";
import {
  PIECE_LENGTH_MAX,
  WEB_REQUESTS_BURST,
  WEB_REQUESTS_PER_S,
  WEB_SERVED_MAX,
  WEB_STALL_MS,
} from "./limits.ts";
import { mediaType } from "./media-type.ts";
import { type RangeAnswer, readRange } from "./range.ts";
import type { Swarm } from "./swarm-port.ts";
import type { Torrent } from "./torrent.ts";
import { fileUrl } from "./web-range.ts";

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
  /** `https://host` under which a proxy gives this server, beside its own address. */
  readonly origins?: readonly string[];
  /** `infohash` is 40 hexadecimal characters. */
  find(infohash: string): WebSeeded | undefined;
  readonly payload?: PayloadSink;
  readonly clock: Clock;
  readonly events: Events;
}

export interface WebSeedServer extends AsyncDisposable {
  /** What goes into a torrent as a web seed: this, the infohash and a `/`. */
  readonly baseUrl: string;
}

export async function openWebSeedServer(options: WebSeedServerOptions): Promise<WebSeedServer> {
  const { host, port, origins = [] } = options;
  const own: string[] = [...origins];
  const serving = new WebSeedRoute(options, own);
  const server = createServer((request, response) => void serving.answer(request, response));
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) => {
      reject(new AceError("PORT_IN_USE", `the web seed cannot use port ${port}`, { cause }));
    });
    server.listen(port, host, resolve);
  });
  const bound = server.address();
  const actual = typeof bound === "object" && bound !== null ? bound.port : port;
  const origin = `http://${host.includes(":") ? `[${host}]` : host}:${actual}`;
  own.push(origin);
  return {
    baseUrl: `${origin}/webseed/`,
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
    response.writeHead(...headOf(found, range));
    if (method === "HEAD" || range.kind === "outside") response.end();
    else await this.#send(response, { found, range, grant: access.grant });
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

  async #send(
    response: ServerResponse,
    wish: { readonly found: Found; readonly range: RangeAnswer; readonly grant: Grant | undefined },
  ): Promise<void> {
    const { found, range, grant } = wish;
    const { policy, swarm } = found.seeded;
    const { clock, payload } = this.#options;
    const gone = new AbortController();
    response.on("close", () => gone.abort());
    const { offset, length } =
      range.kind === "part" ? range : { offset: 0, length: found.file.length };
    const startedMs = clock.nowMs();
    let sentBytes = 0;
    try {
      const read = swarm.read(found.file.offset + offset, length, gone.signal);
      for await (const bytes of portions(read, grant)) {
        if (grant !== undefined && policy?.endedBy(grant, clock.nowMs() / 1_000) !== undefined) {
          response.destroy();
          return;
        }
        if (!response.write(bytes)) await drained(response);
        sentBytes += bytes.length;
        if (grant === undefined) continue;
        payload?.onPayload({ grant, aud: `btih:${swarm.torrent.infohash}`, bytes: bytes.length });
        await paced(grant, {
          sentBytes,
          elapsedMs: clock.nowMs() - startedMs,
          signal: gone.signal,
        });
      }
      response.end();
    } catch (error) {
      if (!gone.signal.aborted) throw error;
    }
  }
}

function headOf({ file }: Found, range: RangeAnswer): [number, Record<string, string | number>] {
  if (range.kind === "outside") return [416, { "content-range": `bytes */${file.length}` }];
  const common = { "accept-ranges": "bytes", "content-type": mediaType(file.path) };
  if (range.kind === "whole") return [200, { ...common, "content-length": file.length }];
  const last = range.offset + range.length - 1;
  const part = { "content-range": `bytes ${range.offset}-${last}/${file.length}` };
  return [206, { ...common, ...part, "content-length": range.length }];
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

async function drained(response: ServerResponse): Promise<void> {
  if (response.destroyed) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  response.once("drain", resolve);
  response.once("close", resolve);
  await promise;
  response.off("drain", resolve);
  response.off("close", resolve);
}

/** With a cap it is a second's worth at a time: neither end takes the wait for a server that hangs. */
async function* portions(
  source: AsyncIterable<Uint8Array>,
  grant: Grant | undefined,
): AsyncIterable<Uint8Array> {
  const bytesMax = grant?.bytesPerSMax || PIECE_LENGTH_MAX;
  for await (const bytes of source) {
    for (let start = 0; start < bytes.length; start += bytesMax) {
      yield bytes.subarray(start, start + bytesMax);
    }
  }
}

/** Waits as long as the token's cap asks for. */
async function paced(
  { bytesPerSMax }: Grant,
  so: { readonly sentBytes: number; readonly elapsedMs: number; readonly signal: AbortSignal },
): Promise<void> {
  if (bytesPerSMax === 0) return;
  const waitMs = (so.sentBytes / bytesPerSMax) * 1_000 - so.elapsedMs;
  if (waitMs > 0) await sleep(waitMs, undefined, { signal: so.signal });
}
