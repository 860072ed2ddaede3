/**
 * Tracker server: tells the peers of this network's contents about one another. HTTP only.
 *
 * It keeps peers only of swarms it is told to serve: without that rule anybody could fill its memory
 * with swarms that nobody is in.
 *
 * Errors  `PORT_IN_USE`.
 * Source  BEP 3 (tracker protocol), by bittorrent-tracker.
 */
import Server from "bittorrent-tracker/server";
import { AceError } from "../lib/errors.ts";
import type { Events } from "../lib/events.ts";
import { formatAddress } from "./addresses.ts";
import { ANNOUNCE_MS_MIN, TRACKER_REASON_MAX_CHARS } from "./limits.ts";

export interface TrackerServer extends AsyncDisposable {
  /** What torrents and content records name. */
  readonly announceUrl: string;
}

export interface TrackerServerOptions {
  readonly host: string;
  /** The address that others reach it at, where it is another. */
  readonly publicHost?: string;
  /** 0 takes any free one. */
  readonly port: number;
  /** Whether the swarm of this infohash, 40 hexadecimal characters, is served here. */
  isServed(infohash: string): boolean;
  readonly events: Events;
}

export async function openTrackerServer(options: TrackerServerOptions): Promise<TrackerServer> {
  const { host, publicHost = host, port, isServed, events } = options;
  const server = new Server({
    http: true,
    udp: false,
    ws: false,
    stats: false,
    interval: ANNOUNCE_MS_MIN,
    filter: (infohash, _parameters, done) => {
      done(isServed(infohash) ? null : new Error("this swarm is not served here"));
    },
  });
  // Anybody may ask nonsense, any number of times and of any length: that is no warning.
  server.on("warning", ({ message }) =>
    events.info("p2p.tracker_refused", { reason: message.slice(0, TRACKER_REASON_MAX_CHARS) }),
  );
  await new Promise<void>((resolve, reject) => {
    server.on("error", (cause) => {
      reject(new AceError("PORT_IN_USE", `the tracker cannot use port ${port}`, { cause }));
    });
    server.listen(port, host, resolve);
  });
  const bound = server.http.address();
  const actual = typeof bound === "object" && bound !== null ? bound.port : port;
  return {
    announceUrl: `http://${formatAddress(publicHost, actual)}/announce`,
    [Symbol.asyncDispose]: async () => {
      server.http.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
