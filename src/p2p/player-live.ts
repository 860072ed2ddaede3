/**
 * A live stream as one endless response of MPEG-TS.
 *
 * A player that does not keep up is not waited for: what it cannot take is left out from the next
 * place a player can begin at, so that it is late by seconds and never by minutes. Where it goes on elsewhere
 * the stream says that it does not join on.
 *
 * Errors  `CONTENT_UNREACHABLE` when no piece comes; `REQUEST_INVALID` for a position of a wrong form.
 */
import type { ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { AceError } from "../lib/errors.ts";
import { LIVE_BEHIND_MS, STALL_MS } from "./limits.ts";
import type { LivePiece, LiveStream } from "./live-port.ts";
import type { Engine, Patience } from "./player-engine.ts";
import type { Exchange } from "./player-exchange.ts";
import type { PlayerMeter } from "./player-meter.ts";
import type { PlayerSession } from "./player-session.ts";
import type { Place, Playhead } from "./playhead.ts";
import { TsSeam } from "./ts-seam.ts";

const newest: Place = { behindMs: LIVE_BEHIND_MS };
const FULL_POLL_MS = 50;

const headers = {
  "content-type": "video/mp2t",
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
  "accept-ranges": "none",
};

export async function sendLive(
  session: PlayerSession,
  stream: LiveStream,
  exchange: Exchange,
  engine: Engine,
): Promise<void> {
  const { request, response, query, gone } = exchange;
  let place: Place | undefined = placeOf(query);
  const seam = new TsSeam();
  if (request.method === "HEAD") {
    response.writeHead(200, headers).end();
    return;
  }
  const over = AbortSignal.any([session.signal, gone]);
  try {
    while (place !== undefined) {
      place = await sendFrom(session, stream, { place, response, engine, over, seam });
    }
    response.end();
  } catch (error) {
    if (!gone.aborted) throw error;
  }
}

interface Sending {
  readonly place: Place;
  readonly response: ServerResponse;
  readonly engine: Engine;
  readonly over: AbortSignal;
  /** Of the whole response: what follows a move does not join on to what was sent before. */
  readonly seam: TsSeam;
}

/** Sends until the stream ends, and then answers nothing, or until the player goes on elsewhere. */
async function sendFrom(
  session: PlayerSession,
  stream: LiveStream,
  { place, response, engine, over, seam }: Sending,
): Promise<Place | undefined> {
  const turn = new AbortController();
  void session.playhead.next().then((elsewhere) => turn.abort(new Elsewhere(elsewhere)));
  const signal = AbortSignal.any([over, turn.signal]);
  const stall = setTimeout(() => turn.abort(unreachable(stream)), STALL_MS);
  let isSeam = response.headersSent;
  try {
    for await (const piece of stream.pieces(place, signal)) {
      clearTimeout(stall);
      signal.throwIfAborted();
      measure(engine.meter, session.playhead.at, piece);
      send(session, { ...piece, bytes: seam.join(piece.bytes, isSeam) }, response);
      isSeam = false;
      if (await isLate(response, engine.patience, signal)) return newest;
    }
    signal.throwIfAborted();
    return undefined;
  } catch (error) {
    const reason = over.aborted ? undefined : turn.signal.reason;
    // It may have been told to go on elsewhere again while this output was being left.
    if (reason instanceof Elsewhere) return session.playhead.sought ?? reason.place;
    throw reason ?? error;
  } finally {
    clearTimeout(stall);
  }
}

class Elsewhere extends Error {
  readonly place: Place;

  constructor(place: Place) {
    super("the player goes on elsewhere");
    this.place = place;
  }
}

/** One piece a second is enough to know how far behind a player is. */
function measure(meter: PlayerMeter, at: Playhead["at"], { seq, captureMs }: LivePiece): void {
  const isNewSecond = Math.floor((at?.captureMs ?? 0) / 1_000) !== Math.floor(captureMs / 1_000);
  if (isNewSecond) meter.liveLatency(Math.max(0, Date.now() - captureMs) / 1_000);
  if (at !== undefined && seq > at.seq + 1) meter.skipped(seq - at.seq - 1);
}

function send(session: PlayerSession, piece: LivePiece, response: ServerResponse): void {
  if (!response.headersSent) response.writeHead(200, headers);
  response.write(piece.bytes);
  session.sentBytes += piece.bytes.length;
  session.playhead.passed(piece);
}

/** Waits until the player has room again; true when that took too long to go on where it was. */
async function isLate(
  response: ServerResponse,
  { bufferBytes, lateMs, goneMs }: Patience,
  signal: AbortSignal,
): Promise<boolean> {
  const sinceMs = performance.now();
  while (response.writableLength > bufferBytes) {
    if (performance.now() - sinceMs > goneMs) {
      throw new AceError("PLAYER_SESSION_OVER", `the player took nothing for ${goneMs} ms`);
    }
    await sleep(FULL_POLL_MS, undefined, { signal });
  }
  return performance.now() - sinceMs > lateMs;
}

/** `pos` is a place in the window, in Unix seconds as `livepos` has them; 0 and -1 mean now. */
function placeOf(query: URLSearchParams): Place {
  const text = query.get("pos");
  if (text === null || text === "0" || text === "-1") return newest;
  if (/^\d{1,12}(?:\.\d{1,3})?$/.test(text)) return { fromMs: Number(text) * 1_000 };
  throw new AceError("REQUEST_INVALID", "pos is a time of the stream in Unix seconds");
}

function unreachable({ title }: LiveStream): AceError {
  return new AceError(
    "CONTENT_UNREACHABLE",
    `nothing of "${title}" arrived in ${STALL_MS / 1_000} s`,
  );
}
