/**
 * Resume records: which pieces of a store were verified, and how its files were at that time.
 *
 * A record is written beside the one before and then takes its name, so that there is always a whole
 * one; its own hash shows a damaged one.
 *
 * Units   Nanoseconds and milliseconds since 1970, as the names say.
 * Range   At most `RESUME_RECORD_MAX_BYTES`.
 * Source  docs/spec/resume.md; test/vectors/p2p/resume.json holds an example.
 */
import { open, readFile, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { compareBytes, concatBytes } from "../lib/bytes.ts";
import { sha256Hex } from "../lib/hash.ts";
import { type Bencodable, type Bencoded, decodeBencode, encodeBencode } from "./bencode.ts";
import { Bitfield } from "./bitfield.ts";
import { RESUME_RECORD_MAX_BYTES } from "./limits.ts";
import { type FileStamp, storeFault } from "./piece-store.ts";
import type { Torrent } from "./torrent.ts";

export interface ResumeRecord {
  readonly pieces: Bitfield;
  readonly stamps: readonly FileStamp[];
  /** The session that wrote it goes on, or was killed: files may have changed a little since. */
  readonly isOpen: boolean;
  readonly savedMs: number;
}

const VERSION = 1;
const HASH_BYTES = 32;

export function encodeResume(torrent: Torrent, record: ResumeRecord): Uint8Array {
  const body = encodeBencode(
    new Map<string, Bencodable>([
      ["files", record.stamps.map(({ size, changedNs }) => [size, String(changedNs)])],
      ["infohash", Buffer.from(torrent.infohash, "hex")],
      ["layout", layoutOf(torrent)],
      ["open", record.isOpen ? 1 : 0],
      ["pieces", record.pieces.toBytes()],
      ["saved", record.savedMs],
      ["v", VERSION],
    ]),
  );
  return concatBytes(body, hashOf(body));
}

/** Undefined for anything but a whole record of this torrent. */
export function decodeResume(torrent: Torrent, bytes: Uint8Array): ResumeRecord | undefined {
  const end = bytes.length - HASH_BYTES;
  if (end < 0) return undefined;
  const body = bytes.subarray(0, end);
  if (compareBytes(hashOf(body), bytes.subarray(end)) !== 0) return undefined;
  const fields = decodeBencode(body, RESUME_RECORD_MAX_BYTES);
  if (!(fields instanceof Map) || fields.get("v") !== VERSION) return undefined;
  const same = (name: string, expected: Uint8Array) => {
    const value: Bencoded | undefined = fields.get(name);
    return value instanceof Uint8Array && compareBytes(value, expected) === 0;
  };
  if (!same("infohash", Buffer.from(torrent.infohash, "hex"))) return undefined;
  if (!same("layout", layoutOf(torrent))) return undefined;
  const bits: Bencoded | undefined = fields.get("pieces");
  const isBits = bits instanceof Uint8Array;
  const pieces = isBits ? Bitfield.read(bits, torrent.pieceHashes.length) : undefined;
  const stamps = readStamps(fields.get("files"));
  const savedMs: Bencoded | undefined = fields.get("saved");
  if (pieces === undefined || stamps === undefined || typeof savedMs !== "number") return undefined;
  return { pieces, stamps, isOpen: fields.get("open") !== 0, savedMs };
}

export async function loadResume(
  torrent: Torrent,
  path: string,
): Promise<ResumeRecord | undefined> {
  const bytes = await readFile(path).catch(() => undefined);
  return bytes === undefined ? undefined : decodeResume(torrent, Uint8Array.from(bytes));
}

export async function saveResume(path: string, bytes: Uint8Array): Promise<void> {
  const next = `${path}.next`;
  try {
    {
      await using file = await open(next, "w");
      await file.writeFile(bytes);
      await file.sync();
    }
    await rename(next, path);
    await using folder = await open(dirname(path), "r");
    await folder.sync();
  } catch (cause) {
    await rm(next, { force: true }).catch(() => {});
    throw storeFault(path, cause);
  }
}

/** Names and lengths of the files: a record is of no use for another layout of the same bytes. */
function layoutOf({ files, pieceLength }: Torrent): Uint8Array {
  const lines = files.map(({ path, length }) => `${length} ${path}`);
  return hashOf(Buffer.from([pieceLength, ...lines].join("\n")));
}

function readStamps(list: Bencoded | undefined): readonly FileStamp[] | undefined {
  if (!Array.isArray(list)) return undefined;
  const stamps: FileStamp[] = [];
  for (const item of list) {
    const [size, changed]: readonly unknown[] = Array.isArray(item) ? item : [];
    if (typeof size !== "number" || !(changed instanceof Uint8Array)) return undefined;
    const digits = Buffer.from(changed).toString("latin1");
    if (!/^\d{1,20}$/.test(digits)) return undefined;
    stamps.push({ size, changedNs: BigInt(digits) });
  }
  return stamps;
}

function hashOf(bytes: Uint8Array): Uint8Array {
  return Uint8Array.fromHex(sha256Hex(bytes));
}
