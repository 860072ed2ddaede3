/**
 * Who may call the player API: this machine's programs and own pages; others only with the token.
 *
 * Threats  A page that rebinds its name to this machine (`Host`), a page of another site (`Origin`,
 *          `Sec-Fetch-Site`), a neighbour on the network (the token).
 */
import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { isIP } from "node:net";
import { AceError } from "../lib/errors.ts";
import { isLoopback } from "./addresses.ts";

export interface GuardOptions {
  readonly host: string;
  readonly port: number;
  /** Origins of web pages that may call the engine, such as `http://127.0.0.1:7070`. */
  readonly origins: readonly string[];
  /** What callers of other machines must show; without it only this machine is served. */
  readonly token: string | undefined;
}

export class PlayerGuard {
  readonly #options: GuardOptions;
  readonly #hosts: ReadonlySet<string>;
  readonly #origins: ReadonlySet<string>;

  constructor(options: GuardOptions) {
    const { host, port, origins } = options;
    const names = [nameOf(host), "127.0.0.1", "localhost", "[::1]"];
    this.#options = options;
    this.#hosts = new Set(names.map((name) => `${name}:${port}`));
    this.#origins = new Set([...[...this.#hosts].map((name) => `http://${name}`), ...origins]);
  }

  /** The address by which the caller reaches us. Errors `HOST_REFUSED`, `FORBIDDEN`. */
  check(request: IncomingMessage, response: ServerResponse): string {
    const { host = "" } = request.headers;
    if (!this.#hosts.has(host) && !this.#isOwnAddress(request, host)) {
      throw new AceError("HOST_REFUSED", "the player API answers to its own address only");
    }
    this.#checkOrigin(request, response);
    return `http://${host}`;
  }

  /** Errors `FORBIDDEN` for a caller of another machine that does not show the token. */
  requireToken(request: IncomingMessage): void {
    if (isNear(request) || this.#hasToken(request)) return;
    throw new AceError("FORBIDDEN", "callers of other machines show the token of --allow-remote");
  }

  /** A numeric address cannot be rebound: it is the one that was connected to. */
  #isOwnAddress({ socket }: IncomingMessage, host: string): boolean {
    const address = (socket.localAddress ?? "").replace(/^::ffff:(?=\d+\.)/, "");
    return isIP(address) !== 0 && host === `${nameOf(address)}:${this.#options.port}`;
  }

  #hasToken({ headers }: IncomingMessage): boolean {
    const { token } = this.#options;
    const shown = shownToken(headers.authorization);
    return token !== undefined && shown !== undefined && isSame(shown, token);
  }

  #checkOrigin(request: IncomingMessage, response: ServerResponse): void {
    const { origin } = request.headers;
    if (origin === undefined) {
      requireOwnPage(request);
      return;
    }
    if (!this.#origins.has(origin)) {
      throw new AceError("FORBIDDEN", `pages of ${origin} may not call the player API`);
    }
    response.setHeader("access-control-allow-origin", origin);
    response.setHeader("access-control-expose-headers", "accept-ranges, content-range");
    response.setHeader("vary", "origin");
    if (request.method === "OPTIONS") {
      // A page out on the internet asks its browser for this before it may reach this machine.
      response.setHeader("access-control-allow-private-network", "true");
      response.setHeader("access-control-allow-methods", "GET, HEAD, POST, DELETE");
      response.setHeader("access-control-allow-headers", "authorization, content-type, range");
    }
  }
}

/** Whether the request comes from this machine, and not through a proxy on it. */
export function isNear({ socket, headers }: IncomingMessage): boolean {
  const isPassedOn = "forwarded" in headers || "x-forwarded-for" in headers || "via" in headers;
  const address = (socket.remoteAddress ?? "").replace(/^::ffff:(?=\d+\.)/, "");
  return !isPassedOn && isLoopback(address);
}

/** `Bearer <token>`, or `Basic` with the token as password: `http://ace:<token>@host:6878/…`. */
function shownToken(header: string | undefined): string | undefined {
  const [, scheme = "", value = ""] = /^(bearer|basic) (\S{1,512})$/i.exec(header ?? "") ?? [];
  if (scheme.toLowerCase() === "bearer") return value;
  if (scheme === "") return undefined;
  return Buffer.from(value, "base64").toString("utf8").split(":").slice(1).join(":");
}

/** Takes the same time wherever the texts differ. */
export function isSame(left: string, right: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(left), digest(right));
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

function nameOf(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}
