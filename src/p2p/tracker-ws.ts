/**
 * Trackers over WebSocket.
 *
 * Such a tracker introduces peers to one another over WebRTC only, which this node does not speak: we
 * are counted and seen there, and can ask for counts, but find no peers and answer no offers.
 *
 * Errors  Rejects with what went wrong; the caller tries again later.
 * Source  The messages of bittorrent-tracker 11, "WebSocket tracker": JSON, bytes as latin1 text.
 */
import { z } from "zod";
import {
  type Announce,
  type AskedTracker,
  boundedIntervalMs,
  type Scrape,
  type TrackerAnswer,
  type TrackerLink,
} from "./tracker-port.ts";
import { openTrackerSocket, type TrackerSocket } from "./tracker-socket.ts";
import { pinHearsay } from "./web-address.ts";

const count = z.int().nonnegative().catch(0);
const AnswerSchema = z.object({
  action: z.enum(["announce", "scrape"]),
  info_hash: z.string().optional(),
  "failure reason": z.string().optional(),
  interval: z.number().optional(),
  /** Somebody's offer to connect over WebRTC: not an answer to us. */
  offer: z.unknown().optional(),
  files: z
    .record(z.string(), z.object({ complete: count, incomplete: count, downloaded: count }))
    .optional(),
});

type Answer = z.infer<typeof AnswerSchema>;

/** The tracker forgets who hangs up: the connection stays open from the first announce on. */
export function webSocketTracker(tracker: AskedTracker): TrackerLink {
  const talk = new Talk(tracker);
  return {
    announce: async (announce, signal) => {
      const answer = await talk.ask(announceFields(announce), signal);
      return { peers: [], intervalMs: boundedIntervalMs(answer.interval) } satisfies TrackerAnswer;
    },
    scrape: async (infohash, signal) => {
      const fields = { action: "scrape", info_hash: binary(infohash) };
      return countsOf(await talk.ask(fields, signal), infohash);
    },
    close: () => talk.close(),
  };
}

interface Question {
  readonly action: string;
  readonly info_hash: string;
}

interface Waiting {
  readonly question: Question;
  resolve(answer: Answer): void;
  reject(error: unknown): void;
}

class Talk {
  readonly #tracker: AskedTracker;
  readonly #waiting = new Set<Waiting>();
  #socket: Promise<TrackerSocket> | undefined;

  constructor(tracker: AskedTracker) {
    this.#tracker = tracker;
  }

  async ask(question: Question, signal: AbortSignal): Promise<Answer> {
    const socket = await this.#connected(signal);
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const waiting = { question, resolve, reject };
    const abort = () => reject(signal.reason);
    this.#waiting.add(waiting);
    signal.addEventListener("abort", abort);
    try {
      socket.send(JSON.stringify(question));
      return await promise;
    } finally {
      this.#waiting.delete(waiting);
      signal.removeEventListener("abort", abort);
    }
  }

  close(): void {
    void this.#socket?.then(
      (socket) => socket.close(),
      () => {},
    );
    this.#socket = undefined;
  }

  async #connected(signal: AbortSignal): Promise<TrackerSocket> {
    const known = this.#socket;
    const old = await known?.catch(() => undefined);
    if (old !== undefined && old.endedBy === undefined) return old;
    // One new connection a question: who hangs up at once is not dialled again and again.
    if (this.#socket === known) this.#socket = this.#open(signal);
    const socket = await this.#socket;
    if (socket === undefined) throw new Error("the connection was closed");
    if (socket.endedBy !== undefined) throw new Error(socket.endedBy);
    return socket;
  }

  async #open(signal: AbortSignal): Promise<TrackerSocket> {
    const { url, hearsay } = this.#tracker;
    const at = hearsay === undefined ? undefined : await pinHearsay(url, hearsay);
    return await openTrackerSocket(
      { url, at },
      {
        onText: (text) => this.#hear(text),
        onEnd: (reason) => {
          for (const { reject } of this.#waiting) reject(new Error(reason));
        },
      },
      signal,
    );
  }

  #hear(text: string): void {
    if (this.#waiting.size === 0) return;
    const answer = readAnswer(text);
    if (answer === undefined || answer.offer !== undefined) return;
    const failure = answer["failure reason"];
    for (const { question, resolve, reject } of this.#waiting) {
      const isOurs = answer.action === question.action;
      if (!isOurs || (answer.info_hash ?? question.info_hash) !== question.info_hash) continue;
      if (failure === undefined) resolve(answer);
      else reject(new Error(failure.slice(0, 200)));
    }
  }
}

function announceFields({ infohash, peerId, leftBytes, event }: Announce) {
  return {
    action: "announce",
    info_hash: binary(infohash),
    peer_id: Buffer.from(peerId).toString("latin1"),
    uploaded: 0,
    downloaded: 0,
    left: leftBytes,
    numwant: 0,
    offers: [],
    ...(event === undefined ? {} : { event }),
  };
}

function countsOf({ files }: Answer, infohash: string): Scrape {
  const file = files?.[binary(infohash)];
  if (file === undefined) throw new Error("the tracker does not know this swarm");
  return { seeds: file.complete, leeches: file.incomplete, completed: file.downloaded };
}

function readAnswer(text: string): Answer | undefined {
  try {
    return AnswerSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

function binary(infohash: string): string {
  return Buffer.from(infohash, "hex").toString("latin1");
}
