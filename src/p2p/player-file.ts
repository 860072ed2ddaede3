/**
 * Sends a film, or a range of it, to a player.
 *
 * The status is sent only after the first bytes are here: a content that cannot be reached is an
 * error a player can show, not a film that never starts.
 *
 * Source  RFC 9110: ranges (14), `ETag` and preconditions (13). DLNA headers as televisions ask.
 */
import type { IncomingMessage, OutgoingHttpHeaders } from "node:http";
import { AceError } from "../lib/errors.ts";
import type { MediaFile } from "./media.ts";
import type { Exchange } from "./player-exchange.ts";
import type { PlayerMeter } from "./player-meter.ts";
import type { PlayerSession } from "./player-session.ts";
import { type RangeAnswer, readRange } from "./range.ts";
import { sendBytes } from "./send-bytes.ts";

/** Shorter waits are nothing that a player shows. */
const STALL_S_MIN = 0.25;

export async function sendFile(
  session: PlayerSession,
  file: MediaFile,
  exchange: Exchange,
  meter: PlayerMeter,
): Promise<void> {
  const { request, response } = exchange;
  const etag = `"${session.media.infohash}-${file.index}"`;
  const headers = {
    "accept-ranges": "bytes",
    "content-type": file.mime,
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    etag,
    ...dlnaHeaders(request),
  };
  if (request.headers["if-none-match"] === etag) {
    response.writeHead(304, headers).end();
    return;
  }
  const range = wantedRange(request, etag, file.length);
  if (range.kind === "outside") {
    response.setHeader("content-range", `bytes */${file.length}`);
    throw new AceError("RANGE_INVALID", `the file has ${file.length} bytes`);
  }
  const { offset, length } = range.kind === "part" ? range : { offset: 0, length: file.length };
  const isPart = range.kind === "part";
  const contentRange = `bytes ${offset}-${offset + length - 1}/${file.length}`;
  const sent = {
    ...headers,
    "content-length": length,
    ...(isPart ? { "content-range": contentRange } : {}),
  };
  const status = isPart ? 206 : 200;
  if (request.method === "HEAD" || length === 0) {
    response.writeHead(status, sent).end();
    return;
  }
  const part = { status, headers: sent, offset, length };
  await sendPart(session, file, exchange, { ...part, meter });
}

function wantedRange(request: IncomingMessage, etag: string, length: number): RangeAnswer {
  const condition = request.headers["if-range"];
  // A player that holds part of another version must get the whole of this one.
  if (condition !== undefined && condition !== etag) return { kind: "whole" };
  return readRange(request.headers.range, length);
}

/** Televisions that ask seek by bytes and need to be told that they may. */
function dlnaHeaders({ headers }: IncomingMessage): OutgoingHttpHeaders {
  const mode = headers["transfermode.dlna.org"];
  if (mode === undefined && headers["getcontentfeatures.dlna.org"] === undefined) return {};
  return {
    "transferMode.dlna.org": "Streaming",
    "contentFeatures.dlna.org":
      "DLNA.ORG_OP=01;DLNA.ORG_CI=0;DLNA.ORG_FLAGS=01700000000000000000000000000000",
  };
}

interface Part {
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;
  readonly offset: number;
  readonly length: number;
}

async function sendPart(
  session: PlayerSession,
  file: MediaFile,
  { response, gone }: Exchange,
  { meter, ...part }: Part & { readonly meter: PlayerMeter },
): Promise<void> {
  const either = AbortSignal.any([session.signal, gone]);
  let waitingSinceMs = performance.now();
  try {
    for await (const bytes of file.read(part.offset, part.length, either, "lent")) {
      const waitedS = (performance.now() - waitingSinceMs) / 1_000;
      if (!response.headersSent) {
        meter.firstByte(waitedS);
        response.writeHead(part.status, part.headers);
      } else if (waitedS > STALL_S_MIN) meter.stalled(waitedS);
      session.sentBytes += bytes.length;
      // One piece at a time: a slow player holds back its own reading, nothing piles up.
      await sendBytes(response, bytes, either);
      waitingSinceMs = performance.now();
    }
    response.end();
  } catch (error) {
    if (!gone.aborted) throw error;
  }
}
