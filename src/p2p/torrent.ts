/**
 * Torrents: made from files here, read from anybody's bytes.
 *
 * Units   Lengths and offsets are bytes. `infohash` is 40 hexadecimal characters; `contentId` is the
 *         SHA-256 of the same info dictionary, 64 of them: what contracts and catalogues name.
 * Range   At most `TORRENT_MAX_BYTES`, `PIECES_MAX` pieces of `PIECE_LENGTH_MIN` to
 *         `PIECE_LENGTH_MAX` bytes, `FILES_MAX` files.
 * Errors  `CONTENT_INVALID` for a torrent that breaks these; `FILE_UNREADABLE` for a missing file.
 * Source  BEP 3 (metainfo), BEP 12 (tiers of trackers), BEP 19 (`url-list`), BEP 27 (private).
 */
import { hash } from "node:crypto";
import createTorrent from "create-torrent";
import { concatBytes } from "../lib/bytes.ts";
import { AceError } from "../lib/errors.ts";
import { sha256Hex } from "../lib/hash.ts";
import {
  type Bencodable,
  type Bencoded,
  decodeBencode,
  decodeWithSpans,
  encodeBencode,
} from "./bencode.ts";
import { duplicateFolded, isSafeFileName } from "./file-names.ts";
import {
  FILES_MAX,
  PIECE_LENGTH_DEFAULT,
  PIECE_LENGTH_MAX,
  PIECE_LENGTH_MIN,
  PIECES_MAX,
  TORRENT_MAX_BYTES,
  TRACKERS_MAX,
  WEB_SEEDS_MAX,
} from "./limits.ts";

interface TorrentFile {
  /** Below the torrent's folder, with `/` between its parts. */
  readonly path: string;
  readonly offset: number;
  readonly length: number;
}

export interface Torrent {
  readonly infohash: string;
  readonly contentId: string;
  readonly name: string;
  readonly files: readonly TorrentFile[];
  readonly length: number;
  readonly pieceLength: number;
  /** SHA-1 of each piece. */
  readonly pieceHashes: readonly Uint8Array[];
  readonly announce: readonly string[];
  /** The same trackers in the order to try: within a tier each stands in for the one before. */
  readonly trackerTiers: readonly (readonly string[])[];
  /** HTTP servers that have the content too. One that ends in `/` is a folder. */
  readonly webSeeds: readonly string[];
  readonly isPrivate: boolean;
  /** The info dictionary as it was hashed: what a peer with a magnet link asks for. */
  readonly info: Uint8Array;
}

export interface MakeTorrentOptions {
  readonly announce: readonly string[];
  readonly name?: string;
  readonly webSeeds?: readonly string[];
  /** A power of two. */
  readonly pieceLength?: number;
  readonly private?: boolean;
  readonly onProgress?: (hashedBytes: number, totalBytes: number) => void;
}

const SHA1_BYTES = 20;

/** Hashes one file, or several under one name, and answers the bytes of the torrent. */
export async function makeTorrent(
  paths: string | readonly string[],
  options: MakeTorrentOptions,
): Promise<Uint8Array> {
  const { announce, name, onProgress } = options;
  const pieceLength = options.pieceLength ?? PIECE_LENGTH_DEFAULT;
  if (!isPieceLength(pieceLength)) throw invalid(`a piece length of ${pieceLength} bytes`);
  const settings = {
    pieceLength,
    announceList: announce.length === 0 ? [] : [announce],
    createdBy: "ace-node",
    ...(name === undefined ? {} : { name }),
    ...(options.webSeeds === undefined ? {} : { urlList: options.webSeeds }),
    ...(options.private === undefined ? {} : { private: options.private }),
    ...(onProgress === undefined ? {} : { onProgress }),
  };
  return await new Promise((resolve, reject) => {
    createTorrent(paths, settings, (cause, torrent) => {
      if (cause === null) {
        resolve(torrent);
        return;
      }
      reject(new AceError("FILE_UNREADABLE", `cannot read ${String(paths)}`, { cause }));
    });
  });
}

/** A torrent that was made here, with these web seeds and no others: they are no part of its infohash. */
export function withWebSeeds(bytes: Uint8Array, urls: readonly string[]): Uint8Array {
  const top = decodeBencode(bytes, TORRENT_MAX_BYTES);
  if (!(top instanceof Map)) throw invalid("no dictionary");
  return encodeBencode(new Map<string, Bencodable>([...top, ["url-list", urls]]));
}

export function readTorrent(bytes: Uint8Array): Torrent {
  const decoded = decodeWithSpans(bytes, TORRENT_MAX_BYTES);
  const span = decoded?.spans.get("info");
  const top = decoded?.value;
  if (span === undefined || !(top instanceof Map)) throw invalid("no info dictionary");
  const infoBytes = bytes.subarray(span.start, span.end);
  const info = dictionary(top.get("info"), "info");
  const name = fileName(info.get("name"));
  const files = readFiles(info, name);
  const length = files.reduce((sum, file) => sum + file.length, 0);
  const pieceLength = integer(info.get("piece length"), "piece length");
  if (!isPieceLength(pieceLength)) throw invalid(`a piece length of ${pieceLength} bytes`);
  const trackerTiers = readTrackers(top);
  return {
    infohash: hash("sha1", infoBytes, "hex"),
    contentId: sha256Hex(infoBytes),
    name,
    files,
    length,
    pieceLength,
    pieceHashes: readHashes(info.get("pieces"), Math.ceil(length / pieceLength)),
    announce: trackerTiers.flat(),
    trackerTiers,
    webSeeds: readWebSeeds(top.get("url-list")),
    isPrivate: info.get("private") === 1,
    info: Uint8Array.from(infoBytes),
  };
}

/** A torrent of which only the info dictionary is known, such as one that peers sent. */
export function torrentOfInfo(
  info: Uint8Array,
  found: { readonly trackers: readonly string[]; readonly webSeeds: readonly string[] },
): Torrent {
  const torrent = readTorrent(concatBytes(Buffer.from("d4:info"), info, Buffer.from("e")));
  const { trackers, webSeeds } = found;
  const trackerTiers = trackers.slice(0, TRACKERS_MAX).map((url) => [url]);
  return { ...torrent, announce: trackerTiers.flat(), trackerTiers, webSeeds };
}

/** The length of piece `index`: only the last may be shorter. */
export function pieceSize(torrent: Torrent, index: number): number {
  return Math.min(torrent.pieceLength, torrent.length - index * torrent.pieceLength);
}

export function isPieceGood(torrent: Torrent, index: number, piece: Uint8Array): boolean {
  const expected = torrent.pieceHashes[index];
  return expected !== undefined && hash("sha1", piece, "hex") === expected.toHex();
}

function readFiles(info: ReadonlyMap<string, Bencoded>, name: string): readonly TorrentFile[] {
  const single = info.get("length");
  if (single !== undefined) {
    return [{ path: name, offset: 0, length: fileLength(single) }];
  }
  const list = info.get("files");
  if (!Array.isArray(list) || list.length === 0 || list.length > FILES_MAX) {
    throw invalid("its list of files");
  }
  let offset = 0;
  const files = list.map((item): TorrentFile => {
    const entry = dictionary(item, "a file");
    const length = integer(entry.get("length"), "a file's length");
    const parts = entry.get("path");
    if (length < 0 || !Array.isArray(parts) || parts.length === 0) throw invalid("a file's path");
    const file = { path: parts.map(fileName).join("/"), offset, length };
    offset += length;
    return file;
  });
  if (offset < 1 || !Number.isSafeInteger(offset)) throw invalid("its length");
  const twice = duplicateFolded(files.map((file) => file.path));
  if (twice !== undefined) throw invalid(`"${twice}", which it holds twice`);
  return files;
}

function readHashes(value: Bencoded | undefined, pieces: number): readonly Uint8Array[] {
  if (!(value instanceof Uint8Array)) throw invalid("its piece hashes");
  if (pieces > PIECES_MAX || value.length !== pieces * SHA1_BYTES) {
    throw invalid(`${value.length} bytes of hashes for ${pieces} pieces`);
  }
  return Array.from({ length: pieces }, (_, index) =>
    Uint8Array.from(value.subarray(index * SHA1_BYTES, (index + 1) * SHA1_BYTES)),
  );
}

function readTrackers(top: ReadonlyMap<string, Bencoded>): readonly (readonly string[])[] {
  const listed = top.get("announce-list");
  const tiers = Array.isArray(listed) ? listed : [top.get("announce")];
  const known = new Set<string>();
  const read = tiers.map((tier: Bencoded | undefined) =>
    readUrls(tier).filter((url) => {
      if (known.has(url) || known.size >= TRACKERS_MAX) return false;
      known.add(url);
      return true;
    }),
  );
  return read.filter((tier) => tier.length > 0);
}

function readWebSeeds(value: Bencoded | undefined): readonly string[] {
  const http = readUrls(value).filter((url) => /^https?:/.test(url));
  return [...new Set(http)].slice(0, WEB_SEEDS_MAX);
}

/** One address, or a list of them. */
function readUrls(value: Bencoded | undefined): readonly string[] {
  const list: readonly (Bencoded | undefined)[] = Array.isArray(value) ? value : [value];
  const urls = list.map((url) => (url instanceof Uint8Array ? (utf8(url) ?? "") : ""));
  return urls.filter((url) => URL.canParse(url));
}

function dictionary(value: Bencoded | undefined, what: string): ReadonlyMap<string, Bencoded> {
  if (value instanceof Map) return value;
  throw invalid(`${what} is not a dictionary`);
}

function integer(value: Bencoded | undefined, what: string): number {
  if (typeof value === "number") return value;
  throw invalid(`${what} is not a number`);
}

function fileLength(value: Bencoded): number {
  const length = integer(value, "its length");
  if (length < 1) throw invalid(`a length of ${length} bytes`);
  return length;
}

function fileName(value: Bencoded | undefined): string {
  const text = value instanceof Uint8Array ? utf8(value) : undefined;
  if (text !== undefined && isSafeFileName(text)) return text;
  throw invalid("a file name that is not safe on every system");
}

function utf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function isPieceLength(length: number): boolean {
  const inRange = length >= PIECE_LENGTH_MIN && length <= PIECE_LENGTH_MAX;
  return inRange && Number.isInteger(Math.log2(length));
}

function invalid(what: string): AceError {
  return new AceError("CONTENT_INVALID", `the torrent is refused: ${what}`);
}
