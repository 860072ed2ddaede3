/** The links of a swarm, of a film or a live stream, and what remains of those that are gone. */
import { banName } from "./bans.ts";
import { GONE_NAMES_MAX } from "./engine-limits.ts";
import type { NodePeers } from "./node-peers.ts";
import { Tally } from "./swarm-stats.ts";
import type { Wire } from "./wire.ts";

/** What the book needs to know of a link. */
export interface BookedLink {
  readonly id: string;
  readonly wire: Wire;
  readonly provenKey: string | undefined;
  readonly ungatedBytes: number;
  /** Our gate has let it in. */
  readonly wasAdmitted: boolean;
}

export class LinkBook<Link extends BookedLink> {
  /** Why links were closed. */
  readonly closed = new Tally();
  readonly #links = new Map<string, Link>();
  /** What to call links in bans that are gone, though a piece they had part in is not checked yet. */
  readonly #goneNames = new Map<string, string>();
  readonly #node: NodePeers | undefined;
  #goneBytes = { up: 0, down: 0, ungated: 0 };
  #goneAdmitted = 0;

  /** @param node Counts the links of all swarms of this node. */
  constructor(node?: NodePeers) {
    this.#node = node;
  }

  get size(): number {
    return this.#links.size;
  }

  get all(): readonly Link[] {
    return [...this.#links.values()];
  }

  get wires(): readonly Wire[] {
    return this.all.map(({ wire }) => wire);
  }

  /** Payload of all links, those that are gone too. */
  get bytes(): { readonly up: number; readonly down: number; readonly ungated: number } {
    let { up, down, ungated } = this.#goneBytes;
    for (const link of this.#links.values()) {
      up += link.wire.payload.upBytes;
      down += link.wire.payload.downBytes;
      ungated += link.ungatedBytes;
    }
    return { up, down, ungated };
  }

  /** How many of all links our gate has let in. */
  get admitted(): number {
    return this.all.reduce((sum, { wasAdmitted }) => sum + Number(wasAdmitted), this.#goneAdmitted);
  }

  get(id: string): Link | undefined {
    return this.#links.get(id);
  }

  /** What to call a link in bans. */
  nameOf(id: string): string | undefined {
    const link = this.#links.get(id);
    return link === undefined ? this.#goneNames.get(id) : banName(link);
  }

  /** How many more there may be, of `max` in this swarm. */
  roomOf(max: number): number {
    return this.#node?.roomOf(this.size, max) ?? max - this.size;
  }

  add(link: Link): Link {
    this.#node?.enter();
    this.#links.set(link.id, link);
    return link;
  }

  /** False when it was not here. */
  remove(link: Link, reason: string): boolean {
    if (!this.#links.delete(link.id)) return false;
    this.#node?.leave();
    this.#goneNames.set(link.id, banName(link));
    for (const oldest of this.#goneNames.keys()) {
      if (this.#goneNames.size <= GONE_NAMES_MAX) break;
      this.#goneNames.delete(oldest);
    }
    const { upBytes, downBytes } = link.wire.payload;
    this.#goneBytes = {
      up: this.#goneBytes.up + upBytes,
      down: this.#goneBytes.down + downBytes,
      ungated: this.#goneBytes.ungated + link.ungatedBytes,
    };
    this.#goneAdmitted += Number(link.wasAdmitted);
    this.closed.add(reason);
    return true;
  }

  /** Another link to the same peer. */
  doubleOf(link: Link): Link | undefined {
    const { peerId } = link.wire;
    return this.all.find((other) => other !== link && other.wire.peerId === peerId);
  }
}
