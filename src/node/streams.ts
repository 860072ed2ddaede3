/** The streaming side of a node: its key, its ports, its tracker, and the contents it seeds. */
import { join } from "node:path";
import { loadDeviceKey } from "../access/device-key.ts";
import type { ServiceNetwork } from "../contracts/service-network.ts";
import { toHex } from "../lib/bytes.ts";
import type { Clock } from "../lib/clock.ts";
import type { Events } from "../lib/events.ts";
import { BAN_FILE, openBanFile } from "../p2p/ban-file.ts";
import { Bans } from "../p2p/bans.ts";
import { openListener } from "../p2p/listener.ts";
import { nodeLimits } from "../p2p/node-limits.ts";
import { NodePeers } from "../p2p/node-peers.ts";
import { type NodeRates, openNodeRates } from "../p2p/swarm-rates.ts";
import { openTrackerServer } from "../p2p/tracker-server.ts";
import { openWebSeedServer } from "../p2p/web-seed-server.ts";
import type { Contents } from "../store/contents.ts";
import type { Config } from "./config.ts";
import { ownSecret } from "./files.ts";
import { authority } from "./listen.ts";
import type { SwarmMeter } from "./p2p-metrics.ts";
import { type AccessGuard, openPolicy, toldIn } from "./policy.ts";
import { type SeedTerms, Shelf } from "./shelf.ts";

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

const BYTES_PER_KB = 1_000;

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
  const { host, peerPort, trackerPort, peersMax } = config;
  const publicHost = config.publicHost ?? host;
  const nodeKey = loadDeviceKey(ownSecret(config.dataDir, "node.key"));
  const guard = openPolicy({
    networkId,
    issuers: network.issuers,
    licenceOf: (swarm) => shelf.licenceOf(swarm),
    onUsed: toldIn(events),
    clock,
  });
  // After all that sends under tokens is closed.
  parts.defer(() => guard.usage.closeAll());
  const { verifier } = guard.policy;
  const listener = parts.use(
    await openListener({ host, port: peerPort, socketsMax: peersMax, clock }),
  );
  const resumeDir = join(config.dataDir, "resume");
  const book = parts.use(openBanFile(join(config.dataDir, BAN_FILE), { clock, events }));
  const terms = seedTerms(config, new Bans(book));
  meter.limits(nodeLimits(terms.rates, terms.nodePeers));
  const shelf = parts.use(
    new Shelf({
      contents,
      networkId,
      listener,
      nodeKey,
      verifier,
      usage: guard.usage,
      resumeDir,
      terms,
      meter,
      events,
      clock,
    }),
  );
  const tracker = parts.use(
    await openTrackerServer({
      host,
      publicHost,
      port: trackerPort,
      isServed: (infohash) => shelf.isListed(infohash),
      events,
    }),
  );
  const { rates } = terms;
  const webSeedUrl = await openWebSeed(parts, { config, shelf, guard, rates, events, clock });
  return {
    shelf,
    guard,
    peerAddress: authority(publicHost, listener.port),
    trackerUrl: tracker.announceUrl,
    ...(webSeedUrl === undefined ? {} : { webSeedUrl }),
    serverKey: toHex(nodeKey.publicKey),
  };
}

interface WebSeedParts extends Pick<Options, "config" | "events" | "clock"> {
  readonly shelf: Shelf;
  readonly guard: AccessGuard;
  readonly rates: NodeRates;
}

/** What holds for all that this node seeds. */
function seedTerms(config: Config, bans: Bans): SeedTerms {
  const { uploadLimitKbPerS, uploadTo, peersMax, swarmPeersMax } = config;
  return {
    rates: openNodeRates({ uploadBytesPerS: uploadLimitKbPerS * BYTES_PER_KB }),
    nodePeers: new NodePeers(peersMax),
    bans,
    uploadTo,
    ...(swarmPeersMax === undefined ? {} : { peersMax: swarmPeersMax }),
  };
}

/** What the swarm gates is gated here, under the same policy. */
async function openWebSeed(
  parts: AsyncDisposableStack,
  { config, shelf, guard, rates, events, clock }: WebSeedParts,
): Promise<string | undefined> {
  const { host, publicHost, webSeedPort: port, webSeedOrigin: origin } = config;
  if (port === undefined) return undefined;
  const server = await openWebSeedServer({
    host,
    port,
    ...(publicHost === undefined ? {} : { publicHost }),
    ...(origin === undefined ? {} : { origin }),
    rates,
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
