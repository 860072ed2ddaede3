/**
 * One POST of JSON, with every limit that a hostile or overloaded server needs.
 *
 * Range   The body is cut off at `bodyBytesMax`; 429 and 503 are tried `BUSY_TRIES_MAX` times.
 * Errors  `LEDGER_NO_SOURCE` for no answer and for HTTP errors, `LEDGER_MALFORMED` for a body that is
 *         too long or not JSON.
 * Source  RFC 9110, section 10.2.3 (Retry-After).
 */

import { concatBytes } from "../lib/bytes.ts";
import { AceError } from "../lib/errors.ts";
import { backOffMs, type Pace } from "../lib/pace.ts";

export const RPC_BODY_BYTES_MAX = 48 * 1024 * 1024;
const BUSY_TRIES_MAX = 4;
const BUSY_WAIT_MS = { baseMs: 500, maxMs: 10_000 };
const RETRY_AFTER_MS_MAX = 60_000;

const TOO_MANY_REQUESTS = 429;
const UNAVAILABLE = 503;

export interface PostSettings {
  readonly url: string;
  readonly fetch: typeof fetch;
  readonly pace: Pace;
  readonly timeoutMs: number;
  readonly bodyBytesMax: number;
}

export async function postJson(
  settings: PostSettings,
  content: unknown,
  signal: AbortSignal | undefined,
): Promise<unknown> {
  for (let attempt = 1; ; attempt += 1) {
    const answer = await exchange(settings, content, signal);
    if (answer.kind === "body") return parse(answer.bytes);
    if (attempt === BUSY_TRIES_MAX) {
      throw new AceError("LEDGER_NO_SOURCE", `the RPC server is busy: HTTP ${answer.status}`);
    }
    const waitMs = answer.retryAfterMs ?? backOffMs(attempt, BUSY_WAIT_MS, settings.pace);
    await settings.pace.wait(waitMs, signal);
  }
}

type Answer =
  | { readonly kind: "body"; readonly bytes: Uint8Array }
  | { readonly kind: "busy"; readonly status: number; readonly retryAfterMs: number | undefined };

async function exchange(
  settings: PostSettings,
  content: unknown,
  signal: AbortSignal | undefined,
): Promise<Answer> {
  const timeout = AbortSignal.timeout(settings.timeoutMs);
  try {
    const response = await settings.fetch(settings.url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(content),
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    });
    return await answerOf(response, settings.bodyBytesMax);
  } catch (cause) {
    if (signal?.aborted || cause instanceof AceError) throw cause;
    const what = timeout.aborted
      ? `no answer within ${settings.timeoutMs} ms`
      : "cannot be reached";
    throw new AceError("LEDGER_NO_SOURCE", `the RPC server at ${settings.url}: ${what}`, { cause });
  }
}

async function answerOf(response: Response, bodyBytesMax: number): Promise<Answer> {
  const { status } = response;
  if (response.ok) return { kind: "body", bytes: await readCapped(response, bodyBytesMax) };
  const retryAfterMs = readRetryAfter(response.headers.get("retry-after"));
  await response.body?.cancel();
  if (status === TOO_MANY_REQUESTS || status === UNAVAILABLE) {
    return { kind: "busy", status, retryAfterMs };
  }
  throw new AceError("LEDGER_NO_SOURCE", `the RPC server answered HTTP ${status}`);
}

async function readCapped(response: Response, bytesMax: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  // Leaving the loop early cancels the body, so a server cannot go on sending.
  for await (const part of response.body ?? []) {
    length += part.length;
    if (length > bytesMax) {
      throw new AceError("LEDGER_MALFORMED", `the RPC reply is over ${bytesMax} bytes`);
    }
    parts.push(part);
  }
  return concatBytes(...parts);
}

/** Seconds, or a date. */
function readRetryAfter(header: string | null): number | undefined {
  if (header === null) return undefined;
  const seconds = /^\d{1,9}$/.test(header) ? Number(header) : undefined;
  const waitMs = seconds === undefined ? Date.parse(header) - Date.now() : seconds * 1000;
  if (Number.isNaN(waitMs)) return undefined;
  return Math.min(Math.max(waitMs, 0), RETRY_AFTER_MS_MAX);
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new AceError("LEDGER_MALFORMED", "the RPC reply is not JSON", { cause });
  }
}
