/**
 * Sockets that are dialled: all read into one buffer, which is used up before the next is read.
 *
 * Without it every read takes 64 KiB of new memory, and the collector as much time as the network.
 */
import { connect, type Socket } from "node:net";
import { READ_BUFFER_BYTES } from "./limits.ts";

type Receive = (bytes: Uint8Array) => void;

const receivers = new WeakMap<Socket, Receive>();
let shared: Uint8Array | undefined;

export function dialSocket(target: { readonly host: string; readonly port: number }): Socket {
  const buffer = () => {
    shared ??= new Uint8Array(READ_BUFFER_BYTES);
    return shared;
  };
  const callback = (length: number, bytes: Uint8Array) => {
    receivers.get(socket)?.(bytes.subarray(0, length));
    return true;
  };
  const socket = connect({ ...target, onread: { buffer, callback } });
  return socket;
}

/** @param receive Gets what arrives; the bytes are valid during the call only. */
export function receiveFrom(socket: Socket, receive: Receive): void {
  receivers.set(socket, receive);
  // Sockets that were accepted know only events.
  socket.on("data", (bytes: Buffer) => {
    receive(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length));
  });
}
