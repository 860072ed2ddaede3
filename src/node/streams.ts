/** The streaming side of a node: its key, its port, its tracker, and the contents it seeds. */
import { join } from "node:path";
import { loadDeviceKey } from "../access/device-key.ts";
import type { ServiceNetwork } from "../contracts/service-network.ts";
import { toHex } from "../lib/bytes.ts";
import type { Clock } from "../lib/clock.ts";
import type { Events } from "../lib/events.ts";
import { openListener } from "../p2p/listener.ts";
import { openTrackerServer } from "../p2p/tracker-server.ts";
import type { Contents } from "../store/contents.ts";
import type { Config } from "./config.ts";
import { ownSecret } from "./files.ts";
import { authority } from "./listen.ts";
import type { SwarmMeter } from "./p2p-metrics.ts";
import { type AccessGuard, openPolicy } from "./policy.ts";
import { Shelf } from "./shelf.ts";

export interface Streams {
  readonly shelf: Shelf;
  /** Says who may have bytes, however they are asked for. */
  readonly guard: AccessGuard;
  /** `host:port` of the BitTorrent port. */
  readonly peerAddress: string;
  readonly trackerUrl: string;
  /** What content records list for peers to know this node by. */
  readonly serverKey: string;
}

interface Options {
  readonly config: Config;
  readonly network: ServiceNetwork;
  readonly networkId: string;
  readonly contents: Contents;
  readonly meter: SwarmMeter;
  readonly events: Events;
  readonly clock: Clock;
}

export async function openStreams(
  parts: AsyncDisposableStack,
  { config, network, networkId, contents, meter, events, clock }: Options,
): Promise<Streams> {
  const { host, peerPort, trackerPort } = config;
  const nodeKey = loadDeviceKey(ownSecret(config.dataDir, "node.key"));
  const guard = openPolicy({
    networkId,
    issuers: network.issuers,
    licenceOf: (swarm) => shelf.licenceOf(swarm),
    onUsed: ({ jti, account, aud, bytes }) =>
      events.info("access.served", { jti, account, aud, bytes }),
    clock,
  });
  const { verifier } = guard.policy;
  const listener = parts.use(await openListener({ host, port: peerPort, clock }));
  const resumeDir = join(config.dataDir, "resume");
  const shelf = parts.use(
    new Shelf({
      contents,
      networkId,
      listener,
      nodeKey,
      verifier,
      usage: guard.usage,
      resumeDir,
      meter,
      events,
      clock,
    }),
  );
  const tracker = parts.use(
    await openTrackerServer({
      host,
      port: trackerPort,
      isServed: (infohash) => shelf.isListed(infohash),
      events,
    }),
  );
  return {
    shelf,
    guard,
    peerAddress: authority(host, listener.port),
    trackerUrl: tracker.announceUrl,
    serverKey: toHex(nodeKey.publicKey),
  };
}
