/**
 * Bytes of a torrent as its web seeds hold them: which part of which file, and whether an answer is it.
 *
 * Units   Bytes.
 * Source  BEP 19 (addresses), RFC 9110 section 14 (ranges).
 */
import type { Torrent } from "./torrent.ts";
import type { WebAnswer } from "./web-request.ts";

export interface WebRange {
  readonly url: string;
  /** Where in the file, and how much. */
  readonly offset: number;
  readonly length: number;
  readonly fileLength: number;
}

/** The ranges, file by file, of `length` bytes from `offset` of the torrent on. */
export function webRanges(
  torrent: Torrent,
  base: string,
  run: { readonly offset: number; readonly length: number },
): readonly WebRange[] {
  const end = run.offset + run.length;
  return torrent.files.flatMap((file) => {
    const from = Math.max(run.offset, file.offset);
    const to = Math.min(end, file.offset + file.length);
    if (from >= to) return [];
    const url = fileUrl(torrent, base, file.path);
    return [{ url, offset: from - file.offset, length: to - from, fileLength: file.length }];
  });
}

/** A single file is the address itself, or in the folder that the address is; several are in a folder. */
export function fileUrl(torrent: Torrent, base: string, path: string): string {
  const isSingle = torrent.files.length === 1 && path === torrent.name;
  if (isSingle && !base.endsWith("/")) return base;
  const folder = base.endsWith("/") ? base : `${base}/`;
  const parts = isSingle ? [path] : [torrent.name, ...path.split("/")];
  return `${folder}${parts.map(encodeURIComponent).join("/")}`;
}

export function rangeHeader({ offset, length }: WebRange): string {
  return `bytes=${offset}-${offset + length - 1}`;
}

/** Undefined when the answer is exactly the range; otherwise what is wrong with it. */
export function faultOf(range: WebRange, { status, headers }: WebAnswer): string | undefined {
  const { "content-encoding": encoding = "identity", "content-length": length } = headers;
  if (encoding !== "identity") return "it is compressed";
  if (length !== undefined && Number(length) !== range.length) {
    return `${String(length)} bytes instead of ${range.length}`;
  }
  // A server without ranges may answer the whole file, when that is what is asked for.
  if (status === 200 && range.length === range.fileLength) return undefined;
  if (status !== 206) return `it answered ${status}`;
  const { offset, fileLength } = range;
  const [, first, last, total] =
    /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(String(headers["content-range"])) ?? [];
  const isRight = Number(first) === offset && Number(last) === offset + range.length - 1;
  const isTotal = total === "*" || Number(total) === fileLength;
  return isRight && isTotal ? undefined : "its Content-Range is not what was asked for";
}
