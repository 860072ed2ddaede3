/**
 * HLS for players: playlists, segments, parts of live ones, and the keys of encrypted packages.
 *
 * A live list has parts beside its segments, and may be asked for with what it has to have
 * (`_HLS_msn`, `_HLS_part`); players that know neither read it as any other. A key is given to this
 * machine's own programs only, and never kept by a cache.
 */
import { once } from "node:events";
import { AceError } from "../lib/errors.ts";
import { HLS_WAITING_MAX } from "./hls-limits.ts";
import type { HlsWanted } from "./hls-list.ts";
import type { Part } from "./hls-segment.ts";
import type { LiveMedia, PackageMedia } from "./media.ts";
import type { Exchange } from "./player-exchange.ts";
import { replyText } from "./player-exchange.ts";
import { sendFile } from "./player-file.ts";
import { isNear } from "./player-guard.ts";
import type { PlayerMeter } from "./player-meter.ts";
import type { PlayerSession } from "./player-session.ts";

const PLAYLIST_TYPE = "application/vnd.apple.mpegurl";
const SEGMENT_TYPE = "video/mp2t";

/** The number of a live or packaged segment, and of a part of it. */
export interface SegmentName {
  readonly number: number;
  readonly part: number | undefined;
}

export async function sendPlaylist(session: PlayerSession, exchange: Exchange): Promise<void> {
  const { id, media } = session;
  const { base, response } = exchange;
  const segmentUrl = (number: number) => `${base}/ace/c/${id}/${number}.ts`;
  if (media.kind === "film") throw notHls(session);
  const text =
    media.kind === "live"
      ? await livePlaylist(session, media, exchange)
      : media.writePlaylist({
          segmentUrl,
          keyUrl: (epoch) => `${base}/ace/key/${media.infohash}/${epoch}?s=${id}`,
        });
  replyText(response, { type: PLAYLIST_TYPE, text });
}

export async function sendSegment(
  session: PlayerSession,
  { number, part }: SegmentName,
  exchange: Exchange,
  meter: PlayerMeter,
): Promise<void> {
  const { media } = session;
  if (media.kind === "live") {
    await sendChunks(session, await livePart(session, media, { number, part }, exchange), exchange);
  } else if (media.kind === "package" && part === undefined)
    await sendPackaged(session, media, number, { exchange, meter });
  else throw notHls(session);
}

export async function sendKey(
  session: PlayerSession,
  wanted: { readonly infohash: string; readonly epoch: number },
  { request, response, gone }: Exchange,
): Promise<void> {
  const { media } = session;
  if (!isNear(request)) {
    throw new AceError("FORBIDDEN", "keys are given to programs of this machine only");
  }
  if (media.kind !== "package" || media.infohash !== wanted.infohash) {
    throw new AceError("NOT_FOUND", "this session has no such key");
  }
  const key = await media.key(wanted.epoch, gone);
  response.writeHead(200, {
    "content-type": "application/octet-stream",
    "content-length": key.length,
    "cache-control": "no-store",
  });
  response.end(request.method === "HEAD" ? undefined : key);
}

async function sendPackaged(
  session: PlayerSession,
  { segments }: PackageMedia,
  number: number,
  { exchange, meter }: { readonly exchange: Exchange; readonly meter: PlayerMeter },
): Promise<void> {
  const segment = segments[number];
  if (segment === undefined) throw new AceError("NOT_FOUND", `there is no segment ${number}`);
  await sendFile(session, segment, exchange, meter);
}

async function livePlaylist(
  session: PlayerSession,
  { hls }: LiveMedia,
  { base, query, gone }: Exchange,
): Promise<string> {
  const { id, isLowLatency } = session;
  const place = `${base}/ace/c/${id}`;
  const either = AbortSignal.any([session.signal, gone]);
  const segmentUrl = ({ number }: { readonly number: number }) => `${place}/${number}.ts`;
  if (!isLowLatency) return await hls.playlist(segmentUrl, either);
  const partUrl = (number: number, part: number) => `${place}/${number}.${part}.ts`;
  const wanted = wantedOf(query);
  if (wanted === undefined) return await hls.playlist(segmentUrl, either, { partUrl });
  return await waiting(session, () => hls.playlist(segmentUrl, either, { partUrl, wanted }));
}

async function livePart(
  session: PlayerSession,
  { hls }: LiveMedia,
  { number, part }: SegmentName,
  { gone }: Exchange,
): Promise<Part> {
  if (part === undefined) return hls.segment(number);
  const either = AbortSignal.any([session.signal, gone]);
  return await waiting(session, () => hls.part(number, part, either));
}

/** A player waits for a few things at once; more would only fill the engine. */
async function waiting<T>(session: PlayerSession, work: () => Promise<T>): Promise<T> {
  if (session.waiting >= HLS_WAITING_MAX) {
    const what = `${HLS_WAITING_MAX} requests of this player wait already`;
    throw new AceError("PLAYLIST_LATE", what);
  }
  session.waiting += 1;
  try {
    return await work();
  } finally {
    session.waiting -= 1;
  }
}

/** What the list is to have before it is sent. */
function wantedOf(query: URLSearchParams): HlsWanted | undefined {
  const [number, part] = ["_HLS_msn", "_HLS_part"].map((name) => {
    const text = query.get(name);
    if (text === null) return undefined;
    if (/^\d{1,9}$/.test(text)) return Number(text);
    throw new AceError("REQUEST_INVALID", `${name} is a number of the playlist`);
  });
  if (number !== undefined) return { number, part };
  if (part === undefined) return undefined;
  throw new AceError("REQUEST_INVALID", "_HLS_part needs _HLS_msn");
}

async function sendChunks(
  session: PlayerSession,
  { chunks, sizeBytes, lastSeq, captureMs, durationMs }: Part,
  { request, response, gone }: Exchange,
): Promise<void> {
  response.writeHead(200, {
    "content-type": SEGMENT_TYPE,
    "content-length": sizeBytes,
    "cache-control": "no-store",
  });
  if (request.method === "HEAD") {
    response.end();
    return;
  }
  session.playhead.at = { seq: lastSeq, captureMs: captureMs + durationMs };
  const either = AbortSignal.any([session.signal, gone]);
  for (const chunk of chunks) {
    session.sentBytes += chunk.length;
    if (!response.write(chunk)) await once(response, "drain", { signal: either });
  }
  response.end();
}

function notHls({ media }: PlayerSession): AceError {
  return new AceError("REQUEST_INVALID", `"${media.title}" is a file: it has no playlist`);
}
