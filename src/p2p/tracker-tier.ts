/**
 * A tier of trackers: one of them is asked, the next when it fails; the one that answered comes first
 * from then on.
 *
 * Source  BEP 12.
 */
import type { Events } from "../lib/events.ts";
import { isPeerDialable, parseAddress } from "./addresses.ts";
import { ANNOUNCE_ALONE_MS, ANNOUNCE_MS_MIN, CANDIDATES_MAX, TRACKER_MS } from "./limits.ts";
import { httpTracker } from "./tracker-client.ts";
import type { Announce, TrackerLink } from "./tracker-port.ts";
import { udpTracker } from "./tracker-udp.ts";
import { webSocketTracker } from "./tracker-ws.ts";
import type { Hearsay } from "./web-address.ts";

export interface TierOptions {
  readonly infohash: string;
  readonly peerId: Uint8Array;
  readonly port: number;
  readonly events: Events;
  /** Whose word the trackers are, when it is not that of whoever runs this node. */
  readonly hearsay?: Hearsay;
  leftBytes(): number;
  isAlone(): boolean;
  onPeer(address: string): void;
}

const STOP_MS = 1_000;

export function isTrackerUrl(url: string): boolean {
  return URL.canParse(url) && /^(?:https?|udp|wss?):\/\//.test(url);
}

/** @param hearsay Whose word the address is, when it is not that of whoever runs this node. */
export function openTracker(text: string, hearsay?: Hearsay): TrackerLink {
  const tracker = { url: new URL(text), hearsay };
  const { protocol } = tracker.url;
  if (protocol === "udp:") return udpTracker(tracker);
  return protocol.startsWith("ws") ? webSocketTracker(tracker) : httpTracker(tracker);
}

interface Member {
  readonly url: string;
  readonly link: TrackerLink;
}

export class TrackerTier {
  readonly #members: Member[];
  readonly #options: TierOptions;
  readonly #stopped = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #aloneMs = ANNOUNCE_ALONE_MS;

  constructor(urls: readonly string[], options: TierOptions) {
    this.#members = urls.map((url) => ({ url, link: openTracker(url, options.hearsay) }));
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
    const [first] = this.#members;
    if (first !== undefined) {
      await this.#ask(first.link, "stopped", AbortSignal.timeout(STOP_MS)).catch(() => {});
    }
    for (const { link } of this.#members) link.close();
  }

  async #announce(event: Announce["event"]): Promise<void> {
    const intervalMs = await this.#firstAnswer(event);
    if (!this.#stopped.signal.aborted) this.#schedule(intervalMs);
  }

  /** Answers after how long to ask again. */
  async #firstAnswer(event: Announce["event"]): Promise<number> {
    const { signal } = this.#stopped;
    for (const member of [...this.#members]) {
      try {
        const limit = AbortSignal.any([signal, AbortSignal.timeout(TRACKER_MS)]);
        const { peers, intervalMs } = await this.#ask(member.link, event, limit);
        this.#members.splice(this.#members.indexOf(member), 1);
        this.#members.unshift(member);
        // A swarm knows no more at once: who names thousands is not to hold up everything else.
        for (const peer of peers.slice(0, CANDIDATES_MAX)) this.#found(member.url, peer);
        return intervalMs;
      } catch (error) {
        if (signal.aborted) break;
        const reason = error instanceof Error ? error.message : String(error);
        this.#options.events.warn("p2p.tracker_failed", { tracker: member.url, reason });
      }
    }
    return ANNOUNCE_MS_MIN;
  }

  #schedule(intervalMs: number): void {
    clearTimeout(this.#timer);
    const waitMs = this.#options.isAlone() ? Math.min(this.#aloneMs, intervalMs) : intervalMs;
    this.#aloneMs = Math.min(this.#aloneMs * 2, ANNOUNCE_MS_MIN);
    this.#timer = setTimeout(() => this.announce(undefined), waitMs);
  }

  #found(tracker: string, peer: string): void {
    const address = parseAddress(peer);
    const namedBy = new URL(tracker).hostname.replace(/^\[|\]$/g, "");
    if (address !== undefined && isPeerDialable(address, namedBy)) this.#options.onPeer(peer);
  }

  #ask(link: TrackerLink, event: Announce["event"], signal: AbortSignal) {
    const { infohash, peerId, port } = this.#options;
    const leftBytes = this.#options.leftBytes();
    return link.announce({ infohash, peerId, port, leftBytes, event }, signal);
  }
}
