/**
 * A WebSocket to a tracker, with room for no more than a tracker has to say: a message is read whole or
 * not at all, nothing is unpacked, and who floods is hung up on.
 *
 * Range   Messages of at most `TRACKER_ANSWER_MAX_BYTES`; frames at the pace of `TRACKER_FRAMES_*`.
 * Errors  Rejects with why there is no connection.
 * Source  RFC 6455.
 */
import { hash, randomBytes } from "node:crypto";
import { type ClientRequest, request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import type { Duplex } from "node:stream";
import {
  TRACKER_FAREWELL_MS,
  TRACKER_FRAMES_BURST,
  TRACKER_FRAMES_PER_S,
  TRACKER_HEADER_MAX_BYTES,
} from "./limits.ts";
import {
  CONTROL_MAX_BYTES,
  type Frame,
  FrameReader,
  maskedFrame,
  opcodes,
} from "./tracker-frames.ts";
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

const VERSION = "13";
const MAGIC = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const CLOSE_NORMAL = Buffer.from([0x03, 0xe8]);

/** @param at Absent for a tracker that the operator named: wherever its name leads. */
export async function openTrackerSocket(
  { url, at }: { readonly url: URL; readonly at: PinnedAddress | undefined },
  ears: TrackerEars,
  signal: AbortSignal,
): Promise<TrackerSocket> {
  signal.throwIfAborted();
  const key = randomBytes(16).toString("base64");
  const target = new URL(url);
  target.protocol = url.protocol === "wss:" ? "https:" : "http:";
  const send = target.protocol === "https:" ? httpsRequest : httpRequest;
  const request = send(target, {
    headers: {
      connection: "Upgrade",
      upgrade: "websocket",
      "sec-websocket-version": VERSION,
      "sec-websocket-key": key,
    },
    agent: false,
    maxHeaderSize: TRACKER_HEADER_MAX_BYTES,
    ...(at === undefined ? {} : { lookup: lookupOf(at) }),
  });
  return await upgraded(request, { key, ears }, signal);
}

function upgraded(
  request: ClientRequest,
  { key, ears }: { readonly key: string; readonly ears: TrackerEars },
  signal: AbortSignal,
): Promise<TrackerSocket> {
  const { promise, resolve, reject } = Promise.withResolvers<TrackerSocket>();
  const abort = () => {
    reject(signal.reason);
    request.destroy();
  };
  signal.addEventListener("abort", abort, { once: true });
  request.on("error", (cause) => reject(new Error("the tracker cannot be reached", { cause })));
  request.on("response", ({ statusCode }) => {
    reject(new Error(`the tracker answered ${statusCode}`));
    request.destroy();
  });
  request.on("upgrade", (response: IncomingMessage, socket: Duplex, head: Buffer) => {
    const accept = response.headers["sec-websocket-accept"];
    if (accept === hash("sha1", `${key}${MAGIC}`, "base64")) {
      resolve(talkOver(socket, head, ears));
      return;
    }
    reject(new Error("the tracker does not speak WebSocket"));
    socket.destroy();
  });
  request.end();
  return promise.finally(() => signal.removeEventListener("abort", abort));
}

function talkOver(socket: Duplex, head: Buffer, { onText, onEnd }: TrackerEars): TrackerSocket {
  let endedBy: string | undefined;
  const end = (reason: string): void => {
    if (endedBy !== undefined) return;
    endedBy = reason;
    onEnd(reason);
  };
  const say = (opcode: number, body: Uint8Array): void => {
    if (endedBy === undefined) socket.write(maskedFrame(opcode, body));
  };
  const close = (reason: string): void => {
    say(opcodes.close, CLOSE_NORMAL);
    end(reason);
    socket.end();
    setTimeout(() => socket.destroy(), TRACKER_FAREWELL_MS).unref();
  };
  const pace = framePace();
  const reader = new FrameReader((frame: Frame) => {
    if (!pace()) throw new Error("the tracker says too much");
    if (frame.kind === "text") onText(frame.text);
    if (frame.kind === "close") close("the tracker hung up");
    // Who does not read our answers is not owed another.
    if (frame.kind === "ping" && socket.writableLength < CONTROL_MAX_BYTES) {
      say(opcodes.pong, frame.body);
    }
  });
  const hear = (chunk: Uint8Array): void => {
    if (endedBy !== undefined) return;
    try {
      reader.push(chunk);
    } catch (error) {
      end(error instanceof Error ? error.message : String(error));
      socket.destroy();
    }
  };
  socket.on("data", hear);
  socket.on("error", () => end("the connection to the tracker is lost"));
  socket.on("close", () => end("the connection to the tracker is lost"));
  hear(head);
  return {
    get endedBy() {
      return endedBy;
    },
    send: (text) => say(opcodes.text, Buffer.from(text)),
    close: () => close("the connection was closed"),
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
