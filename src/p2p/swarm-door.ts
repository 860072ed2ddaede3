/** The door of a swarm: who may come in, and whom to dial. */
import { canonicalHost, parseAddress } from "./addresses.ts";
import { addressBanName, type Bans } from "./bans.ts";
import { Dialer } from "./dialer.ts";
import type { LinkBook } from "./link-book.ts";
import type { Listener } from "./listener.ts";
import type { PeerLink } from "./peer-link.ts";
import type { Places } from "./places.ts";
import type { Wire } from "./wire.ts";

export interface DoorContext {
  readonly infohash: string;
  readonly peerId: Uint8Array;
  readonly listener: Listener;
  readonly places: Places;
  readonly bans: Bans;
  readonly links: LinkBook<PeerLink>;
  nowMs(): number;
  /** Makes a link of a wire that was let in. */
  link(wire: Wire): PeerLink;
}

export class SwarmDoor implements Disposable {
  readonly #context: DoorContext;
  readonly #dialer: Dialer;
  readonly #unregister: () => void;
  #isOver = false;

  constructor(context: DoorContext) {
    this.#context = context;
    this.#unregister = context.listener.register(context.infohash, (wire) => this.#accept(wire));
    this.#dialer = new Dialer({
      nowMs: () => context.nowMs(),
      room: () => this.#room(),
      isRefused: (address) => this.#isRefused(address),
      onConnected: (dial, address) => this.#onConnected(dial, address),
    });
  }

  add(address: string, isStatic: boolean): void {
    const { host, port } = this.#context.listener;
    const target = parseAddress(address);
    if (target === undefined) return;
    if (target.host === canonicalHost(host) && target.port === port) return;
    this.#dialer.candidates.add(address, isStatic);
    this.#dialer.tick();
  }

  hurry(): void {
    this.#dialer.candidates.hurry();
    this.#dialer.tick();
  }

  tick(): void {
    this.#dialer.tick();
  }

  [Symbol.dispose](): void {
    this.#isOver = true;
    this.#unregister();
    this.#dialer[Symbol.dispose]();
  }

  #accept(wire: Wire): void {
    const { links, infohash, peerId, link } = this.#context;
    const refusal = this.#refusalOf(wire.host);
    if (refusal !== undefined) {
      links.closed.add(refusal);
      wire.close(refusal);
      return;
    }
    const welcome = link(wire);
    wire.handshake(infohash, peerId);
    welcome.begin();
  }

  /** Why a peer that dials us gets no place. */
  #refusalOf(host: string): string | undefined {
    const { places, links } = this.#context;
    const { wires } = links;
    if (places.isStranger(host)) return "PEER_UNLISTED";
    if (places.isCrowded(host, wires)) return "SWARM_CROWDED";
    if (places.isFullOfStrangers(host, wires) || !this.#makeRoom()) return "SWARM_FULL";
    return undefined;
  }

  #onConnected(dial: (onHandshake: (infohash: string) => void) => Wire, address: string): void {
    const { infohash, peerId, nowMs } = this.#context;
    const wire = dial((theirs) => {
      if (theirs === infohash) link.begin();
      else wire.close("SWARM_UNKNOWN");
    });
    const link = this.#context.link(wire);
    wire.onceClosed(() => {
      const wasUseful = link.wasOpened || wire.payload.downBytes > 0;
      this.#dialer.candidates.release(address, wasUseful, nowMs());
    });
    wire.handshake(infohash, peerId);
  }

  /** A newcomer takes the place of who waits longest at the gate: nobody holds a slot by waiting. */
  #makeRoom(): boolean {
    if (this.#room() > 0 || this.#isOver) return !this.#isOver;
    const idle = this.#context.links.all.find((link) => link.isReplaceable);
    idle?.wire.close("SWARM_FULL");
    return idle !== undefined;
  }

  #room(): number {
    const { places, links } = this.#context;
    return this.#isOver ? 0 : links.roomOf(places.peersMax);
  }

  /** Banned, of no use to a private node, here already, or one too many of its neighbourhood. */
  #isRefused(address: string): "for-good" | "for-now" | undefined {
    const host = parseAddress(address)?.host ?? "";
    const { places, bans, links, nowMs } = this.#context;
    if (bans.has(addressBanName(host, address), nowMs())) return "for-good";
    if (places.isStranger(host)) return "for-good";
    if (links.all.some((link) => link.listensAt === address)) return "for-now";
    return places.isCrowded(host, links.wires) ? "for-now" : undefined;
  }
}
