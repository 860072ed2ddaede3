/**
 * An HLS package inside a torrent: its playlist read, and written anew for a player on this machine.
 *
 * A playlist is a stranger's text. Nothing of it is passed on: what is understood becomes data, and
 * players get a list made of our own addresses.
 *
 * Units   Durations are seconds; an offset counts from the start of the torrent.
 * Range   A playlist is at most `PLAYLIST_MAX_BYTES` and names at most `FILES_MAX` segments, each once,
 *         each a file of the torrent.
 * Errors  `CONTENT_INVALID` for what is not such a playlist.
 * Source  RFC 8216, section 4 (version 3) and 5.2: without an IV, a segment's number is it.
 */
import { AceError } from "../lib/errors.ts";
import { FILES_MAX, PLAYLIST_MAX_BYTES, SEGMENT_S_MAX } from "./limits.ts";
import type { Torrent } from "./torrent.ts";

export interface HlsPackage {
  readonly segments: readonly PackageSegment[];
  /** No segment is longer, rounded to the second. */
  readonly targetS: number;
}

export interface PackageSegment {
  readonly file: Torrent["files"][number];
  readonly durationS: number;
  /** Under the key of which epoch it is; undefined when it is not encrypted. */
  readonly epoch: number | undefined;
  /** The stream's clock does not go on from the segment before. */
  readonly isDiscontinuity: boolean;
}

/** Where a player finds the parts. */
export interface PackageUrls {
  readonly segmentUrl: (index: number) => string;
  readonly keyUrl: (epoch: number) => string;
}

const VERSION = 3;
const SHOWN_CHARS = 80;
const DISCONTINUITY = "#EXT-X-DISCONTINUITY";
/** The key of an epoch as the playlist in the torrent names it: no address, so no player takes it for one. */
const KEY_URI = /^ace-key:(0|[1-9]\d{0,9})$/;

export function readPackage(playlist: Uint8Array, torrent: Torrent): HlsPackage {
  if (playlist.length > PLAYLIST_MAX_BYTES) throw invalid("it is too long");
  const [first, ...lines] = textOf(playlist).split(/\r?\n/);
  if (first !== "#EXTM3U") throw invalid("it does not begin with #EXTM3U");
  const reader = new LineReader(torrent);
  for (const line of lines) reader.take(line);
  return packageOf(reader.segments);
}

export function packageOf(segments: readonly PackageSegment[]): HlsPackage {
  if (segments.length === 0 || segments.length > FILES_MAX) throw invalid("its count of segments");
  const longest = segments.reduce((most, segment) => Math.max(most, segment.durationS), 0);
  return { segments, targetS: Math.max(1, Math.round(longest)) };
}

class LineReader {
  readonly segments: PackageSegment[] = [];
  readonly #files: Map<string, PackageSegment["file"]>;
  #durationS: number | undefined;
  #epoch: number | undefined;
  #isDiscontinuity = false;

  constructor({ files }: Torrent) {
    this.#files = new Map(files.map((file) => [file.path, file]));
  }

  take(line: string): void {
    if (line.startsWith("#EXTINF:")) this.#durationS = durationOf(line);
    else if (line.startsWith("#EXT-X-KEY:")) this.#epoch = epochOf(line);
    else if (line === DISCONTINUITY) this.#isDiscontinuity = true;
    else if (line.startsWith("#EXT-X-MEDIA-SEQUENCE:")) requireFromZero(line);
    else if (line !== "" && !line.startsWith("#")) this.#segment(line);
  }

  #segment(path: string): void {
    const file = this.#files.get(path);
    const shown = path.slice(0, SHOWN_CHARS);
    if (file === undefined)
      throw invalid(`"${shown}" is not a file of the torrent, or named twice`);
    if (this.#durationS === undefined) throw invalid(`"${shown}" has no duration`);
    this.#files.delete(path);
    const durationS = this.#durationS;
    const isDiscontinuity = this.#isDiscontinuity;
    this.segments.push({ file, durationS, epoch: this.#epoch, isDiscontinuity });
    this.#durationS = undefined;
    this.#isDiscontinuity = false;
  }
}

/** The whole list, for players that decrypt by themselves. */
export function writePlaylist({ segments, targetS }: HlsPackage, urls: PackageUrls): string {
  const lines = [
    "#EXTM3U",
    `#EXT-X-VERSION:${VERSION}`,
    `#EXT-X-TARGETDURATION:${targetS}`,
    "#EXT-X-MEDIA-SEQUENCE:0",
    "#EXT-X-PLAYLIST-TYPE:VOD",
    "#EXT-X-INDEPENDENT-SEGMENTS",
  ];
  let before: number | undefined;
  for (const [index, { durationS, epoch, isDiscontinuity }] of segments.entries()) {
    if (isDiscontinuity) lines.push(DISCONTINUITY);
    if (epoch !== before) lines.push(keyLine(epoch, urls));
    before = epoch;
    lines.push(`#EXTINF:${durationS.toFixed(6)},`, urls.segmentUrl(index));
  }
  return `${[...lines, "#EXT-X-ENDLIST"].join("\n")}\n`;
}

/** The list that goes into the torrent, where a segment is named by its file. */
export function packagePlaylist(content: HlsPackage): string {
  return writePlaylist(content, {
    segmentUrl: (index) => content.segments[index]?.file.path ?? "",
    keyUrl: (epoch) => `ace-key:${epoch}`,
  });
}

function keyLine(epoch: number | undefined, urls: PackageUrls): string {
  return epoch === undefined
    ? "#EXT-X-KEY:METHOD=NONE"
    : `#EXT-X-KEY:METHOD=AES-128,URI="${urls.keyUrl(epoch)}"`;
}

function epochOf(line: string): number | undefined {
  if (line === "#EXT-X-KEY:METHOD=NONE") return undefined;
  const [, uri = ""] = /^#EXT-X-KEY:METHOD=AES-128,URI="([^"]*)"$/.exec(line) ?? [];
  const [, epoch] = KEY_URI.exec(uri) ?? [];
  if (epoch !== undefined) return Number(epoch);
  throw invalid("its key is not AES-128 with the number of the segment");
}

function durationOf(line: string): number {
  const [, text] = /^#EXTINF:(\d{1,5}(?:\.\d{1,9})?),/.exec(line) ?? [];
  const durationS = Number(text);
  if (text !== undefined && durationS <= SEGMENT_S_MAX) return durationS;
  throw invalid("the duration of a segment");
}

function requireFromZero(line: string): void {
  if (line !== "#EXT-X-MEDIA-SEQUENCE:0") throw invalid("its segments are not numbered from 0");
}

function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw invalid("it is not text");
  }
}

function invalid(what: string): AceError {
  return new AceError("CONTENT_INVALID", `the playlist of the package is refused: ${what}`);
}
