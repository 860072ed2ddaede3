/**
 * One POST of JSON to an RPC server.
 *
 * Errors  Those of `exchange`, and `LEDGER_MALFORMED` for a body that is not JSON.
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
  const init = {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(content),
  };
  const { url } = settings;
  const body = await exchange(settings, { url, init, who: `the RPC server at ${url}` }, signal);
  if (body !== undefined) return parse(body.bytes);
  throw new AceError("LEDGER_NO_SOURCE", `the RPC server at ${url} answered HTTP 404`);
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new AceError("LEDGER_MALFORMED", "the RPC reply is not JSON", { cause });
  }
}
