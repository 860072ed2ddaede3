/**
 * Media: what a content is to players once it has been joined: a film, a package of HLS, or live.
 *
 * Units   Lengths and offsets are bytes of one file.
 */
import { AceError } from "../lib/errors.ts";
import type { ReadBytes } from "./cipher-file.ts";
import { HlsLive } from "./hls-live.ts";
import type { LiveStream } from "./live-port.ts";
import { mediaType } from "./media-type.ts";
import type { Swarm } from "./swarm-port.ts";
import type { SwarmStats } from "./swarm-stats.ts";

interface MediaBase extends AsyncDisposable {
  /** The torrent's, or the id of a live stream: 40 hexadecimal characters. */
  readonly infohash: string;
  readonly contentId: string;
  readonly title: string;
  readonly isEncrypted: boolean;
  stats(): SwarmStats;
  /** Resolves for who may watch, rejects with the reason for who may not. */
  ready(signal: AbortSignal): Promise<void>;
}

export interface MediaFile {
  /** Its place in the torrent. */
  readonly index: number;
  readonly name: string;
  readonly mime: string;
  readonly length: number;
  /** `offset` counts from the start of this file. */
  readonly read: ReadBytes;
}

export interface FilmMedia extends MediaBase {
  readonly kind: "film";
  readonly files: readonly MediaFile[];
}

export interface PackageMedia extends MediaBase {
  readonly kind: "package";
  readonly segments: readonly MediaFile[];
  writePlaylist(urls: {
    readonly segmentUrl: (index: number) => string;
    readonly keyUrl: (epoch: number) => string;
  }): string;
  key(epoch: number, signal: AbortSignal): Promise<Uint8Array>;
}

export interface LiveMedia extends MediaBase {
  readonly kind: "live";
  readonly stream: LiveStream;
  readonly hls: HlsLive;
}

export type Media = FilmMedia | PackageMedia | LiveMedia;

export interface FilmOptions {
  readonly title?: string;
  /** Of the longest file, when it is known better than by its name. */
  readonly mime?: string;
  /** Reads the bytes that the swarm carries enciphered; offsets of the whole torrent. */
  readonly plain?: ReadBytes;
  /** Fails for who gets no key. */
  readonly unlock?: (signal: AbortSignal) => Promise<void>;
}

export function filmMedia(swarm: Swarm, options: FilmOptions = {}): FilmMedia {
  const { infohash, contentId, name } = swarm.torrent;
  const { title = name, plain, unlock } = options;
  const files = filesOf(swarm, plain ?? ((...range) => swarm.read(...range)));
  const film = longest(files);
  return {
    kind: "film",
    infohash,
    contentId,
    title,
    isEncrypted: unlock !== undefined,
    files: files.map((file) =>
      file === film ? { ...file, mime: options.mime ?? file.mime } : file,
    ),
    stats: () => swarm.stats(),
    ready: async (signal) => {
      await swarm.ready(signal);
      await unlock?.(signal);
    },
    [Symbol.asyncDispose]: () => swarm[Symbol.asyncDispose](),
  };
}

export function liveMedia(stream: LiveStream, isEncrypted = false): LiveMedia {
  const hls = new HlsLive(stream);
  return {
    kind: "live",
    infohash: stream.streamId,
    contentId: stream.contentId,
    title: stream.title,
    isEncrypted,
    stream,
    hls,
    stats: () => stream.stats(),
    ready: (signal) => stream.ready(signal),
    [Symbol.asyncDispose]: async () => {
      await hls[Symbol.asyncDispose]();
      await stream[Symbol.asyncDispose]();
    },
  };
}

export function filesOf(swarm: Swarm, read: ReadBytes): readonly MediaFile[] {
  return swarm.torrent.files.map(({ path, offset, length }, index) => {
    const name = path.split("/").at(-1) ?? path;
    return {
      index,
      name,
      mime: mediaType(name),
      length,
      read: (from, ...range) => read(offset + from, ...range),
    };
  });
}

/** The file of this place in the torrent; without one the longest: the film among its subtitles. */
export function chooseFile({ files, infohash }: FilmMedia, index: number | undefined): MediaFile {
  if (index === undefined) return longest(files);
  const file = files.find((each) => each.index === index);
  if (file !== undefined) return file;
  throw new AceError("REQUEST_INVALID", `${infohash} has no file ${index}`);
}

function longest(files: readonly MediaFile[]): MediaFile {
  const [first, ...others] = files;
  if (first === undefined) throw new AceError("CONTENT_INVALID", "a torrent without a file");
  return others.reduce((best, next) => (next.length > best.length ? next : best), first);
}
