/**
 * HLS for players: playlists, segments, and the keys of encrypted packages.
 *
 * A key is given to this machine's own programs only, and never kept by a cache.
 */
import { once } from "node:events";
import { AceError } from "../lib/errors.ts";
import type { LiveMedia, PackageMedia } from "./media.ts";
import type { Exchange } from "./player-exchange.ts";
import { replyText } from "./player-exchange.ts";
import { sendFile } from "./player-file.ts";
import { isNear } from "./player-guard.ts";
import type { PlayerMeter } from "./player-meter.ts";
import type { PlayerSession } from "./player-session.ts";

const PLAYLIST_TYPE = "application/vnd.apple.mpegurl";
const SEGMENT_TYPE = "video/mp2t";

export async function sendPlaylist(session: PlayerSession, exchange: Exchange): Promise<void> {
  const { id, media } = session;
  const { base, response, gone } = exchange;
  const segmentUrl = (number: number) => `${base}/ace/c/${id}/${number}.ts`;
  if (media.kind === "film") throw notHls(session);
  const text =
    media.kind === "live"
      ? await media.hls.playlist(({ number }) => segmentUrl(number), gone)
      : media.writePlaylist({
          segmentUrl,
          keyUrl: (epoch) => `${base}/ace/key/${media.infohash}/${epoch}?s=${id}`,
        });
  replyText(response, { type: PLAYLIST_TYPE, text });
}

export async function sendSegment(
  session: PlayerSession,
  number: number,
  exchange: Exchange,
  meter: PlayerMeter,
): Promise<void> {
  const { media } = session;
  if (media.kind === "live") await sendLiveSegment(session, media, number, exchange);
  else if (media.kind === "package")
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

async function sendLiveSegment(
  session: PlayerSession,
  { hls }: LiveMedia,
  number: number,
  { request, response, gone }: Exchange,
): Promise<void> {
  const { chunks, sizeBytes, lastSeq, captureMs, durationMs } = hls.segment(number);
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
