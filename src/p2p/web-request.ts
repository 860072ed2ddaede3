/**
 * Requests to web servers that strangers name: guarded at every step, bounded in time and in bytes.
 *
 * Errors  `URL_REFUSED` for an address that may not be asked, at first or by a redirect;
 *         `CONTENT_UNREACHABLE` for no answer, too many redirects, or a body that is too long.
 */
import { Agent as HttpAgent, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import { WEB_FIRST_BYTE_MS, WEB_REDIRECTS_MAX, WEB_SEED_REQUESTS_MAX } from "./limits.ts";
import { pinUrl, type Resolve } from "./web-address.ts";
import { askWeb, unreachable } from "./web-ask.ts";

export interface WebRequest {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Headers that only the server of `url` itself may see: not sent on after a redirect elsewhere. */
  secrets?(url: string, signal: AbortSignal): Promise<Readonly<Record<string, string>>>;
  readonly trustedHosts: readonly string[];
  readonly resolve?: Resolve;
}

export interface WebAnswer {
  readonly status: number;
  readonly headers: Readonly<NodeJS.Dict<string | string[]>>;
  readonly body: AsyncIterable<Uint8Array>;
  /** Ends the connection when the body is not wanted any more. */
  discard(): void;
}

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** Keeps connections for the next request to the same server. */
export class WebClient implements Disposable {
  readonly #http = new HttpAgent({ keepAlive: true, maxSockets: WEB_SEED_REQUESTS_MAX });
  readonly #https = new HttpsAgent({ keepAlive: true, maxSockets: WEB_SEED_REQUESTS_MAX });

  async get(wish: WebRequest, signal: AbortSignal): Promise<WebAnswer> {
    const { origin } = new URL(wish.url);
    let target = wish.url;
    for (let hop = 0; hop <= WEB_REDIRECTS_MAX; hop += 1) {
      const pinned = await pinUrl(target, wish.trustedHosts, wish.resolve);
      const isSame = pinned.url.origin === origin;
      const secrets = isSame ? ((await wish.secrets?.(target, signal)) ?? {}) : {};
      const isSecure = pinned.url.protocol === "https:";
      const agent = isSecure ? this.#https : this.#http;
      const headers = { ...wish.headers, ...secrets };
      const asked = { agent, headers, at: pinned, firstByteMs: WEB_FIRST_BYTE_MS };
      const response = await askWeb(pinned.url, asked, signal);
      const status = response.statusCode ?? 0;
      const { location } = response.headers;
      if (!REDIRECTS.has(status) || location === undefined) return answerOf(response);
      response.destroy();
      if (!URL.canParse(location, target)) throw unreachable(wish.url, "a redirect to nowhere");
      target = new URL(location, target).href;
    }
    throw unreachable(wish.url, "too many redirects");
  }

  [Symbol.dispose](): void {
    this.#http.destroy();
    this.#https.destroy();
  }
}

/** All of a document, when it is short enough. */
export async function fetchWeb(
  wish: WebRequest & { readonly bytesMax: number },
  signal: AbortSignal,
): Promise<Uint8Array> {
  using client = new WebClient();
  const answer = await client.get(wish, signal);
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    if (answer.status !== 200) throw unreachable(wish.url, `it answered ${answer.status}`);
    for await (const chunk of answer.body) {
      length += chunk.length;
      if (length > wish.bytesMax) throw unreachable(wish.url, "its answer is too long");
      chunks.push(chunk);
    }
  } finally {
    answer.discard();
  }
  return Uint8Array.from(Buffer.concat(chunks));
}

function answerOf(response: IncomingMessage): WebAnswer {
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    body: response,
    discard: () => response.destroy(),
  };
}
