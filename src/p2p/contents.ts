/**
 * Contents: what the player can open, and how many players share one swarm or live stream.
 *
 * Every play makes its own session; sessions of one content share it, and it is left when the last
 * has been gone for `SESSION_IDLE_MS`.
 *
 * Errors  `CONTENT_NOT_FOUND`, `LICENCE_MISSING` and others, as the source of contents says.
 */
import { AceError } from "../lib/errors.ts";
import { CONTENT_SESSIONS_MAX, SESSION_IDLE_MS } from "./limits.ts";
import type { Media } from "./media.ts";

/** How a player names a content. */
export type ContentName =
  | { readonly kind: "contentId"; readonly value: string }
  | { readonly kind: "infohash"; readonly value: string }
  | { readonly kind: "magnet"; readonly value: string }
  /** Where a torrent file lies. */
  | { readonly kind: "url"; readonly value: string };

/** One content as a session holds it. */
export interface OpenContent {
  readonly media: Media;
  /** Called once when the session is over. */
  release(): void;
}

export interface Contents {
  open(name: ContentName, signal: AbortSignal): Promise<OpenContent>;
  /** What is open now, and how many players share it. */
  opened(): readonly { readonly media: Media; readonly players: number }[];
}

/** Where contents come from: the catalogue of this node, or a record given by hand. */
export interface ContentSource {
  /** The infohash of what is meant, or the id of a live stream. */
  find(name: ContentName, signal: AbortSignal): Promise<{ readonly infohash: string }>;
  /** Joins it. Called again only after the one before was disposed of. */
  join(infohash: string, signal: AbortSignal): Promise<Media>;
}

export interface SharedContents extends Contents, AsyncDisposable {}

interface Shared {
  readonly joining: Promise<Media>;
  media?: Media;
  players: number;
  idleTimer?: NodeJS.Timeout;
}

export function shareContents(
  source: ContentSource,
  idleMs: number = SESSION_IDLE_MS,
): SharedContents {
  const shared = new Map<string, Shared>();
  const leaving = new Map<string, Promise<void>>();
  const over = new AbortController();

  const leave = (infohash: string, { joining }: Shared): Promise<void> => {
    shared.delete(infohash);
    // What cannot be left in order, for the disk's sake, is left all the same.
    const left = joining
      .then((media) => media[Symbol.asyncDispose]())
      .catch(() => {})
      .finally(() => leaving.delete(infohash));
    leaving.set(infohash, left);
    return left;
  };

  const enter = async (infohash: string): Promise<Shared> => {
    await leaving.get(infohash);
    over.signal.throwIfAborted();
    const known = shared.get(infohash);
    if (known !== undefined) return known;
    if (shared.size >= CONTENT_SESSIONS_MAX) {
      throw new AceError("RATE_LIMITED", `${CONTENT_SESSIONS_MAX} contents are open already`);
    }
    const entry: Shared = { joining: source.join(infohash, over.signal), players: 0 };
    shared.set(infohash, entry);
    return entry;
  };

  const releaseOf = (infohash: string, entry: Shared) => () => {
    entry.players -= 1;
    if (entry.players > 0) return;
    entry.idleTimer = setTimeout(() => void leave(infohash, entry), idleMs);
    entry.idleTimer.unref();
  };

  return {
    open: async (name, signal) => {
      const { infohash } = await source.find(name, signal);
      const entry = await enter(infohash);
      clearTimeout(entry.idleTimer);
      entry.players += 1;
      try {
        entry.media = await entry.joining;
        return { media: entry.media, release: releaseOf(infohash, entry) };
      } catch (error) {
        if (shared.get(infohash) === entry) shared.delete(infohash);
        throw error;
      }
    },
    opened: () =>
      [...shared.values()].flatMap(({ media, players }) =>
        media === undefined ? [] : [{ media, players }],
      ),
    [Symbol.asyncDispose]: async () => {
      over.abort(new AceError("CONTENT_UNREACHABLE", "the engine is being stopped"));
      for (const entry of shared.values()) clearTimeout(entry.idleTimer);
      await Promise.all([...shared].map(([infohash, entry]) => leave(infohash, entry)));
      await Promise.all(leaving.values());
    },
  };
}
