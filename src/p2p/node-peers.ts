/**
 * How many peers a node has in all its swarms together.
 *
 * When it is full, a swarm of few peers still gets some: what is watched by many is not to starve what
 * is watched by one.
 */
import { invariant } from "../lib/invariant.ts";
import { NODE_PEERS_MAX, SWARM_PEERS_MIN } from "./engine-limits.ts";

export class NodePeers {
  readonly max: number;
  #count = 0;

  constructor(max: number = NODE_PEERS_MAX) {
    this.max = max;
  }

  get count(): number {
    return this.#count;
  }

  /** How many more a swarm of `size` peers may have, of at most `swarmMax`. */
  roomOf(size: number, swarmMax: number): number {
    const granted = Math.max(this.max - this.#count, SWARM_PEERS_MIN - size);
    return Math.min(swarmMax - size, granted);
  }

  enter(): void {
    this.#count += 1;
  }

  leave(): void {
    invariant(this.#count > 0, "a peer that leaves was counted when it came");
    this.#count -= 1;
  }
}
