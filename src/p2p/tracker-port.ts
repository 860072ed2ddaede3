/**
 * What a tracker is to discovery, over whichever protocol it speaks.
 *
 * Units   Seconds in what a tracker says, milliseconds in what is answered here.
 * Source  BEP 3, BEP 48 (scrape).
 */
import { ANNOUNCE_MS_MAX, ANNOUNCE_MS_MIN } from "./limits.ts";
import type { Hearsay } from "./web-address.ts";

export interface Announce {
  readonly infohash: string;
  readonly peerId: Uint8Array;
  readonly port: number;
  readonly leftBytes: number;
  readonly event: "started" | "stopped" | "completed" | undefined;
}

export interface TrackerAnswer {
  /** `host:port` of each peer, as the tracker says it. */
  readonly peers: readonly string[];
  readonly intervalMs: number;
}

/** How many are in a swarm, as its tracker counts them. */
export interface Scrape {
  readonly seeds: number;
  readonly leeches: number;
  readonly completed: number;
}

/** Each method rejects with what went wrong; the caller tries again later. */
export interface TrackerLink {
  announce(announce: Announce, signal: AbortSignal): Promise<TrackerAnswer>;
  scrape(infohash: string, signal: AbortSignal): Promise<Scrape>;
  close(): void;
}

/** Where a tracker is, and whose word that is: the operator's own when that is absent. */
export interface AskedTracker {
  readonly url: URL;
  readonly hearsay: Hearsay | undefined;
}

interface TrackerQuestions {
  announce(tracker: AskedTracker, announce: Announce, signal: AbortSignal): Promise<TrackerAnswer>;
  scrape(tracker: AskedTracker, infohash: string, signal: AbortSignal): Promise<Scrape>;
}

/** A tracker that keeps no connection: each question stands alone. */
export function askedAnew(tracker: AskedTracker, questions: TrackerQuestions): TrackerLink {
  return {
    announce: (announce, signal) => questions.announce(tracker, announce, signal),
    scrape: (infohash, signal) => questions.scrape(tracker, infohash, signal),
    close: () => {},
  };
}

export const PEERS_WANTED = 50;

export function boundedIntervalMs(intervalS: number | undefined): number {
  const intervalMs = intervalS === undefined ? ANNOUNCE_MS_MAX : intervalS * 1_000;
  return Math.min(ANNOUNCE_MS_MAX, Math.max(ANNOUNCE_MS_MIN, intervalMs));
}
