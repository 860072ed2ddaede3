/**
 * One HTTP exchange, with every limit that a hostile or overloaded server needs.
 *
 * Range   The body is cut off at `bodyBytesMax`, the whole exchange at `timeoutMs`; 429 and 503 are
 *         tried `busyTriesMax` times, waiting as long as Retry-After says, up to a minute.
 * Errors  `LEDGER_NO_SOURCE` for no answer and for any status but 200, as a `BusyError` after the last
 *         try, `LEDGER_MALFORMED` for a body that is too long.
 * Source  RFC 9110, section 10.2.3 (Retry-After) and 15.4 (redirection).
 */
import { AceError } from "../lib/errors.ts";
import { backOffMs, type Pace } from "../lib/pace.ts";
import { BusyError } from "./busy-error.ts";

const BUSY_TRIES_MAX = 4;
const BUSY_WAIT_MS = { baseMs: 500, maxMs: 10_000 };
const RETRY_AFTER_MS_MAX = 60_000;
const REDIRECTS_MAX = 3;
/** To begin with; it doubles. */
const BUFFER_BYTES = 64 * 1024;

/** Nothing else is a whole answer: 204 has none, 206 a part. */
const WHOLE = 200;
const NOT_FOUND = new Set([404, 410]);
const BUSY = new Set([429, 503]);
const REDIRECT = new Set([301, 302, 303, 307, 308]);

export interface HttpSettings {
  readonly fetch: typeof fetch;
  readonly pace: Pace;
  readonly timeoutMs: number;
  readonly bodyBytesMax: number;
  /** The body is left unread: only whether there is one is asked. */
  readonly isHeadOnly?: boolean;
  /** How often a busy server is asked before that is an error; a caller who waits itself says 1. */
  readonly busyTriesMax?: number;
}

export interface HttpRequest {
  readonly url: string;
  readonly init: RequestInit;
  /** Who is asked, for messages, such as `the RPC server`. */
  readonly who: string;
}

export interface HttpBody {
  readonly bytes: Uint8Array;
  /** In lower case; empty when the server names none. */
  readonly contentType: string;
}

/** Undefined when the server has no such thing. */
export async function exchange(
  settings: HttpSettings,
  request: HttpRequest,
  signal: AbortSignal | undefined,
): Promise<HttpBody | undefined> {
  const { busyTriesMax = BUSY_TRIES_MAX } = settings;
  for (let attempt = 1; ; attempt += 1) {
    const answer = await follow(settings, request, signal);
    if (answer.kind === "body") return answer.body;
    if (answer.kind === "missing") return undefined;
    if (attempt >= busyTriesMax) {
      const what = `${request.who} is busy: HTTP ${answer.status}`;
      throw new BusyError(what, answer.retryAfterMs);
    }
    const waitMs = answer.retryAfterMs ?? backOffMs(attempt, BUSY_WAIT_MS, settings.pace);
    await settings.pace.wait(waitMs, signal);
  }
}

type Answer =
  | { readonly kind: "body"; readonly body: HttpBody }
  | { readonly kind: "missing" }
  | { readonly kind: "moved"; readonly url: string }
  | { readonly kind: "busy"; readonly status: number; readonly retryAfterMs: number | undefined };

async function follow(
  settings: HttpSettings,
  request: HttpRequest,
  signal: AbortSignal | undefined,
): Promise<Exclude<Answer, { readonly kind: "moved" }>> {
  const timeout = AbortSignal.timeout(settings.timeoutMs);
  let { url } = request;
  for (let redirects = 0; redirects <= REDIRECTS_MAX; redirects += 1) {
    const answer = await ask(settings, { ...request, url }, { signal, timeout });
    if (answer.kind !== "moved") return answer;
    url = answer.url;
  }
  throw new AceError(
    "LEDGER_NO_SOURCE",
    `${request.who} redirects more than ${REDIRECTS_MAX} times`,
  );
}

async function ask(
  settings: HttpSettings,
  { url, init, who }: HttpRequest,
  { signal, timeout }: { readonly signal: AbortSignal | undefined; readonly timeout: AbortSignal },
): Promise<Answer> {
  try {
    const response = await settings.fetch(url, {
      ...init,
      redirect: "manual",
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    });
    if (response.status === WHOLE)
      return { kind: "body", body: await readBody(response, settings, who) };
    await response.body?.cancel();
    return refusal(response, url, who);
  } catch (cause) {
    if (signal?.aborted || cause instanceof AceError) throw cause;
    const what = timeout.aborted
      ? `no answer within ${settings.timeoutMs} ms`
      : "cannot be reached, or broke off";
    throw new AceError("LEDGER_NO_SOURCE", `${who}: ${what}`, { cause });
  }
}

function refusal({ status, headers }: Response, url: string, who: string): Answer {
  if (NOT_FOUND.has(status)) return { kind: "missing" };
  if (BUSY.has(status)) {
    return { kind: "busy", status, retryAfterMs: readRetryAfter(headers.get("retry-after")) };
  }
  const location = headers.get("location");
  if (REDIRECT.has(status) && location !== null) {
    return { kind: "moved", url: redirectTarget(location, url, who) };
  }
  throw new AceError("LEDGER_NO_SOURCE", `${who} answered HTTP ${status}`);
}

/** Never from https to http, nor out of the web: a server must not turn us to other things. */
function redirectTarget(location: string, from: string, who: string): string {
  const target = URL.parse(location, from);
  const allowed = new URL(from).protocol === "https:" ? ["https:"] : ["http:", "https:"];
  if (target !== null && allowed.includes(target.protocol)) return target.href;
  throw new AceError(
    "LEDGER_NO_SOURCE",
    `${who} redirects to "${location}", which is not followed`,
  );
}

async function readBody(
  response: Response,
  { bodyBytesMax, isHeadOnly = false }: HttpSettings,
  who: string,
): Promise<HttpBody> {
  const contentType = (response.headers.get("content-type") ?? "").toLowerCase();
  if (isHeadOnly) await response.body?.cancel();
  if (isHeadOnly) return { bytes: new Uint8Array(), contentType };
  // Copied as it comes: a list of parts costs far more than their bytes where a server sends tiny ones.
  let buffer = new Uint8Array(Math.min(BUFFER_BYTES, bodyBytesMax));
  let length = 0;
  // Leaving the loop early cancels the body, so a server cannot go on sending.
  for await (const part of response.body ?? []) {
    const end = length + part.length;
    if (end > bodyBytesMax) {
      throw new AceError("LEDGER_MALFORMED", `the reply of ${who} is over ${bodyBytesMax} bytes`);
    }
    if (end > buffer.length) {
      const larger = new Uint8Array(Math.min(Math.max(end, 2 * buffer.length), bodyBytesMax));
      larger.set(buffer.subarray(0, length));
      buffer = larger;
    }
    buffer.set(part, length);
    length = end;
  }
  return { bytes: buffer.slice(0, length), contentType };
}

/** Seconds, or a date. */
function readRetryAfter(header: string | null): number | undefined {
  if (header === null) return undefined;
  const seconds = /^\d{1,9}$/.test(header) ? Number(header) : undefined;
  const waitMs = seconds === undefined ? Date.parse(header) - Date.now() : seconds * 1000;
  if (Number.isNaN(waitMs)) return undefined;
  return Math.min(Math.max(waitMs, 0), RETRY_AFTER_MS_MAX);
}
