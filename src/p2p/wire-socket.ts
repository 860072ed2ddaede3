/**
 * Sockets of peers: all read into one buffer, which is used up before the next is read.
 *
 * Without it every read takes 64 KiB of new memory, and the collector as much time as the network.
 */
import { connect, Socket } from "node:net";
import { READ_BUFFER_BYTES } from "./limits.ts";

type Receive = (bytes: Uint8Array) => void;

const receivers = new WeakMap<Socket, Receive>();
let shared: Uint8Array | undefined;

export function dialSocket(target: { readonly host: string; readonly port: number }): Socket {
  const socket: Socket = connect({ ...target, onread: readInto(() => socket) });
  return socket;
}

/**
 * The same for a socket that a server with `pauseOnConnect` accepted: a new one takes its connection
 * over. Where Node does not let go of it, the socket itself is answered, and works as well.
 */
export function takeOver(accepted: Socket): Socket {
  const handle: unknown = Reflect.get(accepted, "_handle");
  if (typeof handle !== "object" || handle === null) {
    accepted.resume();
    return accepted;
  }
  const options: object = { handle, onread: readInto(() => socket) };
  const socket: Socket = new Socket(options);
  Reflect.set(accepted, "_handle", null);
  accepted.destroy();
  return socket;
}

function readInto(socket: () => Socket) {
  return {
    buffer: () => {
      shared ??= new Uint8Array(READ_BUFFER_BYTES);
      return shared;
    },
    callback: (length: number, bytes: Uint8Array) => {
      receivers.get(socket())?.(bytes.subarray(0, length));
      return true;
    },
  };
}

/** @param receive Gets what arrives; the bytes are valid during the call only. */
export function receiveFrom(socket: Socket, receive: Receive): void {
  receivers.set(socket, receive);
  // Sockets that could not be taken over know only events.
  socket.on("data", (bytes: Buffer) => {
    receive(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length));
  });
}
