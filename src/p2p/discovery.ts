/**
 * Discovery: where peers of one swarm are found. HTTP trackers; static peers are the swarm's own.
 *
 * A tracker is asked again after the interval it names, or within seconds while there is no peer at
 * all: a viewer that came before the seeding node must not wait for half an hour.
 */
import type { Events } from "../lib/events.ts";
import { isDialable, parseAddress } from "./addresses.ts";
import { ANNOUNCE_ALONE_MS, ANNOUNCE_MS_MIN, TRACKER_MS, TRACKERS_MAX } from "./limits.ts";
import { type Announce, announceTo } from "./tracker-client.ts";

export interface DiscoveryOptions {
  readonly trackers: readonly string[];
  readonly infohash: string;
  readonly peerId: Uint8Array;
  /** Where this node listens for the swarm. */
  readonly port: number;
  readonly events: Events;
  leftBytes(): number;
  /** True while the swarm has no peer and would like one. */
  isAlone(): boolean;
  /** `address` is `host:port`, checked to be one that may be dialled. */
  onPeer(address: string): void;
}

export interface Discovery extends AsyncDisposable {
  /** Tells the trackers that everything is here now. */
  completed(): void;
}

export function startDiscovery(options: DiscoveryOptions): Discovery {
  const usable = options.trackers.filter((url) => /^https?:\/\//.test(url)).slice(0, TRACKERS_MAX);
  const trackers = usable.map((url) => new Tracker(url, options));
  for (const tracker of trackers) tracker.announce("started");
  return {
    completed: () => {
      for (const tracker of trackers) tracker.announce("completed");
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(trackers.map((tracker) => tracker.stop()));
    },
  };
}

const STOP_MS = 1_000;

class Tracker {
  readonly #url: string;
  readonly #options: DiscoveryOptions;
  readonly #stopped = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #aloneMs = ANNOUNCE_ALONE_MS;

  constructor(url: string, options: DiscoveryOptions) {
    this.#url = url;
    this.#options = options;
  }

  announce(event: Announce["event"]): void {
    clearTimeout(this.#timer);
    void this.#announce(event);
  }

  /** Says goodbye, but waits for no answer longer than a moment. */
  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    this.#stopped.abort();
    await this.#ask("stopped", AbortSignal.timeout(STOP_MS)).catch(() => {});
  }

  async #announce(event: Announce["event"]): Promise<void> {
    const { signal } = this.#stopped;
    let nextMs = ANNOUNCE_MS_MIN;
    try {
      const limit = AbortSignal.any([signal, AbortSignal.timeout(TRACKER_MS)]);
      const { peers, intervalMs } = await this.#ask(event, limit);
      nextMs = intervalMs;
      for (const peer of peers) this.#found(peer);
    } catch (error) {
      if (signal.aborted) return;
      const reason = error instanceof Error ? error.message : String(error);
      this.#options.events.warn("p2p.tracker_failed", { tracker: this.#url, reason });
    }
    if (signal.aborted) return;
    this.#schedule(nextMs);
  }

  #schedule(intervalMs: number): void {
    clearTimeout(this.#timer);
    const waitMs = this.#options.isAlone() ? Math.min(this.#aloneMs, intervalMs) : intervalMs;
    this.#aloneMs = Math.min(this.#aloneMs * 2, ANNOUNCE_MS_MIN);
    this.#timer = setTimeout(() => this.announce(undefined), waitMs);
  }

  #found(peer: string): void {
    const address = parseAddress(peer);
    const namedBy = new URL(this.#url).hostname.replace(/^\[|\]$/g, "");
    if (address !== undefined && isDialable(address.host, namedBy)) this.#options.onPeer(peer);
  }

  #ask(event: Announce["event"], signal: AbortSignal) {
    const { infohash, peerId, port } = this.#options;
    const leftBytes = this.#options.leftBytes();
    return announceTo(this.#url, { infohash, peerId, port, leftBytes, event }, signal);
  }
}
