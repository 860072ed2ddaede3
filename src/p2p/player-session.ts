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

export interface PlayerSession {
  readonly id: string;
  readonly content: OpenContent;
  /** Aborted when the session ends. */
  readonly signal: AbortSignal;
}

interface Kept extends PlayerSession {
  readonly over: AbortController;
  /** Responses that are being sent. */
  streams: number;
  idleTimer: NodeJS.Timeout | undefined;
}

const ID_BYTES = 16;

export class PlayerSessions implements Disposable {
  readonly #sessions = new Map<string, Kept>();
  readonly #idleMs: number;

  constructor(idleMs: number = SESSION_IDLE_MS) {
    this.#idleMs = idleMs;
  }

  start(content: OpenContent): PlayerSession {
    if (this.#sessions.size >= PLAYER_SESSIONS_MAX) {
      content.release();
      throw new AceError("RATE_LIMITED", `${PLAYER_SESSIONS_MAX} players are open already`);
    }
    const over = new AbortController();
    const id = randomBytes(ID_BYTES).toString("hex");
    const session = { id, content, over, signal: over.signal, streams: 0, idleTimer: undefined };
    this.#sessions.set(id, session);
    this.#rest(session);
    return session;
  }

  /** The session of this id, alive for a while longer because it was asked for. */
  find(id: string): PlayerSession {
    const session = this.#sessions.get(id);
    if (session === undefined) throw new AceError("NOT_FOUND", "this player session is over");
    this.#rest(session);
    return session;
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
        this.#rest(session);
      },
    };
  }

  end(id: string): void {
    const session = this.#sessions.get(id);
    if (session === undefined) return;
    this.#sessions.delete(id);
    clearTimeout(session.idleTimer);
    session.over.abort(new AceError("NOT_FOUND", "this player session is over"));
    session.content.release();
  }

  [Symbol.dispose](): void {
    for (const id of [...this.#sessions.keys()]) this.end(id);
  }

  #rest(session: Kept): void {
    clearTimeout(session.idleTimer);
    if (session.streams > 0 || !this.#sessions.has(session.id)) return;
    session.idleTimer = setTimeout(() => this.end(session.id), this.#idleMs);
    session.idleTimer.unref();
  }
}
