/** The peers of one swarm: who may connect, whom to dial, whom to serve, whom to send away. */
import { randomBytes } from "node:crypto";
import type { Clock } from "../lib/clock.ts";
import type { AceError } from "../lib/errors.ts";
import type { Events } from "../lib/events.ts";
import { banName } from "./bans.ts";
import type { Bitfield } from "./bitfield.ts";
import type { Lie } from "./blame.ts";
import type { Download } from "./download.ts";
import { CDN_AFTER_MS, DOUBLE_MS } from "./engine-limits.ts";
import type { Extension } from "./extension-port.ts";
import { LinkBook } from "./link-book.ts";
import type { GatePolicy } from "./link-gate.ts";
import type { LinkHost } from "./link-host.ts";
import type { Listener } from "./listener.ts";
import { PeerLink } from "./peer-link.ts";
import type { PieceCache } from "./piece-cache.ts";
import { SwarmDoor } from "./swarm-door.ts";
import type { LinkRates } from "./swarm-rates.ts";
import type { PeerRules } from "./swarm-rules.ts";
import { type LinkStats, Tally } from "./swarm-stats.ts";
import { fillUrgent, isSomebodyLate } from "./urgent-turn.ts";
import type { Block, Geometry } from "./wire-guard.ts";

export interface PeersContext extends PeerRules {
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
  readonly pieces: PieceCache;
  onOpened(): void;
  onTokenFault(error: AceError): void;
  /** A listed server looked at our token and refused it. */
  onDenied(code: string): void;
}

const PEER_ID_PREFIX = Buffer.from("-AN0100-");
const PEER_ID_BYTES = 20;

export class SwarmPeers implements LinkHost, Disposable {
  readonly denied = new Tally();
  readonly peerId = Uint8Array.from(
    Buffer.concat([PEER_ID_PREFIX, randomBytes(PEER_ID_BYTES - PEER_ID_PREFIX.length)]),
  );
  readonly #context: PeersContext;
  readonly #links: LinkBook<PeerLink>;
  readonly #door: SwarmDoor;
  readonly #ownId: string;
  #isOver = false;
  /** How often in this turn somebody asked who is to be served. */
  #wishes = 0;

  constructor(context: PeersContext) {
    this.#context = context;
    this.#links = new LinkBook(context.nodePeers);
    this.#ownId = this.peerId.toHex();
    this.#door = new SwarmDoor({
      ...context,
      peerId: this.peerId,
      links: this.#links,
      nowMs: () => this.nowMs(),
      link: (wire) => this.#links.add(new PeerLink(this, wire)),
    });
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
    return this.#links.bytes;
  }

  get book(): Pick<LinkBook<PeerLink>, "admitted" | "closed"> {
    return this.#links;
  }

  links(): readonly LinkStats[] {
    return this.#links.all.map((link) => link.stats);
  }

  /** True while some peer serves us, or could without a gate. */
  get isServed(): boolean {
    return this.#links.all.some((link) => this.gate === undefined || link.wasOpened);
  }

  /** True while some peer can be asked for blocks, or may soon be. */
  get hasServers(): boolean {
    const youngMs = this.nowMs() - CDN_AFTER_MS;
    return this.#links.all.some((link) => link.isServing || link.bornMs > youngMs);
  }

  add(address: string, isStatic = false): void {
    this.#door.add(address, isStatic);
  }

  /** Somebody waits for bytes: dial now what was put off. */
  hurry(): void {
    this.#door.hurry();
  }

  tick(): void {
    for (const link of this.#links.all) link.tick();
    // What silent peers let go just now is asked first of those that have shown what they can bring.
    if (isSomebodyLate(this.fetching.readers, this.nowMs())) this.fillUrgent();
    for (const link of this.#links.all) link.fill();
    if (this.#context.choker.isRoundDue(this.nowMs())) this.onWish();
    for (const extension of this.extensions) extension.tick?.(this.nowMs());
    this.#door.tick();
  }

  fill(): void {
    for (const link of this.#links.all) link.fill();
  }

  /** A player waits: what it needs is asked of all at once, more of those that bring more. */
  fillUrgent(): void {
    fillUrgent(this.#links.all, this.fetching.urgentBlocks, this.#context.chance);
  }

  cancelUnwanted(): void {
    for (const link of this.#links.all) {
      link.cancelWhere((block) => !this.fetching.isWanted(block.index));
    }
  }

  announceHad(index: number): void {
    for (const link of this.#links.all) link.gained(index);
  }

  announceLost(index: number): void {
    for (const link of this.#links.all) link.lost(index);
  }

  /** A peer gave what is not the content. The evidence goes to the log, the peer away. */
  punish({ giver, piece, expected, got }: Lie): void {
    const name = this.#links.nameOf(giver);
    const nowMs = this.nowMs();
    // What comes to light of somebody who is banned already was done before the ban.
    if (name === undefined || this.#context.bans.has(name, nowMs)) return;
    const { infohash } = this;
    const reason = "PIECE_BAD";
    const evidence = { infohash, piece, expected, got };
    const { untilMs, count } = this.#context.bans.add(name, nowMs, { reason, evidence });
    const fields = { peer: name, reason, ...evidence, count, untilMs };
    this.#context.events.warn("p2p.peer_banned", fields);
    for (const link of this.#links.all) if (banName(link) === name) link.wire.close("PIECE_BAD");
  }

  [Symbol.dispose](): void {
    this.#isOver = true;
    this.#door[Symbol.dispose]();
    for (const link of this.#links.all) link.wire.close("SWARM_CLOSED");
  }

  nowMs(): number {
    return this.#context.clock.nowMs();
  }

  get pieces(): PieceCache {
    return this.#context.pieces;
  }

  ratesOf({ grant }: PeerLink): LinkRates {
    return this.#context.rates.of(grant);
  }

  mayUpload({ wire }: PeerLink): boolean {
    return this.#context.places.mayUpload(wire.host);
  }

  mayDownload({ wire }: PeerLink): boolean {
    return this.#context.places.mayDownload(wire.host);
  }

  isUnwelcome(link: PeerLink): boolean {
    if (this.#isOver || link.wire.peerId === this.#ownId) return true;
    return this.#context.bans.has(banName(link), this.nowMs());
  }

  /**
   * Of two wires between two nodes the older stays. Both ends see two that came at once in different
   * order: of those, both keep the one that the greater peer id dialled.
   */
  isSurplus(link: PeerLink): boolean {
    const { isOutgoing, peerId } = link.wire;
    const double = this.#links.doubleOf(link);
    if (double === undefined) return false;
    const isOld = double.isShaken && link.bornMs - double.bornMs >= DOUBLE_MS;
    const isOursKept = this.#ownId > peerId;
    if (isOld || double.wire.isOutgoing === isOutgoing || isOutgoing !== isOursKept) return true;
    double.wire.close("SURPLUS");
    return false;
  }

  /** At once, and once more at the end of a turn in which others came, went or changed their mind. */
  onWish(): void {
    this.#wishes += 1;
    if (this.#wishes > 1 || this.#isOver) return;
    this.#choose();
    setImmediate(() => {
      const isAnother = this.#wishes > 1;
      this.#wishes = 0;
      if (isAnother && !this.#isOver) this.#choose();
    });
  }

  #choose(): void {
    const nowMs = this.nowMs();
    const { choker, alwaysUnchoked } = this.#context;
    const isRoundOver = choker.isRoundDue(nowMs);
    const links = this.#links.all;
    const candidates = links.flatMap(
      (link) => link.candidate(alwaysUnchoked.has(link.provenKey ?? "")) ?? [],
    );
    const chosen = choker.choose(candidates, { nowMs, isSeeding: this.had.isFull });
    for (const link of links) {
      if (link.isAdmitted) link.setChoking(!chosen.has(link.id));
      if (isRoundOver) link.endRound();
    }
  }

  onLate(peers: readonly string[], block: Pick<Block, "index" | "offset">): void {
    for (const id of peers) {
      this.#links
        .get(id)
        ?.cancelWhere((asked) => asked.index === block.index && asked.offset === block.offset);
    }
  }

  onDenied(link: PeerLink, code: string): void {
    this.denied.add(code);
    const peer = link.wire.address;
    this.#context.events.info("p2p.denied", { infohash: this.infohash, peer, code });
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
    if (!this.#links.remove(link, reason)) return;
    this.onWish();
    if (reason === "SWARM_CLOSED" || reason === "CONNECTION_LOST" || reason === "SURPLUS") return;
    const fields = { infohash: this.infohash, peer: link.wire.address, reason };
    this.#context.events.info("p2p.peer_refused", fields);
  }
}
