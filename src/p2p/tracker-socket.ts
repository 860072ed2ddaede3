/**
 * A WebSocket to a tracker, with room for no more than a tracker has to say: a message is read whole or
 * not at all, nothing is unpacked, and who floods is hung up on.
 *
 * Range   Messages of at most `TRACKER_ANSWER_MAX_BYTES`, at the pace of `TRACKER_FRAMES_*`.
 * Errors  Rejects with why there is no connection.
 * Source  RFC 6455, by the library ws.
 */
import { WebSocket } from "ws";
import {
  TRACKER_ANSWER_MAX_BYTES,
  TRACKER_FAREWELL_MS,
  TRACKER_FRAMES_BURST,
  TRACKER_FRAMES_PER_S,
  TRACKER_HEADER_MAX_BYTES,
} from "./limits.ts";
import type { PinnedAddress } from "./web-address.ts";
import { lookupOf } from "./web-ask.ts";

export interface TrackerSocket {
  /** Why nothing more comes; undefined while it is open. */
  readonly endedBy: string | undefined;
  send(text: string): void;
  close(): void;
}

export interface TrackerEars {
  onText(text: string): void;
  onEnd(reason: string): void;
}

/** What a control frame may carry. */
const CONTROL_MAX_BYTES = 125;
const CLOSE_NORMAL = 1_000;
/** Of a message that comes byte by byte. */
const CHUNKS_MAX = 1_024;

/** @param at Absent for a tracker that the operator named: wherever its name leads. */
export async function openTrackerSocket(
  { url, at }: { readonly url: URL; readonly at: PinnedAddress | undefined },
  ears: TrackerEars,
  signal: AbortSignal,
): Promise<TrackerSocket> {
  signal.throwIfAborted();
  const socket = new WebSocket(url, {
    maxPayload: TRACKER_ANSWER_MAX_BYTES,
    maxFragments: TRACKER_FRAMES_BURST,
    maxBufferedChunks: CHUNKS_MAX,
    maxHeaderSize: TRACKER_HEADER_MAX_BYTES,
    perMessageDeflate: false,
    autoPong: false,
    closeTimeout: TRACKER_FAREWELL_MS,
    ...(at === undefined ? {} : { lookup: lookupOf(at) }),
  });
  const talk = talkOver(socket, ears);
  await opened(socket, signal);
  return talk;
}

async function opened(socket: WebSocket, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const abort = () => {
    reject(signal.reason);
    socket.terminate();
  };
  signal.addEventListener("abort", abort, { once: true });
  socket.on("open", resolve);
  socket.on("error", (cause) => {
    // Faults of the network have a code, those of the handshake have none.
    const isFar = "code" in cause;
    const what = isFar ? "the tracker cannot be reached" : "the tracker does not speak WebSocket";
    reject(new Error(what, { cause }));
  });
  socket.on("unexpected-response", (request, { statusCode }) => {
    reject(new Error(`the tracker answered ${statusCode}`));
    request.destroy();
  });
  try {
    await promise;
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

function talkOver(socket: WebSocket, { onText, onEnd }: TrackerEars): TrackerSocket {
  let endedBy: string | undefined;
  const end = (reason: string): void => {
    if (endedBy !== undefined) return;
    endedBy = reason;
    onEnd(reason);
  };
  const leave = (reason: string): void => {
    end(reason);
    socket.terminate();
  };
  const pace = framePace();
  /** False when nothing more is to be heard of it. */
  const mayHear = (): boolean => {
    if (endedBy === undefined && !pace()) leave("the tracker says too much");
    return endedBy === undefined;
  };
  socket.on("message", (bytes, isBinary) => {
    if (!mayHear()) return;
    if (isBinary) leave("the tracker sends bytes instead of text");
    else onText(bytes.toString());
  });
  socket.on("ping", (body) => {
    // Who does not read our answers is not owed another.
    if (mayHear() && socket.bufferedAmount < CONTROL_MAX_BYTES) socket.pong(body);
  });
  socket.on("pong", mayHear);
  socket.on("error", ({ message }) => end(`the tracker's message breaks the rules: ${message}`));
  socket.on("close", () => end("the connection to the tracker is lost"));
  return {
    get endedBy() {
      return endedBy;
    },
    send: (text) => {
      if (endedBy === undefined) socket.send(text);
    },
    close: () => {
      end("the connection was closed");
      socket.close(CLOSE_NORMAL);
    },
  };
}

/** True as long as frames come no faster than a tracker has reason to. */
function framePace(): () => boolean {
  let left = TRACKER_FRAMES_BURST;
  let atMs = performance.now();
  return () => {
    const nowMs = performance.now();
    left = Math.min(
      TRACKER_FRAMES_BURST,
      left + ((nowMs - atMs) / 1_000) * TRACKER_FRAMES_PER_S - 1,
    );
    atMs = nowMs;
    return left >= 0;
  };
}
