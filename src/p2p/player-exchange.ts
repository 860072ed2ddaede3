/** One request of a player and how it is answered: JSON for scripts, errors as codes and sentences. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { AceError, isAceError } from "../lib/errors.ts";
import type { Events } from "../lib/events.ts";

export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly path: string;
  readonly query: URLSearchParams;
  /** Where the caller reaches us, such as `http://127.0.0.1:6878`: addresses in answers begin so. */
  readonly base: string;
  /** Aborted when the caller goes away before the answer is complete. */
  readonly gone: AbortSignal;
}

/** A refusal with the place where the licence is sold. */
export class OfferedFault extends Error {
  readonly fault: AceError;
  readonly offerUrl: string | undefined;

  constructor(fault: AceError, offerUrl: string | undefined) {
    super(fault.message, { cause: fault });
    this.fault = fault;
    this.offerUrl = offerUrl;
  }
}

export function replyJson(response: ServerResponse, status: number, body: object): void {
  replyText(response, {
    status,
    type: "application/json; charset=utf-8",
    text: JSON.stringify(body),
  });
}

export function replyText(
  response: ServerResponse,
  { status = 200, type, text }: { readonly status?: number; type: string; text: string },
): void {
  response.writeHead(status, {
    "content-type": type,
    "content-length": Buffer.byteLength(text),
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
  });
  response.end(response.req.method === "HEAD" ? undefined : text);
}

export function redirect(response: ServerResponse, location: string): void {
  response.writeHead(302, { location, "cache-control": "no-store" });
  response.end(response.req.method === "HEAD" ? undefined : location);
}

/** Answers with the fault; cuts the connection when an answer has begun already. */
export function refuse(events: Events, response: ServerResponse, error: unknown): void {
  const fault = error instanceof OfferedFault ? error.fault : error;
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  if (!isAceError(fault)) {
    const reason = fault instanceof Error ? fault.message : String(fault);
    events.warn("p2p.player_failed", { reason });
    replyJson(response, 500, { response: null, error: "INTERNAL" });
    return;
  }
  const { message, hint, status } = fault;
  const offerUrl = fault.offerUrl ?? (error instanceof OfferedFault ? error.offerUrl : undefined);
  replyJson(response, status, {
    response: null,
    error: wordOf(fault),
    code: fault.code,
    message,
    hint,
    ...(offerUrl === undefined ? {} : { offer_url: offerUrl }),
  });
}

/** Scripts compare `error`: this one has been written down by those who poll until a session ends. */
function wordOf({ code }: AceError): string {
  return code === "PLAYER_SESSION_OVER" ? "unknown playback session id" : code;
}

export function noSuchAddress(path: string): AceError {
  return new AceError("NOT_FOUND", `${path} is not an address of the player API`);
}
