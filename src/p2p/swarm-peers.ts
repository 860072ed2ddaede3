/**
 * The peers of one swarm: who may connect, whom to dial, whom to send away.
 *
 * A peer that alone gave a bad piece is banned: by the key it proved, else by its address. An
 * expired token is never a reason for a ban.
 */
import { randomBytes } from "node:crypto";
import type { Clock } from "../lib/clock.ts";
import type { AceError } from "../lib/errors.ts";
import type { Events } from "../lib/events.ts";
import { parseAddress } from "./addresses.ts";
import { Bans, banName } from "./bans.ts";
import type { Bitfield } from "./bitfield.ts";
import { Dialer } from "./dialer.ts";
import type { Download } from "./download.ts";
import type { Extension } from "./extension-port.ts";
import { GATED_PEERS_MAX, PEERS_MAX, SHARED_HASH_FAILS_MAX } from "./limits.ts";
import type { GatePolicy } from "./link-gate.ts";
import type { Listener } from "./listener.ts";
import { type LinkHost, PeerLink } from "./peer-link.ts";
import { type LinkStats, Tally } from "./swarm-stats.ts";
import type { Wire } from "./wire.ts";
import type { Block, Geometry } from "./wire-guard.ts";

export interface PeersContext {
  readonly infohash: string;
  readonly geometry: Geometry;
  readonly had: Bitfield;
  readonly fetching: Download;
  readonly gate: GatePolicy | undefined;
  readonly extensions: readonly Extension[];
  readonly listener: Listener;
  readonly clock: Clock;
  readonly events: Events;
  readonly signal: AbortSignal;
  piece(index: number): Promise<Uint8Array>;
  onOpened(): void;
  onTokenFault(error: AceError): void;
  /** A listed server looked at our token and refused it. */
  onDenied(code: string): void;
}

const PEER_ID_PREFIX = Buffer.from("-AN0100-");
const PEER_ID_BYTES = 20;

export class SwarmPeers implements LinkHost, Disposable {
  readonly closed = new Tally();
  readonly denied = new Tally();
  readonly peerId = Uint8Array.from(
    Buffer.concat([PEER_ID_PREFIX, randomBytes(PEER_ID_BYTES - PEER_ID_PREFIX.length)]),
  );
  readonly #context: PeersContext;
  readonly #links = new Map<string, PeerLink>();
  readonly #bans = new Bans();
  readonly #strikes = new Map<string, number>();
  readonly #dialer: Dialer;
  readonly #unregister: () => void;
  #goneBytes = { up: 0, down: 0, ungated: 0 };
  #isOver = false;

  constructor(context: PeersContext) {
    this.#context = context;
    this.#unregister = context.listener.register(context.infohash, (wire) => this.#accept(wire));
    this.#dialer = new Dialer({
      nowMs: () => this.nowMs(),
      room: () => this.#room(),
      isBanned: (address) => this.#isAddressBanned(address),
      onConnected: (dial, address) => this.#onConnected(dial, address),
    });
  }

  get #ownId(): string {
    return this.peerId.toHex();
  }

  get infohash(): string {
    return this.#context.infohash;
  }

  get geometry(): Geometry {
    return this.#context.geometry;
  }

  get had(): Bitfield {
    return this.#context.had;
  }

  get fetching(): Download {
    return this.#context.fetching;
  }

  get gate(): GatePolicy | undefined {
    return this.#context.gate;
  }

  get extensions(): readonly Extension[] {
    return this.#context.extensions;
  }

  get listenPort(): number {
    return this.#context.listener.port;
  }

  get signal(): AbortSignal {
    return this.#context.signal;
  }

  get count(): number {
    return this.#links.size;
  }

  get bytes(): { readonly up: number; readonly down: number; readonly ungated: number } {
    let { up, down, ungated } = this.#goneBytes;
    for (const link of this.#links.values()) {
      up += link.wire.payload.upBytes;
      down += link.wire.payload.downBytes;
      ungated += link.ungatedBytes;
    }
    return { up, down, ungated };
  }

  links(): readonly LinkStats[] {
    return [...this.#links.values()].map((link) => ({
      address: link.wire.address,
      isAdmitted: link.isAdmitted,
      account: link.grant?.account,
      admittedUntilS: link.grant?.expiresAtS,
      bytesUp: link.wire.payload.upBytes,
      bytesDown: link.wire.payload.downBytes,
    }));
  }

  /** True while some peer serves us, or could without a gate. */
  get isServed(): boolean {
    return [...this.#links.values()].some((link) => this.gate === undefined || link.wasOpened);
  }

  add(address: string, isStatic = false): void {
    const { host, port } = this.#context.listener;
    const target = parseAddress(address);
    if (target === undefined || (target.host === host && target.port === port)) return;
    this.#dialer.candidates.add(address, isStatic);
    this.#dialer.tick();
  }

  /** Somebody waits for bytes: dial now what was put off. */
  hurry(): void {
    this.#dialer.candidates.hurry();
    this.#dialer.tick();
  }

  tick(): void {
    for (const link of [...this.#links.values()]) link.tick();
    for (const extension of this.extensions) extension.tick?.(this.nowMs());
    this.#dialer.tick();
  }

  fill(): void {
    for (const link of this.#links.values()) link.fill();
  }

  cancelUnwanted(): void {
    for (const link of this.#links.values()) {
      link.cancelUnwanted((block) => !this.fetching.isWanted(block.index));
    }
  }

  announceHad(index: number): void {
    for (const link of this.#links.values()) {
      if (!link.wire.peerHas(index)) link.wire.sendHave(index);
      if (this.had.isFull) link.loseInterest();
    }
  }

  /** A piece was bad. Alone in it, a peer lied; together with others it may be innocent. */
  blame(givers: ReadonlySet<string>): void {
    for (const id of givers) {
      const link = this.#links.get(id);
      if (link === undefined) continue;
      const strikes = (this.#strikes.get(id) ?? 0) + 1;
      this.#strikes.set(id, strikes);
      if (givers.size > 1 && strikes < SHARED_HASH_FAILS_MAX) continue;
      this.#bans.add(banName(link), this.nowMs());
      link.wire.close("PIECE_BAD");
    }
  }

  [Symbol.dispose](): void {
    this.#isOver = true;
    this.#unregister();
    this.#dialer[Symbol.dispose]();
    for (const link of [...this.#links.values()]) link.wire.close("SWARM_CLOSED");
  }

  // What links ask of their swarm.

  nowMs(): number {
    return this.#context.clock.nowMs();
  }

  piece(index: number): Promise<Uint8Array> {
    return this.#context.piece(index);
  }

  isUnwelcome(link: PeerLink): boolean {
    if (this.#isOver || link.wire.peerId === this.#ownId) return true;
    return this.#bans.has(banName(link), this.nowMs());
  }

  /** Of two wires between two nodes both ends keep the one that the greater peer id dialled. */
  isSurplus(link: PeerLink): boolean {
    const { peerId, isOutgoing } = link.wire;
    const double = [...this.#links.values()].find(
      (other) => other !== link && other.wire.peerId === peerId,
    );
    if (double === undefined) return false;
    const isOursKept = this.#ownId > peerId;
    if (double.wire.isOutgoing === isOutgoing || isOutgoing !== isOursKept) return true;
    double.wire.close("SURPLUS");
    return false;
  }

  onLate(peers: readonly string[], block: Block): void {
    for (const id of peers) {
      this.#links
        .get(id)
        ?.cancelUnwanted((asked) => asked.index === block.index && asked.offset === block.offset);
    }
  }

  onDenied(link: PeerLink, code: string): void {
    this.denied.add(code);
    const fields = { infohash: this.infohash, peer: link.wire.address, code };
    this.#context.events.info("p2p.denied", fields);
    this.#context.onDenied(code);
  }

  onTokenFault(error: AceError): void {
    this.#context.onTokenFault(error);
  }

  onOpened(link: PeerLink): void {
    if (this.isUnwelcome(link)) link.wire.close("UNWELCOME");
    else this.#context.onOpened();
  }

  onClosed(link: PeerLink, reason: string): void {
    if (!this.#links.delete(link.id)) return;
    this.#strikes.delete(link.id);
    const { upBytes, downBytes } = link.wire.payload;
    this.#goneBytes = {
      up: this.#goneBytes.up + upBytes,
      down: this.#goneBytes.down + downBytes,
      ungated: this.#goneBytes.ungated + link.ungatedBytes,
    };
    this.closed.add(reason);
    if (reason === "SWARM_CLOSED" || reason === "CONNECTION_LOST" || reason === "SURPLUS") return;
    const fields = { infohash: this.infohash, peer: link.wire.address, reason };
    this.#context.events.info("p2p.peer_refused", fields);
  }

  #accept(wire: Wire): void {
    if (!this.#makeRoom()) {
      wire.close("SWARM_FULL");
      return;
    }
    const link = this.#link(wire);
    wire.handshake(this.infohash, this.peerId);
    link.begin();
  }

  #onConnected(dial: (onHandshake: (infohash: string) => void) => Wire, address: string): void {
    const wire = dial((infohash) => {
      if (infohash === this.infohash) link.begin();
      else wire.close("SWARM_UNKNOWN");
    });
    const link = this.#link(wire);
    wire.onceClosed(() => {
      const wasUseful = link.wasOpened || wire.payload.downBytes > 0;
      this.#dialer.candidates.release(address, wasUseful, this.nowMs());
    });
    wire.handshake(this.infohash, this.peerId);
  }

  #link(wire: Wire): PeerLink {
    const link = new PeerLink(this, wire);
    this.#links.set(link.id, link);
    return link;
  }

  /** A newcomer takes the place of who waits longest at the gate: nobody holds a slot by waiting. */
  #makeRoom(): boolean {
    if (this.#room() > 0 || this.#isOver) return !this.#isOver;
    const idle = [...this.#links.values()].find((link) => link.isReplaceable);
    idle?.wire.close("SWARM_FULL");
    return idle !== undefined;
  }

  #room(): number {
    if (this.#isOver) return 0;
    return (this.gate === undefined ? PEERS_MAX : GATED_PEERS_MAX) - this.#links.size;
  }

  #isAddressBanned(address: string): boolean {
    const host = parseAddress(address)?.host ?? "";
    const nowMs = this.nowMs();
    return this.#bans.has(`host ${host}`, nowMs) || this.#bans.has(`address ${address}`, nowMs);
  }
}
