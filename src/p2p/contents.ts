/**
 * Contents: what the player can open, and how many players share one swarm.
 *
 * Every play makes its own session; sessions of one content share its swarm, which is left when the
 * last has been gone for `SESSION_IDLE_MS`.
 *
 * Errors  `CONTENT_NOT_FOUND`, `LICENCE_MISSING` and others, as the source of contents says.
 */
import { AceError } from "../lib/errors.ts";
import { CONTENT_SESSIONS_MAX, SESSION_IDLE_MS } from "./limits.ts";
import { mediaType } from "./media-type.ts";
import type { Swarm } from "./swarm-port.ts";

/** How a player names a content. */
export type ContentName =
  | { readonly kind: "contentId"; readonly value: string }
  | { readonly kind: "infohash"; readonly value: string };

/** One content as a player reads it. */
export interface OpenContent {
  readonly infohash: string;
  readonly contentId: string;
  readonly fileName: string;
  readonly mime: string;
  readonly length: number;
  readonly swarm: Pick<Swarm, "ready" | "stats">;
  /** `offset` counts from the start of this file. */
  read(offset: number, length: number, signal: AbortSignal): AsyncIterable<Uint8Array>;
  /** Called once when the session is over. */
  release(): void;
}

export interface Contents {
  open(name: ContentName, signal: AbortSignal): Promise<OpenContent>;
}

/** Where contents come from: the catalogue of this node, or a record given by hand. */
export interface ContentSource {
  /** The infohash of what is meant, and its media type when that is known. */
  find(
    name: ContentName,
    signal: AbortSignal,
  ): Promise<{ readonly infohash: string; readonly mime?: string }>;
  /** Joins the swarm. Called again only after the one before was disposed of. */
  join(infohash: string, signal: AbortSignal): Promise<Swarm>;
}

export interface SharedContents extends Contents, AsyncDisposable {}

interface Shared {
  readonly joining: Promise<Swarm>;
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
    const left = joining.then(
      (swarm) => swarm[Symbol.asyncDispose](),
      () => {},
    );
    leaving.set(infohash, left);
    return left.finally(() => leaving.delete(infohash));
  };

  const enter = async (infohash: string): Promise<Shared> => {
    await leaving.get(infohash);
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
      const { infohash, mime } = await source.find(name, signal);
      const entry = await enter(infohash);
      clearTimeout(entry.idleTimer);
      entry.players += 1;
      const release = releaseOf(infohash, entry);
      try {
        return view(await entry.joining, { mime, release });
      } catch (error) {
        shared.delete(infohash);
        throw error;
      }
    },
    [Symbol.asyncDispose]: async () => {
      over.abort();
      for (const entry of shared.values()) clearTimeout(entry.idleTimer);
      await Promise.all([...shared].map(([infohash, entry]) => leave(infohash, entry)));
      await Promise.all(leaving.values());
    },
  };
}

/** The longest file of the torrent: the film among its subtitles. */
function view(
  swarm: Swarm,
  options: {
    readonly mime: string | undefined;
    readonly release: () => void;
  },
): OpenContent {
  const { infohash, contentId, files } = swarm.torrent;
  const [first, ...others] = files;
  if (first === undefined) throw new AceError("CONTENT_INVALID", `${infohash} holds no file`);
  const file = others.reduce(
    (longest, next) => (next.length > longest.length ? next : longest),
    first,
  );
  const fileName = file.path.split("/").at(-1) ?? file.path;
  return {
    infohash,
    contentId,
    fileName,
    mime: options.mime ?? mediaType(fileName),
    length: file.length,
    swarm,
    read: (offset, length, signal) => swarm.read(file.offset + offset, length, signal),
    release: options.release,
  };
}
