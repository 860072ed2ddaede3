/** The streaming side of a node: its key, its ports, its tracker, and the contents it seeds. */
import { join } from "node:path";
import { loadDeviceKey } from "../access/device-key.ts";
import type { ServiceNetwork } from "../contracts/service-network.ts";
import { toHex } from "../lib/bytes.ts";
import type { Clock } from "../lib/clock.ts";
import type { Events } from "../lib/events.ts";
import { openListener } from "../p2p/listener.ts";
import { openTrackerServer } from "../p2p/tracker-server.ts";
import { openWebSeedServer } from "../p2p/web-seed-server.ts";
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
  /** Where contents lie over HTTP: this and `<infohash>/`. Absent when they do not. */
  readonly webSeedUrl?: string;
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
    onUsed: ({ jti, part, account, aud, bytes }) =>
      events.info("access.served", { jti, part, account, aud, bytes }),
    clock,
  });
  // After all that sends under tokens is closed.
  parts.defer(() => guard.usage.closeAll());
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
  const webSeedUrl = await openWebSeed(parts, { config, shelf, guard, events, clock });
  return {
    shelf,
    guard,
    peerAddress: authority(host, listener.port),
    trackerUrl: tracker.announceUrl,
    ...(webSeedUrl === undefined ? {} : { webSeedUrl }),
    serverKey: toHex(nodeKey.publicKey),
  };
}

interface WebSeedParts extends Pick<Options, "config" | "events" | "clock"> {
  readonly shelf: Shelf;
  readonly guard: AccessGuard;
}

/** What the swarm gates is gated here, under the same policy. */
async function openWebSeed(
  parts: AsyncDisposableStack,
  { config, shelf, guard, events, clock }: WebSeedParts,
): Promise<string | undefined> {
  const { host, webSeedPort: port } = config;
  if (port === undefined) return undefined;
  const server = await openWebSeedServer({
    host,
    port,
    find: (infohash) => {
      const seeded = shelf.seeded(infohash);
      if (seeded === undefined) return undefined;
      const { swarm, isGated } = seeded;
      return isGated ? { swarm, policy: guard.policy } : { swarm };
    },
    payload: guard.usage,
    clock,
    events,
  });
  return parts.use(server).baseUrl;
}
