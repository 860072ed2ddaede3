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
import { TRACKER_ANSWER_MAX_BYTES } from "./limits.ts";
import {
  type Announce,
  boundedIntervalMs,
  type Scrape,
  type TrackerAnswer,
  type TrackerLink,
} from "./tracker-port.ts";

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
export function webSocketTracker(url: string): TrackerLink {
  let socket: WebSocket | undefined;
  const connected = async (signal: AbortSignal): Promise<WebSocket> => {
    if (socket === undefined || socket.readyState > WebSocket.OPEN) socket = new WebSocket(url);
    if (socket.readyState !== WebSocket.OPEN) await opening(socket, signal);
    return socket;
  };
  return {
    announce: async (announce, signal) => {
      const answer = await ask(await connected(signal), announceFields(announce), signal);
      return { peers: [], intervalMs: boundedIntervalMs(answer.interval) } satisfies TrackerAnswer;
    },
    scrape: async (infohash, signal) => {
      const fields = { action: "scrape", info_hash: binary(infohash) };
      const answer = await ask(await connected(signal), fields, signal);
      return countsOf(answer, infohash);
    },
    close: () => socket?.close(),
  };
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

async function ask(
  socket: WebSocket,
  fields: { readonly action: string; readonly info_hash: string },
  signal: AbortSignal,
): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const hear = ({ data }: MessageEvent) => {
    const answer = readAnswer(data);
    const isOurs = answer?.action === fields.action && answer.offer === undefined;
    if (!isOurs || (answer.info_hash ?? fields.info_hash) !== fields.info_hash) return;
    const failure = answer["failure reason"];
    if (failure === undefined) resolve(answer);
    else reject(new Error(failure.slice(0, 200)));
  };
  const fail = () => reject(new Error("the connection to the tracker is lost"));
  const abort = () => reject(signal.reason);
  socket.addEventListener("message", hear);
  socket.addEventListener("close", fail);
  signal.addEventListener("abort", abort);
  try {
    signal.throwIfAborted();
    socket.send(JSON.stringify(fields));
    return await promise;
  } finally {
    socket.removeEventListener("message", hear);
    socket.removeEventListener("close", fail);
    signal.removeEventListener("abort", abort);
  }
}

async function opening(socket: WebSocket, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const fail = () => reject(new Error("the tracker cannot be reached"));
  const abort = () => reject(signal.reason);
  socket.addEventListener("open", () => resolve(), { once: true });
  socket.addEventListener("error", fail, { once: true });
  signal.addEventListener("abort", abort, { once: true });
  try {
    signal.throwIfAborted();
    await promise;
  } catch (error) {
    socket.close();
    throw error;
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

function readAnswer(data: unknown): Answer | undefined {
  if (typeof data !== "string" || data.length > TRACKER_ANSWER_MAX_BYTES) return undefined;
  try {
    return AnswerSchema.safeParse(JSON.parse(data)).data;
  } catch {
    return undefined;
  }
}

function binary(infohash: string): string {
  return Buffer.from(infohash, "hex").toString("latin1");
}
