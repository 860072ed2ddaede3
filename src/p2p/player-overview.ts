/**
 * What an engine says of itself at `GET /v1/streams`: contents it has open, and who plays them.
 *
 * Units   Bytes, bytes a second; times are Unix milliseconds.
 */
import { z } from "zod";
import type { LiveWindow } from "./live-port.ts";
import type { Media } from "./media.ts";
import type { PlayerSession } from "./player-session.ts";
import { isSilent } from "./player-silence.ts";
import { playbackUrl } from "./player-stat.ts";

const counts = z.record(z.string(), z.number());

const ContentOverview = z.object({
  kind: z.enum(["film", "package", "live"]),
  title: z.string(),
  infohash: z.string(),
  contentId: z.string(),
  isEncrypted: z.boolean(),
  players: z.number(),
  peers: z.number(),
  pieces: z.number(),
  piecesHad: z.number(),
  bytesUp: z.number(),
  bytesDown: z.number(),
  bytesFromPeers: z.number(),
  bytesFromWebSeeds: z.number(),
  bytesUpPerS: z.number(),
  bytesDownPerS: z.number(),
  access: z.enum(["none", "waiting", "granted", "refused"]),
  accessCode: z.string().optional(),
  /** Wires that were closed, by reason: refusals at our gate among them. */
  closed: counts,
  /** Refusals at the gates of others, by code. */
  denied: counts,
  links: z.array(
    z.object({
      address: z.string(),
      isAdmitted: z.boolean(),
      account: z.string().optional(),
      admittedUntilS: z.number().optional(),
      bytesUp: z.number(),
      bytesDown: z.number(),
    }),
  ),
  /** Of a live stream: nothing of it comes any more, nor is anything new told of. */
  isSilent: z.boolean().optional(),
  /** Of a live stream: from where to where it can be watched now. */
  window: z
    .object({
      firstSeq: z.number(),
      lastSeq: z.number(),
      firstCaptureMs: z.number(),
      lastCaptureMs: z.number(),
    })
    .optional(),
});

const SessionOverview = z.object({
  id: z.string(),
  playbackUrl: z.string(),
  kind: z.enum(["film", "package", "live"]),
  title: z.string(),
  infohash: z.string(),
  file: z.object({ index: z.number(), name: z.string(), length: z.number() }).optional(),
  output: z.enum(["stream", "hls"]),
  caller: z.string(),
  startedAtMs: z.number(),
  sentBytes: z.number(),
  /** Of a live stream: the last piece that was given to the player. */
  position: z.object({ seq: z.number(), captureMs: z.number() }).optional(),
});

export const EngineOverviewSchema = z.object({
  version: z.string(),
  nowMs: z.number(),
  /** What all contents may do together, live streams too; a rate of 0 is without a limit. */
  limits: z
    .object({ uploadBytesPerS: z.number(), downloadBytesPerS: z.number(), peersMax: z.number() })
    .optional(),
  contents: z.array(ContentOverview),
  sessions: z.array(SessionOverview),
});

export type ContentOverview = z.infer<typeof ContentOverview>;
export type SessionOverview = z.infer<typeof SessionOverview>;
export type EngineOverview = z.infer<typeof EngineOverviewSchema>;

export function describeContent(
  media: Media,
  { players, nowMs }: { readonly players: number; readonly nowMs: number },
): ContentOverview {
  const { kind, title, infohash, contentId, isEncrypted } = media;
  const { bytesDownBySource, accessCode, closed, denied, links, ...stats } = media.stats();
  const window = kind === "live" ? media.stream.window() : undefined;
  return {
    kind,
    title,
    infohash,
    contentId,
    isEncrypted,
    players,
    peers: stats.peers,
    pieces: stats.pieces,
    piecesHad: stats.piecesHad,
    bytesUp: stats.bytesUp,
    bytesDown: stats.bytesDown,
    bytesFromPeers: bytesDownBySource.peer,
    bytesFromWebSeeds: bytesDownBySource.webseed,
    bytesUpPerS: Math.round(stats.bytesUpPerS),
    bytesDownPerS: Math.round(stats.bytesDownPerS),
    access: stats.access,
    ...(accessCode === undefined ? {} : { accessCode }),
    closed: { ...closed },
    denied: { ...denied },
    links: links.map(({ address, isAdmitted, account, admittedUntilS, bytesUp, bytesDown }) => ({
      address,
      isAdmitted,
      ...(account === undefined ? {} : { account }),
      ...(admittedUntilS === undefined ? {} : { admittedUntilS }),
      bytesUp,
      bytesDown,
    })),
    ...(kind === "live" ? { isSilent: isSilent(media, nowMs) } : {}),
    ...(window === undefined ? {} : { window: windowOf(window) }),
  };
}

function windowOf({ firstSeq, lastSeq, firstCaptureMs, lastCaptureMs }: LiveWindow) {
  return { firstSeq, lastSeq, firstCaptureMs, lastCaptureMs };
}

export function describePlayer(session: PlayerSession, base: string): SessionOverview {
  const { id, media, file, output, caller, startedAtMs, playhead, sentBytes } = session;
  return {
    id,
    playbackUrl: playbackUrl(session, base),
    kind: media.kind,
    title: media.title,
    infohash: media.infohash,
    ...(file === undefined
      ? {}
      : { file: { index: file.index, name: file.name, length: file.length } }),
    output,
    caller,
    startedAtMs,
    sentBytes,
    ...(playhead.at === undefined ? {} : { position: playhead.at }),
  };
}
