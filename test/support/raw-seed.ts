/** A peer of a film in plain bytes: it claims every piece, lets all ask, and does with messages what a test says. */
import { randomBytes } from "node:crypto";
import { createServer, type Socket } from "node:net";
import { frame, HANDSHAKE_BYTES } from "./wire-talk.ts";

const HAVE_ALL = 14;
const UNCHOKE = 1;
const LENGTH_BYTES = 4;
const HEAD = Buffer.from("\u0013BitTorrent protocol\0\0\0\0\0\0\0\u0004", "latin1");

export interface RawSeed extends AsyncDisposable {
  readonly address: string;
  isConnected(): boolean;
}

/**
 * @param onMessage Gets each message, its id first.
 * @param greeting Is said between the handshake and the first messages.
 */
export async function openRawSeed(
  infohash: string,
  onMessage: (message: Buffer, socket: Socket) => void,
  greeting: Uint8Array = new Uint8Array(),
): Promise<RawSeed> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    const id = Buffer.concat([Buffer.from("-RW0000-"), randomBytes(12)]);
    const hello = Buffer.concat([HEAD, Buffer.from(infohash, "hex"), id, greeting]);
    socket.write(Buffer.concat([hello, frame(HAVE_ALL), frame(UNCHOKE)]));
    socket.on("data", messages(onMessage, socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const bound = server.address();
  return {
    address: `127.0.0.1:${typeof bound === "object" && bound !== null ? bound.port : 0}`,
    isConnected: () => [...sockets].some((socket) => !socket.destroyed),
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Cuts what comes behind the handshake into messages. */
function messages(take: (message: Buffer, socket: Socket) => void, socket: Socket) {
  let buffer = Buffer.alloc(0);
  let skipped = HANDSHAKE_BYTES;
  return (data: Buffer): void => {
    buffer = Buffer.concat([buffer, data]);
    if (buffer.length < skipped) return;
    buffer = buffer.subarray(skipped);
    skipped = 0;
    while (buffer.length >= LENGTH_BYTES) {
      const end = LENGTH_BYTES + buffer.readUInt32BE(0);
      if (buffer.length < end) return;
      take(Buffer.from(buffer.subarray(LENGTH_BYTES, end)), socket);
      buffer = buffer.subarray(end);
    }
  };
}
