/**
 * Swarm: the peers of one content, what they bring us and what we give them.
 *
 * Units   Offsets and lengths are bytes of the whole torrent.
 * Errors  `FILE_UNREADABLE` for a seed whose file is not what its torrent says. `read` fails with
 *         `CONTENT_UNREACHABLE` when nothing arrives, `RANGE_INVALID`, or what the token source
 *         says, such as `LICENCE_MISSING`. A gated content is never a hang.
 * Source  BEP 3; the gate is in gate.ts.
 */
import type { Clock } from "../lib/clock.ts";
import { AceError } from "../lib/errors.ts";
import type { Events } from "../lib/events.ts";
import { STALL_MS } from "./limits.ts";
import type { GatePolicy } from "./link-gate.ts";
import type { Listener } from "./listener.ts";
import type { PieceStore } from "./piece-store.ts";
import { RunningSwarm } from "./swarm-run.ts";
import type { SwarmStats } from "./swarm-stats.ts";
import type { Torrent } from "./torrent.ts";
import { verifyStore } from "./verify.ts";

export interface SwarmOptions {
  readonly torrent: Torrent;
  readonly store: PieceStore;
  /** A seed has all of it; a leech fetches what is read, or everything after `download`. */
  readonly role: "seed" | "leech";
  readonly listener: Listener;
  /** Trackers to use instead of the torrent's own. */
  readonly announce?: readonly string[];
  /** `host:port` of peers known beforehand. */
  readonly peers?: readonly string[];
  /** Absent for public content. */
  readonly gate?: GatePolicy;
  readonly events: Events;
  readonly clock: Clock;
  /** Aborts the verification at the start; afterwards the swarm is disposed of instead. */
  readonly signal?: AbortSignal;
  /** A read that no piece has reached for this long fails. */
  readonly stallMs?: number;
  readonly onVerify?: (pieces: number, total: number) => void;
}

export interface Swarm extends AsyncDisposable {
  readonly torrent: Torrent;
  stats(): SwarmStats;
  /** Resolves for who may read, rejects with the reason for who may not. */
  ready(signal: AbortSignal): Promise<void>;
  /** The bytes from `offset` on, fetched in the order they are read. Several reads may be open. */
  read(offset: number, length: number, signal: AbortSignal): AsyncIterable<Uint8Array>;
  /** Fetches all of it; resolves when it is here. */
  download(signal: AbortSignal): Promise<void>;
  /** `host:port`. */
  addPeer(address: string): void;
}

/**
 * Verifies what the store holds, joins the swarm and stays in it until disposed of. The store is the
 * swarm's from here on: closed with it, and when it cannot be opened.
 */
export async function openSwarm(options: SwarmOptions): Promise<Swarm> {
  try {
    const had = await verified(options);
    return new RunningSwarm(options, had, options.stallMs ?? STALL_MS);
  } catch (error) {
    await options.store.close();
    throw error;
  }
}

async function verified({ torrent, store, role, signal, onVerify }: SwarmOptions) {
  const had = await verifyStore(torrent, store, {
    ...(signal === undefined ? {} : { signal }),
    ...(onVerify === undefined ? {} : { onProgress: onVerify }),
  });
  if (role === "leech" || had.isFull) return had;
  const missing = had.size - had.count;
  throw new AceError(
    "FILE_UNREADABLE",
    `${missing} of the ${had.size} pieces of ${torrent.name} are missing or changed`,
  );
}
