/** Asks the DHT for the peers of one swarm, again and again, and says there that we are one. */
import type { Events } from "../lib/events.ts";
import type { Dht } from "./discovery-port.ts";
import { DHT_ALONE_MS, DHT_FIND_MS } from "./limits.ts";

interface Search {
  readonly infohash: string;
  readonly port: number;
  readonly events: Events;
  isAlone(): boolean;
  onPeer(address: string): void;
}

export class DhtSearch {
  readonly #dht: Dht;
  readonly #search: Search;
  readonly #stopped = new AbortController();
  #timer: NodeJS.Timeout | undefined;

  constructor(dht: Dht, search: Search) {
    this.#dht = dht;
    this.#search = search;
    void this.#ask();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#stopped.abort();
  }

  async #ask(): Promise<void> {
    const { infohash, port, events, onPeer } = this.#search;
    const { signal } = this.#stopped;
    try {
      await this.#dht.lookup(infohash, onPeer, signal);
      if (!signal.aborted) await this.#dht.announce(infohash, port);
    } catch (error) {
      if (signal.aborted) return;
      const reason = error instanceof Error ? error.message : String(error);
      events.warn("p2p.dht_failed", { infohash, reason });
    }
    if (signal.aborted) return;
    const waitMs = this.#search.isAlone() ? DHT_ALONE_MS : DHT_FIND_MS;
    this.#timer = setTimeout(() => void this.#ask(), waitMs);
  }
}
