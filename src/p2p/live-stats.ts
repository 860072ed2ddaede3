/** What the swarm of a live stream can say of itself, in the form that all swarms say it. */
import type { LiveAccess } from "./live-access.ts";
import type { LivePeers } from "./live-peers.ts";
import { Speed, type SwarmStats } from "./swarm-stats.ts";

export class LiveStats {
  readonly #up: Speed;
  readonly #down: Speed;
  /** What came from an origin. */
  readonly #originBytes: () => number;

  constructor(nowMs: number, originBytes: () => number) {
    this.#originBytes = originBytes;
    this.#up = new Speed(nowMs);
    this.#down = new Speed(nowMs);
  }

  tick({ up, down }: LivePeers["bytes"], nowMs: number): void {
    this.#up.update(up, nowMs);
    this.#down.update(down + this.#originBytes(), nowMs);
  }

  of({
    peers,
    access,
    pieces,
    piecesHad,
  }: {
    readonly peers: LivePeers;
    readonly access: LiveAccess;
    readonly pieces: number;
    readonly piecesHad: number;
  }): SwarmStats {
    const { up, down, ungated } = peers.bytes;
    const webseed = this.#originBytes();
    return {
      peers: peers.count,
      pieces,
      piecesHad,
      bytesUp: up,
      bytesDown: down + webseed,
      bytesDownBySource: { peer: down, webseed },
      bytesUpPerS: Math.round(this.#up.bytesPerS),
      bytesDownPerS: Math.round(this.#down.bytesPerS),
      ungatedBytesUp: ungated,
      closed: peers.closed.toRecord(),
      admitted: peers.everAdmitted,
      denied: peers.denied.toRecord(),
      access: access.stateOf(peers.isServed),
      accessCode: access.refusal?.code,
      links: peers.links(),
    };
  }
}
