/**
 * One question to a web server, at the address that was judged, with its waits bounded.
 *
 * Errors  `CONTENT_UNREACHABLE` for no answer, or one that breaks off.
 */
import { type Agent, request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import type { LookupFunction } from "node:net";
import { AceError } from "../lib/errors.ts";
import { WEB_STALL_MS } from "./limits.ts";
import type { PinnedAddress } from "./web-address.ts";

interface WebQuestion {
  /** Absent: a connection for this question alone. */
  readonly agent?: Agent;
  readonly headers?: Readonly<Record<string, string>>;
  /** Absent for a server that the operator named: wherever its name leads. */
  readonly at?: PinnedAddress | undefined;
  readonly firstByteMs: number;
}

/** Where a redirect leads is for the caller to follow, or not. */
export async function askWeb(
  url: URL,
  { agent, headers, at, firstByteMs }: WebQuestion,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const send = url.protocol === "https:" ? httpsRequest : httpRequest;
  return await new Promise((resolve, reject) => {
    const request = send(url, {
      headers: { "accept-encoding": "identity", "user-agent": "ace-node", ...headers },
      agent: agent ?? false,
      ...(at === undefined ? {} : { lookup: lookupOf(at) }),
      signal,
    });
    const timer = setTimeout(() => {
      request.destroy(unreachable(url.href, "no answer in time"));
    }, firstByteMs);
    request.on("response", (response) => {
      clearTimeout(timer);
      resolve(response);
    });
    request.on("error", (cause) => {
      clearTimeout(timer);
      reject(cause instanceof AceError ? cause : unreachable(url.href, cause.message));
    });
    request.setTimeout(WEB_STALL_MS, () => {
      request.destroy(unreachable(url.href, "it says nothing any more"));
    });
    request.end();
  });
}

/** The name leads to this address, whatever the resolver says now. */
export function lookupOf({ address, family }: PinnedAddress): LookupFunction {
  return (_name, options, done) => {
    if (options.all) done(null, [{ address, family }]);
    else done(null, address, family);
  };
}

export function unreachable(url: string, why: string): AceError {
  return new AceError("CONTENT_UNREACHABLE", `${url.slice(0, 200)}: ${why}`);
}
