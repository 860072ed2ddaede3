/** The swarms of an engine: each joined on the operator's terms, gated ones with token and policy. */
import { join } from "node:path";
import type { Clock } from "../lib/clock.ts";
import type { Events } from "../lib/events.ts";
import type { Bans } from "../p2p/bans.ts";
import { type ContentRecord, isSwarmGated, recordTorrent } from "../p2p/content-record.ts";
import type { FindOptions } from "../p2p/discovery-port.ts";
import type { DeviceKey } from "../p2p/ed25519.ts";
import type { TokenVerifier } from "../p2p/gate.ts";
import { STORE_CAP_MIN_BYTES } from "../p2p/limits.ts";
import type { Listener } from "../p2p/listener.ts";
import type { LiveRecord } from "../p2p/live-record.ts";
import type { LiveCipher, LiveSwarm } from "../p2p/live-swarm-port.ts";
import { type NodeLimits, nodeLimits } from "../p2p/node-limits.ts";
import { NodePeers } from "../p2p/node-peers.ts";
import { folderStore, memoryStore, type PieceStore } from "../p2p/piece-store.ts";
import { cacheStore } from "../p2p/piece-store-cache.ts";
import { openSwarm } from "../p2p/swarm.ts";
import type { Swarm, SwarmOptions } from "../p2p/swarm-port.ts";
import { type NodeRates, openNodeRates } from "../p2p/swarm-rates.ts";
import type { Torrent } from "../p2p/torrent.ts";
import type { GatedMarks } from "./engine-records.ts";
import { dhtHearsay, type EngineTerms, linkHearsay, MEMORY_CACHE_BYTES } from "./engine-terms.ts";
import type { TokenSource } from "./engine-tokens.ts";
import { joinLiveRecord } from "./live-join.ts";
import { measured, measuredLive } from "./measured-swarm.ts";
import type { SwarmMeter } from "./p2p-metrics.ts";
import { webSeedCredentials } from "./web-seed-credentials.ts";

export interface EngineSwarmParts {
  readonly terms: EngineTerms;
  readonly dataDir: string;
  readonly listener: Listener;
  readonly find: FindOptions;
  readonly device: DeviceKey;
  readonly verifier: TokenVerifier;
  readonly tokensOf: (contentId: string) => TokenSource;
  readonly marks: GatedMarks;
  readonly bans: Bans;
  readonly meter: SwarmMeter;
  readonly events: Events;
  readonly clock: Clock;
}

interface LiveTerms {
  readonly cipher: LiveCipher | undefined;
  readonly isHearsay?: boolean | undefined;
}

export class EngineSwarms {
  readonly limits: NodeLimits;
  readonly #parts: EngineSwarmParts;
  readonly #rates: NodeRates;
  readonly #nodePeers: NodePeers;

  constructor(parts: EngineSwarmParts) {
    this.#parts = parts;
    this.#rates = openNodeRates(parts.terms);
    this.#nodePeers = new NodePeers(parts.terms.peersMax);
    this.limits = nodeLimits(this.#rates, this.#nodePeers);
    parts.meter.limits(this.limits);
  }

  /** Of a content that a record describes. */
  async joinRecord(record: ContentRecord): Promise<Swarm> {
    const { device, verifier, tokensOf, marks, terms, find, clock } = this.#parts;
    const { contentId, serverKeys, trackers, peers } = record;
    const torrent = recordTorrent(record);
    await marks.check(record);
    if (!isSwarmGated(record)) {
      return await this.#join(torrent, { announce: trackers, peers: [...peers, ...terms.peers] });
    }
    // Viewers serve one another: each shows its token, and checks the other's as a seed would.
    const download = { tokens: tokensOf(contentId), serverKeys, sharing: true };
    return await this.#join(torrent, {
      announce: trackers,
      peers: [...peers, ...terms.peers],
      gate: { deviceKey: device, upload: verifier, download },
      find: { ...find, ...(record.discovery === undefined ? {} : { allowed: record.discovery }) },
      webSeeds: {
        mode: terms.webSeeds,
        trustedHosts: terms.trustedHosts,
        credentials: webSeedCredentials({ ...download, device, clock }),
      },
    });
  }

  /** Of a public torrent that no record describes. */
  async joinPublic(torrent: Torrent, peers: readonly string[]): Promise<Swarm> {
    const { marks, terms } = this.#parts;
    marks.requireOpen(torrent.infohash, torrent.name);
    return await this.#join(torrent, {
      announce: [...torrent.announce, ...(torrent.isPrivate ? [] : terms.trackers)],
      hearsay: linkHearsay(terms),
      peers: [...peers, ...terms.peers],
    });
  }

  /**
   * @param cipher Of a stream whose pieces travel enciphered.
   * @param isHearsay The record is the word of whoever answered in the DHT.
   */
  async joinLive(record: LiveRecord, { cipher, isHearsay = false }: LiveTerms): Promise<LiveSwarm> {
    const { device, verifier, tokensOf, terms, listener, find, dataDir } = this.#parts;
    const { bans, meter, events, clock } = this.#parts;
    const swarm = await joinLiveRecord(record, {
      role: "viewer",
      listener,
      device,
      verifier,
      tokens: tokensOf(record.contentId),
      find,
      web: { mode: terms.webSeeds, trustedHosts: terms.trustedHosts },
      dataDir,
      ...(cipher === undefined ? {} : { cipher }),
      ...(isHearsay ? { hearsay: dhtHearsay(terms) } : {}),
      ...this.#shares(),
      bans,
      events,
      clock,
    });
    for (const peer of terms.peers) swarm.addPeer(peer);
    return measuredLive(swarm, meter);
  }

  async #join(
    torrent: Torrent,
    own: Pick<SwarmOptions, "announce" | "hearsay" | "peers" | "gate" | "find" | "webSeeds">,
  ): Promise<Swarm> {
    const { terms, dataDir, listener, find, bans, meter, events, clock } = this.#parts;
    const { webSeeds, trustedHosts } = terms;
    const swarm = await openSwarm({
      torrent,
      store: await this.#store(torrent),
      role: "leech",
      listener,
      find,
      webSeeds: { mode: webSeeds, trustedHosts },
      ...this.#shares(),
      bans,
      ...(terms.cache === "disk"
        ? { resumePath: join(dataDir, `${torrent.infohash}.resume`) }
        : {}),
      ...own,
      events,
      clock,
    });
    return measured(swarm, meter);
  }

  /** What holds for all swarms of this engine, films and live streams. */
  #shares(): Pick<SwarmOptions, "rates" | "nodePeers" | "peersMax" | "uploadTo" | "downloadFrom"> {
    const { swarmPeersMax, uploadTo, downloadFrom } = this.#parts.terms;
    return {
      ...(uploadTo.length > 0 ? { uploadTo } : {}),
      ...(downloadFrom.length > 0 ? { downloadFrom } : {}),
      rates: { node: this.#rates },
      nodePeers: this.#nodePeers,
      ...(swarmPeersMax === undefined ? {} : { peersMax: swarmPeersMax }),
    };
  }

  async #store(torrent: Torrent): Promise<PieceStore> {
    const { terms, dataDir } = this.#parts;
    const { cache, cacheBytes } = terms;
    const capBytes = Math.max(STORE_CAP_MIN_BYTES, cacheBytes || MEMORY_CACHE_BYTES);
    if (cache === "memory") return memoryStore(torrent, capBytes);
    return cacheBytes === 0
      ? await folderStore(torrent, dataDir)
      : await cacheStore(torrent, { folder: dataDir, capBytes });
  }
}
