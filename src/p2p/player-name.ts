/** How players name a content, and one of its files, in the query of an address. */
import { AceError } from "../lib/errors.ts";
import type { ContentName } from "./contents.ts";

/**
 * In the order in which they are looked at; `id` is an old name of `content_id`. Of several the first
 * one counts, and what is empty was not said: clients send all that they know.
 *
 * Source  docs.acestream.net, developers/start-playback.
 */
const KEYS = ["content_id", "id", "infohash", "url", "magnet"] as const;

type Key = (typeof KEYS)[number];

/** The content that is named. Errors `REQUEST_INVALID` for none, and for a wrong form. */
export function contentName(query: URLSearchParams): ContentName {
  const key = KEYS.find((known) => (query.get(known) ?? "") !== "");
  if (key === undefined) {
    const names = "content_id, infohash, url or magnet";
    throw new AceError("REQUEST_INVALID", `name one content: ${names}`);
  }
  const name = readName(key, query.get(key) ?? "");
  if (name !== undefined) return name;
  throw new AceError("REQUEST_INVALID", `${key} does not name a content of this network`);
}

/** The file that `_idx` names, by its place in the torrent; undefined leaves the choice to us. */
export function fileIndex(query: URLSearchParams): number | undefined {
  const text = query.get("_idx");
  // Players send -1 for "whichever".
  if (text === null || text === "" || text === "-1") return undefined;
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new AceError("REQUEST_INVALID", "_idx is the place of a file in the torrent, from 0");
}

/** Content ids have 64 characters; what has 40 is an infohash or a live stream, by any name. */
export function readName(key: Key, text: string): ContentName | undefined {
  const value = text.trim();
  if (key === "magnet") return /^magnet:\?/i.test(value) ? { kind: "magnet", value } : undefined;
  if (key === "url") return /^https?:\/\//i.test(value) ? { kind: "url", value } : undefined;
  const id = value.toLowerCase();
  if (/^[0-9a-f]{40}$/.test(id)) return { kind: "infohash", value: id };
  if (key !== "infohash" && /^[0-9a-f]{64}$/.test(id)) return { kind: "contentId", value: id };
  return undefined;
}
