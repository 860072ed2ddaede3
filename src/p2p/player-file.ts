/**
 * Sends a film, or a range of it, to a player.
 *
 * The status is sent only after the first bytes are here: a content that cannot be reached is an
 * error a player can show, not a film that never starts.
 *
 * Source  RFC 9110: ranges (14), `ETag` and preconditions (13).
 */
import { once } from "node:events";
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import { AceError } from "../lib/errors.ts";
import type { PlayerSession } from "./player-session.ts";
import { type RangeAnswer, readRange } from "./range.ts";

export async function sendFile(
  session: PlayerSession,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { content } = session;
  const etag = `"${content.infohash}"`;
  const headers = {
    "accept-ranges": "bytes",
    "content-type": content.mime,
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    etag,
  };
  if (request.headers["if-none-match"] === etag) {
    response.writeHead(304, headers).end();
    return;
  }
  const range = wantedRange(request, etag, content.length);
  if (range.kind === "outside") {
    response.setHeader("content-range", `bytes */${content.length}`);
    throw new AceError("RANGE_INVALID", `the file has ${content.length} bytes`);
  }
  const { offset, length } = range.kind === "part" ? range : { offset: 0, length: content.length };
  const isPart = range.kind === "part";
  const contentRange = `bytes ${offset}-${offset + length - 1}/${content.length}`;
  const sent = {
    ...headers,
    "content-length": length,
    ...(isPart ? { "content-range": contentRange } : {}),
  };
  const status = isPart ? 206 : 200;
  if (request.method === "HEAD") {
    response.writeHead(status, sent).end();
    return;
  }
  await sendBytes(session, response, { status, headers: sent, offset, length });
}

function wantedRange(request: IncomingMessage, etag: string, length: number): RangeAnswer {
  const condition = request.headers["if-range"];
  // A player that holds part of another version must get the whole of this one.
  if (condition !== undefined && condition !== etag) return { kind: "whole" };
  return readRange(request.headers.range, length);
}

async function sendBytes(
  { content, signal }: PlayerSession,
  response: ServerResponse,
  part: {
    readonly status: number;
    readonly headers: OutgoingHttpHeaders;
    readonly offset: number;
    readonly length: number;
  },
): Promise<void> {
  const gone = new AbortController();
  const leave = () => gone.abort();
  response.on("close", leave);
  const either = AbortSignal.any([signal, gone.signal]);
  try {
    for await (const bytes of content.read(part.offset, part.length, either)) {
      if (!response.headersSent) response.writeHead(part.status, part.headers);
      // One piece at a time: a slow player holds back its own reading, nothing piles up.
      if (!response.write(bytes)) await once(response, "drain", { signal: either });
    }
    response.end();
  } catch (error) {
    if (!gone.signal.aborted) throw error;
  } finally {
    response.off("close", leave);
  }
}
