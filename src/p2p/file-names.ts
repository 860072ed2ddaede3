/**
 * File names out of torrents: written by strangers, used on our disk.
 *
 * Range   1 to `FILE_NAME_MAX_BYTES` bytes of UTF-8, one part of a path.
 * Source  The reserved names of Windows (Naming Files, Paths, and Namespaces); what POSIX forbids.
 */
import { FILE_NAME_MAX_BYTES } from "./limits.ts";

const DEVICE = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i;
/** Separators, what Windows refuses, and what changes how a name is shown. */
const FORBIDDEN = /[/\\:*?"<>|\p{Cc}\u200E\u200F\u202A-\u202E\u2066-\u2069]/u;

export function isSafeFileName(name: string): boolean {
  if (name === "" || name === "." || name === "..") return false;
  if (Buffer.byteLength(name, "utf8") > FILE_NAME_MAX_BYTES) return false;
  return !FORBIDDEN.test(name) && !DEVICE.test(name) && !/[. ]$/.test(name);
}

/** A path that names the same file as an earlier one, or as a folder on its way, on some system. */
export function duplicateFolded(paths: readonly string[]): string | undefined {
  const files = new Set<string>();
  const folders = new Set<string>();
  for (const path of paths) {
    const folded = path.normalize("NFC").toLowerCase();
    if (files.has(folded) || folders.has(folded)) return path;
    files.add(folded);
    const parts = folded.split("/");
    for (let end = 1; end < parts.length; end += 1) {
      const folder = parts.slice(0, end).join("/");
      if (files.has(folder)) return path;
      folders.add(folder);
    }
  }
  return undefined;
}
