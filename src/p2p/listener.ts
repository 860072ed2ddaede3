/**
 * Listener: one TCP port for all swarms of this node. The infohash of the handshake says which.
 *
 * Errors  `PORT_IN_USE`; `CONFIG_INVALID` for an address that is not this machine's. A peer that names no swarm of ours is cut off without an answer.
 */
import { createServer, type Server, type Socket } from "node:net";
import type { Clock } from "../lib/clock.ts";
import { AceError } from "../lib/errors.ts";
import { AddressPace } from "./address-pace.ts";
import { ADDRESS_BURST_MAX, ADDRESS_PER_S, LISTENER_SOCKETS_MAX } from "./limits.ts";
import { Wire } from "./wire.ts";
import { assertWireLibrary } from "./wire-guard.ts";
import { takeOver } from "./wire-socket.ts";

export interface Listener extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** Hands the wires of this infohash to `accept`, until the answer is called. */
  register(infohash: string, accept: (wire: Wire) => void): () => void;
}

export interface ListenerOptions {
  readonly host: string;
  /** 0 takes any free one. */
  readonly port: number;
  /** Connections that others may have to it at once, over all swarms. */
  readonly socketsMax?: number;
  readonly clock: Clock;
}

export async function openListener(options: ListenerOptions): Promise<Listener> {
  const { host, port, socketsMax = LISTENER_SOCKETS_MAX, clock } = options;
  assertWireLibrary();
  const swarms = new Map<string, (wire: Wire) => void>();
  const sockets = new Set<Socket>();
  const pace = new AddressPace(clock, { burst: ADDRESS_BURST_MAX, perS: ADDRESS_PER_S });
  /** Those that have not said what they want, the one that waits longest first. */
  const silent = new Set<Socket>();
  const forget = (socket: Socket) => {
    sockets.delete(socket);
    silent.delete(socket);
  };
  const server = createServer({ pauseOnConnect: true }, (accepted) => {
    const socket = takeOver(accepted);
    if (sockets.size >= socketsMax) {
      // A crowd that says nothing does not keep out who would.
      const [longest] = silent;
      longest?.destroy();
      if (longest !== undefined) forget(longest);
    }
    const isCrowded = sockets.size >= socketsMax;
    if (isCrowded || !pace.allows(socket.remoteAddress ?? "")) {
      socket.destroy();
      return;
    }
    sockets.add(socket);
    silent.add(socket);
    socket.on("close", () => forget(socket));
    const wire = new Wire(socket, false, (infohash) => {
      silent.delete(socket);
      const accept = swarms.get(infohash);
      if (accept === undefined) wire.close("SWARM_UNKNOWN");
      else accept(wire);
    });
  });
  await listen(server, host, port);
  const bound = server.address();
  return {
    host,
    port: typeof bound === "object" && bound !== null ? bound.port : port,
    register: (infohash, accept) => {
      if (swarms.has(infohash)) {
        throw new AceError("CONTENT_INVALID", `the swarm of ${infohash} is already open`);
      }
      swarms.set(infohash, accept);
      return () => swarms.delete(infohash);
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

async function listen(server: Server, host: string, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause: Error & { readonly code?: string }) => {
      const isTaken = cause.code === "EADDRINUSE" || cause.code === "EACCES";
      const code = isTaken ? "PORT_IN_USE" : "CONFIG_INVALID";
      reject(new AceError(code, `cannot listen on ${host}, port ${port}`, { cause }));
    });
    server.listen(port, host, resolve);
  });
}
