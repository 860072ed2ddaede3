/**
 * What a player is told of its session: how it goes, and where in a live stream it is.
 *
 * Units   `speed_down` and `speed_up` are KB a second; `downloaded` and `uploaded` bytes; the places of
 *         `livepos` are Unix seconds as text, as players have always been given them.
 * Source  docs.acestream.net, developers/start-playback: the fields and their types.
 */
import type { LiveMedia } from "./media.ts";
import type { PlayerSession } from "./player-session.ts";
import { isSilent } from "./player-silence.ts";
import type { SwarmStats } from "./swarm-stats.ts";

export function describeSession(session: PlayerSession, base: string, hasEvents: boolean) {
  const { id, media } = session;
  return {
    playback_url: playbackUrl(session, base),
    stat_url: `${base}/ace/stat/${id}`,
    command_url: `${base}/ace/cmd/${id}`,
    ...(hasEvents ? { event_url: `${base}/ace/event/${id}` } : {}),
    infohash: media.infohash,
    playback_session_id: id,
    is_live: media.kind === "live" ? 1 : 0,
    is_encrypted: media.isEncrypted ? 1 : 0,
    client_session_id: -1,
  };
}

export function playbackUrl({ id, media, file, output }: PlayerSession, base: string): string {
  if (media.kind === "film") return `${base}/ace/r/${id}/${encodeURIComponent(file?.name ?? "")}`;
  if (media.kind === "package" || output === "hls") return `${base}/ace/m/${id}.m3u8`;
  return `${base}/ace/r/${id}/live.ts`;
}

/** @param accessLeftS Seconds for which our right is told to be good, where there is a token of it. */
export function sessionStat(session: PlayerSession, accessLeftS?: number) {
  const { id, media, file } = session;
  const stats = media.stats();
  const live = media.kind === "live" ? livePosition(session, media) : undefined;
  return {
    status: session.isBuffered || session.sentBytes > 0 ? "dl" : "prebuf",
    peers: stats.peers,
    speed_down: Math.round(stats.bytesDownPerS / 1_000),
    speed_up: Math.round(stats.bytesUpPerS / 1_000),
    downloaded: stats.bytesDown,
    uploaded: stats.bytesUp,
    total_progress: media.kind === "live" ? 0 : percentOf(stats),
    infohash: media.infohash,
    playback_session_id: id,
    client_session_id: -1,
    is_live: media.kind === "live" ? 1 : 0,
    is_encrypted: media.isEncrypted ? 1 : 0,
    selected_file_index: file?.index ?? -1,
    ...(live ?? filmBuffer(stats)),
    ...(media.kind === "live" ? { is_silent: isSilent(media, Date.now()) ? 1 : 0 } : {}),
    p2p_share: peerShare(stats.bytesDownBySource),
    access: accessOf(stats, accessLeftS),
  };
}

function livePosition({ playhead }: PlayerSession, { stream }: LiveMedia) {
  const window = stream.window();
  if (window === undefined) return undefined;
  const { firstCaptureMs, lastCaptureMs, lastSeq } = window;
  const at = playhead.at ?? { seq: lastSeq, captureMs: lastCaptureMs };
  const [first, last] = [seconds(firstCaptureMs), seconds(lastCaptureMs)];
  return {
    livepos: {
      is_live: "1",
      pos: seconds(at.captureMs),
      live_first: first,
      live_last: last,
      first_ts: first,
      last_ts: last,
      last,
      buffer_pieces: String(Math.max(0, lastSeq - at.seq)),
    },
    buffer_ms: Math.max(0, Math.round(lastCaptureMs - at.captureMs)),
  };
}

/** A film says nothing of its own time: what is here is measured by how fast its player takes it. */
function filmBuffer({ bufferMs }: SwarmStats) {
  return bufferMs === undefined ? {} : { buffer_ms: bufferMs };
}

function accessOf({ access, accessCode }: SwarmStats, leftS: number | undefined) {
  const isTold = access === "granted" && leftS !== undefined;
  return {
    state: access,
    ...(accessCode === undefined ? {} : { code: accessCode }),
    ...(isTold ? { expires_in: Math.max(0, Math.floor(leftS)) } : {}),
  };
}

/** Part of what came from peers; 1 before anything came. */
function peerShare({ peer, webseed }: SwarmStats["bytesDownBySource"]): number {
  return peer + webseed === 0 ? 1 : peer / (peer + webseed);
}

function percentOf({ pieces, piecesHad }: SwarmStats): number {
  return pieces === 0 ? 0 : Math.floor((100 * piecesHad) / pieces);
}

function seconds(ms: number): string {
  return String(Math.floor(ms / 1_000));
}
