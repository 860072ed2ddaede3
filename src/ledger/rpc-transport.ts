/**
 * One POST of JSON to an RPC server.
 *
 * Range   The body is cut off at `bodyBytesMax`; 429 and 503 are tried `busyTriesMax` times.
 * Errors  `LEDGER_NO_SOURCE` for no answer and for HTTP errors, `LEDGER_MALFORMED` for a body that is
 *         too long or not JSON.
 */
import { AceError } from "../lib/errors.ts";
import { exchange, type HttpSettings } from "./http-exchange.ts";

export const RPC_BODY_BYTES_MAX = 48 * 1024 * 1024;

export interface PostSettings extends HttpSettings {
  readonly url: string;
}

export async function postJson(
  settings: PostSettings,
  content: unknown,
  signal: AbortSignal | undefined,
): Promise<unknown> {
  const { url } = settings;
  const init = {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(content),
  };
  const who = `the RPC server at ${url}`;
  const body = await exchange(settings, { url, init, who }, signal);
  if (body !== undefined) return parse(body.bytes);
  throw new AceError("LEDGER_NO_SOURCE", `${who} answered HTTP 404`);
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new AceError("LEDGER_MALFORMED", "the RPC reply is not JSON", { cause });
  }
}
