// What tests of the player share: a live stream made by hand, and an engine that plays what it is given.
import { once } from "node:events";
import { expect } from "vitest";
import { systemClock } from "../../src/lib/clock.ts";
import { AceError } from "../../src/lib/errors.ts";
import { silentEvents } from "../../src/lib/events.ts";
import { type ContentSource, shareContents } from "../../src/p2p/contents.ts";
import type { LivePiece, LiveStream } from "../../src/p2p/live-port.ts";
import { filmMedia, liveMedia, type Media } from "../../src/p2p/media.ts";
import { memoryStore } from "../../src/p2p/piece-store.ts";
import { openPlayer, type Player, type PlayerOptions } from "../../src/p2p/player.ts";
import { openSwarm } from "../../src/p2p/swarm.ts";
import type { Swarm, SwarmOptions } from "../../src/p2p/swarm-port.ts";
import type { SwarmStats } from "../../src/p2p/swarm-stats.ts";

const START_MS = 1_800_000_000_000;
export const PIECE_MS = 250;
const PACKET_BYTES = 188;

/** All are of one stream with a payload, and are not counted. */
function writeHeaders(bytes: Buffer): void {
  for (let at = 0; at < bytes.length; at += PACKET_BYTES) bytes.writeUInt32BE(0x47_01_00_10, at);
}

/** A live stream whose pieces a test makes one by one; every fourth begins a picture. */
export class MadeLive implements LiveStream {
  readonly streamId = "5".repeat(40);
  readonly contentId = "6".repeat(64);
  readonly title = "Made live";
  readonly pieces_: LivePiece[] = [];
  refusal: AceError | undefined;
  #epoch = 1;
  #epochMs = START_MS;
  #isOver = false;
  readonly #grown = new EventTarget();

  /** `count` pieces more, each of `packets` packets that hold the piece's number, with a header when `isTs`. */
  make(
    count: number,
    options: { packets?: number; isDiscontinuity?: boolean; isTs?: boolean } = {},
  ): void {
    for (let made = 0; made < count; made += 1) {
      const seq = this.pieces_.length;
      const bytes = Buffer.alloc((options.packets ?? 2) * PACKET_BYTES, seq % 251);
      if (options.isTs === true) writeHeaders(bytes);
      this.pieces_.push({
        epoch: this.#epoch,
        seq,
        bytes,
        isRandomAccess: seq % 4 === 0,
        isDiscontinuity: options.isDiscontinuity === true && made === 0,
        mediaMs: seq * PIECE_MS,
        captureMs: this.#epochMs + seq * PIECE_MS,
      });
    }
    this.#grown.dispatchEvent(new Event("grown"));
  }

  /** The source has lost count: its numbers begin anew, and `aheadMs` later by its clock. */
  beginEpoch(aheadMs: number): void {
    this.#epochMs += this.pieces_.length * PIECE_MS + aheadMs;
    this.#epoch += 1;
    this.pieces_.length = 0;
  }

  failed = 0;
  #fault: AceError | undefined;

  /** Who reads now fails; who begins to read afterwards does not. */
  fail(fault: AceError): void {
    this.#fault = fault;
    this.#grown.dispatchEvent(new Event("grown"));
  }

  end(): void {
    this.#isOver = true;
    this.#grown.dispatchEvent(new Event("grown"));
  }

  stats(): SwarmStats {
    return {
      ...emptyStats,
      peers: 3,
      bytesDown: this.pieces_.length * 1_000,
      bytesDownPerS: 257_000,
    };
  }

  window() {
    const [first, last] = [this.pieces_.at(0), this.pieces_.at(-1)];
    if (first === undefined || last === undefined) return undefined;
    return {
      firstSeq: first.seq,
      lastSeq: last.seq,
      firstCaptureMs: first.captureMs,
      lastCaptureMs: last.captureMs,
    };
  }

  async ready(): Promise<void> {
    if (this.refusal !== undefined) throw this.refusal;
  }

  async *pieces(
    from: { readonly behindMs: number } | { readonly fromMs: number },
    signal: AbortSignal,
  ): AsyncIterable<LivePiece> {
    let next = this.#begin(from);
    let epoch = this.#epoch;
    while (true) {
      signal.throwIfAborted();
      const isNewEpoch = epoch !== this.#epoch;
      if (isNewEpoch) next = 0;
      const fault = this.#fault;
      if (fault !== undefined) {
        this.#fault = undefined;
        this.failed += 1;
        throw fault;
      }
      const piece = this.pieces_[next];
      if (piece !== undefined) {
        next += 1;
        epoch = this.#epoch;
        yield { ...piece, isDiscontinuity: piece.isDiscontinuity || isNewEpoch };
      } else if (this.#isOver) return;
      else await once(this.#grown, "grown", { signal });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.end();
  }

  #begin(from: { readonly behindMs: number } | { readonly fromMs: number }): number {
    const headMs = this.pieces_.at(-1)?.captureMs ?? START_MS;
    const wantedMs = "fromMs" in from ? from.fromMs : headMs - from.behindMs;
    const places = this.pieces_.filter((piece) => piece.isRandomAccess);
    return (places.findLast((piece) => piece.captureMs <= wantedMs) ?? places[0])?.seq ?? 0;
  }
}

const emptyStats: SwarmStats = {
  peers: 0,
  pieces: 0,
  piecesHad: 0,
  bytesUp: 0,
  bytesDown: 0,
  bytesDownBySource: { peer: 0, webseed: 0 },
  bytesUpPerS: 0,
  bytesDownPerS: 0,
  ungatedBytesUp: 0,
  closed: {},
  admitted: 0,
  denied: {},
  access: "none",
  accessCode: undefined,
  links: [],
};

type Joining = Partial<SwarmOptions> & Pick<SwarmOptions, "torrent" | "listener">;

/** The swarm of a film as a player's engine joins it: what it fetches is kept in memory. */
export async function joinAsPlayer(options: Joining): Promise<Swarm> {
  const store = memoryStore(options.torrent);
  const own = { store, role: "leech", events: silentEvents, clock: systemClock } as const;
  return await openSwarm({ ...own, ...options });
}

export async function joinFilm(options: Joining): Promise<Media> {
  return filmMedia(await joinAsPlayer(options));
}

/** Finds every content by the infohash it is kept under. */
export function sourceOf(contents: ReadonlyMap<string, () => Promise<Media>>): ContentSource {
  return {
    find: async ({ value }) => {
      if (contents.has(value)) return { infohash: value };
      throw new AceError("CONTENT_NOT_FOUND", `${value} is not in the catalogue`);
    },
    join: async (infohash) => {
      const join = contents.get(infohash);
      if (join === undefined) throw new AceError("CONTENT_NOT_FOUND", infohash);
      return await join();
    },
  };
}

export async function withPlayer<T>(
  source: ContentSource,
  use: (player: Player) => Promise<T>,
  more: Partial<PlayerOptions> = {},
): Promise<T> {
  await using contents = shareContents(source, 50);
  const own = { contents, port: 0, version: "1.2.3", events: silentEvents };
  await using player = await openPlayer({ ...own, ...more });
  return await use(player);
}

export async function withLive<T>(
  live: MadeLive,
  use: (player: Player) => Promise<T>,
  more: Partial<PlayerOptions> = {},
): Promise<T> {
  const contents = new Map([[live.streamId, async () => liveMedia(live)]]);
  return await withPlayer(sourceOf(contents), use, more);
}

/** What the engine answers to a player that names a content (`id=…`) and wants to be told, not led. */
export async function startPlaying({ url }: Player, query: string) {
  const answer = await getJson(`${url}/ace/getstream?format=json&${query}`);
  expect(answer).toMatchObject({ status: 200, body: { error: null } });
  const session = answer.body.response ?? {};
  return {
    ...session,
    playback_session_id: String(session["playback_session_id"]),
    playback_url: String(session["playback_url"]),
    stat_url: String(session["stat_url"]),
    command_url: String(session["command_url"]),
  };
}

export async function getJson(url: string, init?: RequestInit) {
  const response = await fetch(url, init);
  const body: { response?: Record<string, unknown>; result?: Record<string, unknown> } & Record<
    string,
    unknown
  > = JSON.parse(await response.text());
  return { status: response.status, headers: response.headers, body };
}
