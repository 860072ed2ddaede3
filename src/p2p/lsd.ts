/**
 * Local discovery: peers in the same local network find one another by multicast. Off unless asked
 * for: it tells everybody there what is watched.
 *
 * A peer is where the datagram came from, at the port that it names: nobody can name another machine.
 *
 * Errors  `PORT_IN_USE` when the group cannot be joined.
 * Source  BEP 14, IPv4.
 */
import { randomBytes } from "node:crypto";
import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import type { Clock } from "../lib/clock.ts";
import { AceError } from "../lib/errors.ts";
import { AddressPace } from "./address-pace.ts";
import { isPeerDialable } from "./addresses.ts";
import type { LocalDiscovery, LocalSwarm } from "./discovery-port.ts";
import { LSD_INFOHASHES_MAX, LSD_MESSAGE_MAX_BYTES, LSD_MS, LSD_PER_S } from "./limits.ts";

export interface LocalOptions {
  readonly clock: Clock;
  /** Address of the network card to use; the system's choice when absent. */
  readonly interface?: string;
  readonly group?: string;
  /** 0 takes any free one, which all others must then use too. */
  readonly port?: number;
}

export interface Local extends LocalDiscovery, AsyncDisposable {
  readonly port: number;
}

const GROUP = "239.192.152.143";
const PORT = 6771;

export async function openLocalDiscovery(options: LocalOptions): Promise<Local> {
  const { clock, group = GROUP } = options;
  const socket = await openSocket(options, group);
  const { port } = socket.address();
  const cookie = randomBytes(8).toString("hex");
  const swarms = new Map<string, LocalSwarm>();
  const pace = new AddressPace(clock, { burst: LSD_PER_S, perS: LSD_PER_S });
  const say = (swarm: LocalSwarm) => {
    const text = message({ group, port, cookie }, swarm);
    socket.send(text, port, group, () => {});
  };
  socket.on("message", (datagram: Buffer, from: RemoteInfo) => {
    if (datagram.length > LSD_MESSAGE_MAX_BYTES || !pace.allows(from.address)) return;
    const heard = readLocal(datagram);
    if (heard === undefined || heard.cookie === cookie) return;
    const peer = { host: from.address, port: heard.port };
    if (!isPeerDialable(peer, from.address)) return;
    for (const infohash of heard.infohashes) {
      swarms.get(infohash)?.onPeer(`${peer.host}:${peer.port}`);
    }
  });
  const timer = setInterval(() => {
    for (const swarm of swarms.values()) say(swarm);
  }, LSD_MS);
  return {
    port,
    join: (swarm) => {
      swarms.set(swarm.infohash, swarm);
      say(swarm);
      return () => swarms.delete(swarm.infohash);
    },
    [Symbol.asyncDispose]: async () => {
      clearInterval(timer);
      await new Promise<void>((resolve) => socket.close(resolve));
    },
  };
}

interface Heard {
  readonly port: number;
  readonly infohashes: readonly string[];
  readonly cookie: string | undefined;
}

/** What a datagram of the group says; undefined when it is none of ours. */
export function readLocal(datagram: Uint8Array): Heard | undefined {
  const [first, ...lines] = Buffer.from(datagram).toString("latin1").split("\r\n");
  if (first !== "BT-SEARCH * HTTP/1.1") return undefined;
  const fields = lines.flatMap((line) => {
    const [, name = "", value = ""] = /^([\w-]+): ?(.*)$/.exec(line) ?? [];
    return name === "" ? [] : [{ name: name.toLowerCase(), value: value.trim() }];
  });
  const every = (name: string) =>
    fields.filter((field) => field.name === name).map(({ value }) => value);
  const port = Number(every("port")[0]);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) return undefined;
  const infohashes = every("infohash")
    .map((text) => text.toLowerCase())
    .filter((text) => /^[0-9a-f]{40}$/.test(text));
  return {
    port,
    infohashes: infohashes.slice(0, LSD_INFOHASHES_MAX),
    cookie: every("cookie")[0],
  };
}

function message(
  {
    group,
    port,
    cookie,
  }: { readonly group: string; readonly port: number; readonly cookie: string },
  swarm: LocalSwarm,
): Buffer {
  const lines = [
    "BT-SEARCH * HTTP/1.1",
    `Host: ${group}:${port}`,
    `Port: ${swarm.port}`,
    `Infohash: ${swarm.infohash}`,
    `cookie: ${cookie}`,
    "",
    "",
    "",
  ];
  return Buffer.from(lines.join("\r\n"), "latin1");
}

async function openSocket(options: LocalOptions, group: string): Promise<Socket> {
  const { port = PORT } = options;
  const socket = createSocket({ type: "udp4", reuseAddr: true });
  return await new Promise((resolve, reject) => {
    const refuse = (cause: unknown) => {
      reject(new AceError("PORT_IN_USE", `cannot join ${group}, port ${port}`, { cause }));
    };
    socket.once("error", refuse);
    socket.bind(port, () => {
      try {
        if (options.interface !== undefined) socket.setMulticastInterface(options.interface);
        socket.addMembership(group, options.interface);
        // One step: never beyond the local network.
        socket.setMulticastTTL(1);
        socket.setMulticastLoopback(true);
      } catch (error) {
        socket.close();
        refuse(error);
        return;
      }
      socket.off("error", refuse);
      // A network that is gone for a while is no reason to stop.
      socket.on("error", () => {});
      resolve(socket);
    });
  });
}
