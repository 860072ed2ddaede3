/**
 * Player sessions: one a play, found by an id that cannot be guessed, ended when the player is gone.
 *
 * A playback address carries the session's 128 random bits, so that a page in the same browser
 * cannot read what somebody else is watching.
 */
import { randomBytes } from "node:crypto";
import { AceError } from "../lib/errors.ts";
import type { OpenContent } from "./contents.ts";
import { PLAYER_SESSIONS_MAX, SESSION_IDLE_MS } from "./limits.ts";
import type { Media, MediaFile } from "./media.ts";
import { Playhead } from "./playhead.ts";

export interface PlayerSession {
  readonly id: string;
  readonly media: Media;
  /** Of a film: which of its files. */
  readonly file: MediaFile | undefined;
  readonly output: Output;
  /** A live playlist lists parts of segments as well. */
  readonly isLowLatency: boolean;
  /** Whose requests may use the session's addresses without another proof. */
  readonly caller: string;
  readonly startedAtMs: number;
  readonly playhead: Playhead;
  /** Bytes given to the player's socket. */
  sentBytes: number;
  /** Requests that wait for what is not here yet. */
  waiting: number;
  /** The beginning is here: a player that starts now need not wait. */
  isBuffered: boolean;
  /** Aborted when the session ends. */
  readonly signal: AbortSignal;
  /** Resolves when the session ends. */
  readonly ended: Promise<EndReason>;
}

export type Output = "stream" | "hls";

/** Why a session ended, in the words that players are told. */
export type EndReason = "stopped" | "idle" | "closed";

export interface SessionWish {
  readonly content: OpenContent;
  readonly file: MediaFile | undefined;
  readonly output: Output;
  readonly isLowLatency: boolean;
  readonly caller: string;
}

interface Kept extends PlayerSession {
  readonly content: OpenContent;
  readonly over: AbortController;
  readonly tellEnd: (reason: EndReason) => void;
  /** Responses that are being sent. */
  streams: number;
  /** When it was asked for last, in milliseconds of this process. */
  usedAtMs: number;
  idleTimer: NodeJS.Timeout | undefined;
}

const ID_BYTES = 16;

export class PlayerSessions implements Disposable {
  readonly #sessions = new Map<string, Kept>();
  readonly #idleMs: number;

  constructor(idleMs: number = SESSION_IDLE_MS) {
    this.#idleMs = idleMs;
  }

  /** Holds the content until the session ends. Errors `RATE_LIMITED` when all are being played. */
  start({ content, file, output, isLowLatency, caller }: SessionWish): PlayerSession {
    if (this.#sessions.size >= PLAYER_SESSIONS_MAX) this.#makeRoom();
    const over = new AbortController();
    const ended = Promise.withResolvers<EndReason>();
    const session: Kept = {
      id: randomBytes(ID_BYTES).toString("hex"),
      content,
      media: content.media,
      file,
      output,
      isLowLatency,
      caller,
      startedAtMs: Date.now(),
      playhead: new Playhead(),
      sentBytes: 0,
      waiting: 0,
      isBuffered: false,
      over,
      signal: over.signal,
      ended: ended.promise,
      tellEnd: ended.resolve,
      streams: 0,
      usedAtMs: 0,
      idleTimer: undefined,
    };
    this.#sessions.set(session.id, session);
    this.#rest(session.id);
    return session;
  }

  /** The session of this id, alive for a while longer because it was asked for. */
  find(id: string): PlayerSession {
    const session = this.peek(id);
    this.#rest(id);
    return session;
  }

  /** The session of this id, which does not live longer for it. */
  peek(id: string): PlayerSession {
    const session = this.#sessions.get(id);
    if (session !== undefined) return session;
    throw new AceError("PLAYER_SESSION_OVER", "this player session is over");
  }

  all(): readonly PlayerSession[] {
    return [...this.#sessions.values()];
  }

  /** Keeps the session alive while a response is being sent; dispose of it at the end. */
  hold({ id }: PlayerSession): Disposable {
    const session = this.#sessions.get(id);
    if (session !== undefined) {
      session.streams += 1;
      clearTimeout(session.idleTimer);
    }
    return {
      [Symbol.dispose]: () => {
        if (session === undefined) return;
        session.streams -= 1;
        this.#rest(session.id);
      },
    };
  }

  end(id: string, reason: EndReason): void {
    const session = this.#sessions.get(id);
    if (session === undefined) return;
    this.#sessions.delete(id);
    clearTimeout(session.idleTimer);
    session.tellEnd(reason);
    session.over.abort(new AceError("PLAYER_SESSION_OVER", "this player session is over"));
    session.content.release();
  }

  [Symbol.dispose](): void {
    for (const id of [...this.#sessions.keys()]) this.end(id, "closed");
  }

  /** Players that ask anew at every seek leave a session behind each time: the one left longest goes. */
  #makeRoom(): void {
    let left: Kept | undefined;
    for (const session of this.#sessions.values()) {
      if (session.streams > 0) continue;
      if (left === undefined || session.usedAtMs < left.usedAtMs) left = session;
    }
    if (left === undefined) {
      throw new AceError("RATE_LIMITED", `${PLAYER_SESSIONS_MAX} players are open already`);
    }
    this.end(left.id, "idle");
  }

  #rest(id: string): void {
    const session = this.#sessions.get(id);
    if (session === undefined) return;
    session.usedAtMs = performance.now();
    clearTimeout(session.idleTimer);
    if (session.streams > 0) return;
    session.idleTimer = setTimeout(() => this.end(session.id, "idle"), this.#idleMs);
    session.idleTimer.unref();
  }
}
