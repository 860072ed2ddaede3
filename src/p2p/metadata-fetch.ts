/**
 * Finds the info dictionary of a swarm of which only the infohash is known.
 *
 * Several peers are asked at once, each for all of it; the first whose bytes have the right hash is
 * believed, and who sent others is not asked again. A liar costs its share of time and no more.
 *
 * Errors  `CONTENT_UNREACHABLE` when nobody gave it until the signal, or when there is nobody to ask;
 *         `GATE_REQUIRED` when who has it gives to licence holders only.
 * Source  BEP 9.
 */
import { hash, randomBytes } from "node:crypto";
import { AceError, isAceError } from "../lib/errors.ts";
import { type Events, silentEvents } from "../lib/events.ts";
import { startDiscovery } from "./discovery.ts";
import type { Dht } from "./discovery-port.ts";
import {
  CANDIDATES_MAX,
  METADATA_GATED_MS,
  METADATA_PEER_MS,
  METADATA_PEERS_MAX,
  METADATA_RETRY_MS,
  METADATA_TRIES_MAX,
} from "./limits.ts";
import { metadataFrom } from "./metadata-peer.ts";
import { type Torrent, torrentOfInfo } from "./torrent.ts";
import type { Hearsay } from "./web-address.ts";

export interface MetadataSearch {
  /** 40 hexadecimal characters. */
  readonly infohash: string;
  /** `host:port` of peers known beforehand. */
  readonly peers: readonly string[];
  readonly trackers: readonly string[];
  /** Whose word the trackers are, when it is not that of whoever runs this node. */
  readonly hearsay?: Hearsay;
  readonly webSeeds?: readonly string[];
  readonly dht?: Dht;
  /** Where this node listens: trackers and the DHT want to know. */
  readonly port: number;
  readonly events?: Events;
}

export async function fetchMetadata(search: MetadataSearch, signal: AbortSignal): Promise<Torrent> {
  const { infohash, peers, trackers, webSeeds = [], dht, port } = search;
  const hunt = new Hunt(infohash, search.events ?? silentEvents, signal);
  for (const peer of peers) hunt.add(peer);
  await using _discovery = startDiscovery({
    trackerTiers: trackers.map((url) => [url]),
    ...(search.hearsay === undefined ? {} : { hearsay: search.hearsay }),
    find: dht === undefined ? {} : { dht },
    infohash,
    peerId: hunt.peerId,
    port,
    events: search.events ?? silentEvents,
    // Unknown, but not nothing: a tracker would take us for a seed.
    leftBytes: () => 1,
    isAlone: () => true,
    onPeer: (address) => hunt.add(address),
  });
  try {
    return torrentOfInfo(await hunt.found(), { trackers, webSeeds });
  } finally {
    hunt.stop();
  }
}

class Hunt {
  readonly peerId = Uint8Array.from(Buffer.concat([Buffer.from("-AN0100-"), randomBytes(12)]));
  readonly #infohash: string;
  readonly #events: Events;
  readonly #over = new AbortController();
  readonly #found = Promise.withResolvers<Uint8Array>();
  readonly #known = new Set<string>();
  readonly #waiting: string[] = [];
  readonly #tries = new Map<string, number>();
  /** Peers that give to licence holders only. */
  readonly #gated = new Set<string>();
  #busy = 0;

  constructor(infohash: string, events: Events, signal: AbortSignal) {
    this.#infohash = infohash;
    this.#events = events;
    const giveUp = () => this.#found.reject(this.#fault());
    if (signal.aborted) giveUp();
    signal.addEventListener("abort", giveUp, { once: true, signal: this.#over.signal });
  }

  found(): Promise<Uint8Array> {
    return this.#found.promise;
  }

  stop(): void {
    this.#over.abort();
  }

  add(address: string): void {
    if (this.#known.has(address) || this.#known.size >= CANDIDATES_MAX) return;
    this.#known.add(address);
    this.#waiting.push(address);
    this.#askNext();
  }

  #askNext(): void {
    if (this.#busy >= METADATA_PEERS_MAX || this.#over.signal.aborted) return;
    const address = this.#waiting.shift();
    if (address === undefined) return;
    this.#busy += 1;
    void this.#ask(address).finally(() => {
      this.#busy -= 1;
      this.#askNext();
    });
  }

  async #ask(address: string): Promise<void> {
    const limit = AbortSignal.any([this.#over.signal, AbortSignal.timeout(METADATA_PEER_MS)]);
    const wish = { infohash: this.#infohash, peerId: this.peerId };
    try {
      const info = await metadataFrom(address, wish, limit);
      if (hash("sha1", info, "hex") === this.#infohash) this.#found.resolve(info);
      else this.#events.warn("p2p.metadata_false", { peer: address, infohash: this.#infohash });
    } catch (error) {
      if (this.#over.signal.aborted) return;
      if (isAceError(error, "GATE_REQUIRED")) {
        this.#onGated(address);
        return;
      }
      const reason = error instanceof Error ? error.message : String(error);
      this.#events.info("p2p.metadata_refused", { peer: address, reason });
      this.#retry(address);
    }
  }

  /** Others may come that know more; where all say the same, nobody is kept waiting for them. */
  #onGated(address: string): void {
    this.#gated.add(address);
    const timer = setTimeout(() => {
      if (this.#gated.size === this.#known.size) this.#found.reject(this.#fault());
    }, METADATA_GATED_MS);
    this.#over.signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
  }

  #fault(): AceError {
    const infohash = this.#infohash;
    if (this.#gated.size === 0) {
      return new AceError("CONTENT_UNREACHABLE", `no peer gave the metadata of ${infohash}`);
    }
    const how = "name it by its content id at a node of its service network (--network, --node)";
    return new AceError("GATE_REQUIRED", `the swarm of ${infohash} is gated: ${how}`);
  }

  /** It may have been busy, or not in the swarm yet. One that lied is not asked again. */
  #retry(address: string): void {
    const tries = (this.#tries.get(address) ?? 0) + 1;
    this.#tries.set(address, tries);
    if (tries >= METADATA_TRIES_MAX) return;
    const timer = setTimeout(() => {
      this.#waiting.push(address);
      this.#askNext();
    }, METADATA_RETRY_MS * tries);
    this.#over.signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
  }
}
