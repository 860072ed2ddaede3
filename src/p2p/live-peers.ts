/**
 * The peers of one live stream: who may connect, whom to dial, whom to send away.
 *
 * A peer that gave something false is banned, by the key it proved, else by its address, and what it
 * gave is told in the log.
 */
import { randomBytes } from "node:crypto";
import type { AceError } from "../lib/errors.ts";
import type { EventFields } from "../lib/events.ts";
import { parseAddress } from "./addresses.ts";
import { addressBanName, Bans, banName } from "./bans.ts";
import { Dialer } from "./dialer.ts";
import { LIVE_DIAL_PEERS } from "./limits.ts";
import { LinkBook } from "./link-book.ts";
import type { GatePolicy } from "./link-gate.ts";
import type { LiveAllowance } from "./live-allowance.ts";
import { LiveGiving } from "./live-giving.ts";
import { LiveLink, type LiveLinkHost } from "./live-link.ts";
import type { LiveMessage } from "./live-message.ts";
import type { LivePeersContext } from "./live-peers-port.ts";
import { type LinkStats, Tally } from "./swarm-stats.ts";
import type { Wire } from "./wire.ts";

type Dial = (onHandshake: (infohash: string) => void) => Wire;

const PEER_ID_PREFIX = Buffer.from("-AN0100-");
const PEER_ID_BYTES = 20;
/** Reasons that tell nothing about the peer. */
const QUIET = new Set(["SWARM_CLOSED", "CONNECTION_LOST", "SURPLUS"]);

export class LivePeers implements LiveLinkHost, Disposable {
  readonly denied = new Tally();
  readonly streamId: string;
  readonly gate: GatePolicy | undefined;
  readonly signal: AbortSignal;
  readonly peerId = Uint8Array.from(
    Buffer.concat([PEER_ID_PREFIX, randomBytes(PEER_ID_BYTES - PEER_ID_PREFIX.length)]),
  );
  readonly #context: LivePeersContext;
  readonly giving: LiveGiving;
  readonly allowance: LiveAllowance;
  readonly #links: LinkBook<LiveLink>;
  readonly #bans: Bans;
  readonly #dialer: Dialer;
  readonly #unregister: () => void;
  #isOver = false;

  constructor(context: LivePeersContext) {
    this.#context = context;
    this.streamId = context.streamId;
    this.gate = context.gate;
    this.signal = context.signal;
    this.giving = new LiveGiving(context.rates);
    this.allowance = context.allowance;
    this.#links = new LinkBook(context.nodePeers);
    this.#bans = context.bans ?? new Bans();
    this.#unregister = context.listener.register(context.streamId, (wire) => this.#accept(wire));
    const host = {
      isBanned: (address: string) => this.#isAddressBanned(address),
      nowMs: () => this.nowMs(),
      room: () => Math.min(LIVE_DIAL_PEERS - this.#links.size, this.#room()),
      isRefused: (address: string) => this.#isRefused(address),
      onConnected: (dial: Dial, address: string) => this.#onConnected(dial, address),
    } as const;
    this.#dialer = new Dialer(host);
  }

  get closed(): Tally {
    return this.#links.closed;
  }

  get count(): number {
    return this.#links.size;
  }

  /** Those that we may give to. */
  get admitted(): readonly LiveLink[] {
    return this.#links.all.filter(
      (link) => link.wasAdmitted && link.isAdmitted && this.mayUpload(link),
    );
  }

  /** Those that can be asked for pieces. */
  get serving(): readonly LiveLink[] {
    return this.#givers.filter((link) => link.isServing);
  }

  /** Whether anybody takes us for one who may watch: also who has no room for us just now. */
  get isServed(): boolean {
    return this.#givers.length > 0;
  }

  get bytes(): { readonly up: number; readonly down: number; readonly ungated: number } {
    return this.#links.bytes;
  }

  /** How many of all links our gate has let in; none where there is no gate. */
  get everAdmitted(): number {
    return this.gate === undefined ? 0 : this.#links.admitted;
  }

  links(): readonly LinkStats[] {
    return this.#links.all.map((link) => ({
      address: link.wire.address,
      isAdmitted: link.isAdmitted,
      account: link.grant?.account || undefined,
      admittedUntilS: link.grant?.expiresAtS,
      bytesUp: link.wire.payload.upBytes,
      bytesDown: link.wire.payload.downBytes,
    }));
  }

  get(id: string): LiveLink | undefined {
    return this.#links.get(id);
  }

  add(address: string, isStatic = false): void {
    const { host, port } = this.#context.listener;
    const target = parseAddress(address);
    if (target === undefined || (target.host === host && target.port === port)) return;
    this.#dialer.candidates.add(address, isStatic);
    this.#dialer.tick();
  }

  /** The piece is here, or of no use any more: nobody is to send it now. */
  cancel(seq: number): void {
    for (const link of this.#links.all) link.cancel(seq);
  }

  /** What was told of numbers that mean other pieces from now on. */
  forgetPieces(): void {
    for (const link of this.#links.all) link.had.clear();
  }

  tick(): void {
    for (const link of this.#links.all) link.tick();
    this.giving.tick(this.nowMs());
    this.#dialer.tick();
  }

  /** It gave what is provably false: `evidence` says what was promised and what came. */
  ban(link: LiveLink, reason: string, evidence: EventFields): void {
    const peer = banName(link);
    const stream = { stream: this.streamId };
    this.#bans.add(peer, this.nowMs(), { reason, evidence: { ...stream, ...evidence } });
    this.#context.events.warn("live.peer_banned", { ...stream, peer, reason, ...evidence });
    link.wire.close(reason);
  }

  [Symbol.dispose](): void {
    this.#isOver = true;
    this.#unregister();
    this.#dialer[Symbol.dispose]();
    for (const link of this.#links.all) link.wire.close("SWARM_CLOSED");
  }

  // What links ask of their swarm.

  nowMs(): number {
    return this.#context.clock.nowMs();
  }

  mayUpload({ wire }: LiveLink): boolean {
    return this.#context.places.mayUpload(wire.host);
  }

  isUnwelcome(link: LiveLink): boolean {
    if (this.#isOver || link.wire.peerId === this.peerId.toHex()) return true;
    return this.#bans.has(banName(link), this.nowMs());
  }

  /** Of two wires between two nodes both ends keep the one that the greater peer id dialled. */
  isSurplus(link: LiveLink): boolean {
    const { peerId, isOutgoing } = link.wire;
    const double = this.#links.doubleOf(link);
    if (double === undefined) return false;
    const isOursKept = this.peerId.toHex() > peerId;
    if (double.wire.isOutgoing === isOutgoing || isOutgoing !== isOursKept) return true;
    double.wire.close("SURPLUS");
    return false;
  }

  piece(seq: number): Promise<Uint8Array | undefined> {
    return this.#context.content.piece(seq);
  }

  onAdmitted(link: LiveLink): void {
    this.#context.content.onAdmitted(link);
  }

  onOpened(link: LiveLink): void {
    this.#context.content.onOpened(link);
  }

  onMessage(link: LiveLink, message: LiveMessage): void {
    this.#context.content.onMessage(link, message);
  }

  onHave(link: LiveLink, seq: number): void {
    this.#context.content.onHave(link, seq);
  }

  onPiece(link: LiveLink, seq: number, piece: Uint8Array): void {
    this.#context.content.onPiece(link, seq, piece);
  }

  onRefused(link: LiveLink, seq: number): void {
    this.#context.content.onRefused(link, seq);
  }

  onDenied(link: LiveLink, code: string): void {
    this.denied.add(code);
    const fields = { stream: this.streamId, peer: link.wire.address, code };
    this.#context.events.info("live.denied", fields);
    this.#context.content.onDenied(code);
  }

  onTokenFault(error: AceError): void {
    this.#context.content.onTokenFault(error);
  }

  onClosed(link: LiveLink, reason: string): void {
    if (!this.#links.remove(link, reason)) return;
    this.giving.gone(link);
    this.#context.content.onGone(link);
    if (QUIET.has(reason)) return;
    const fields = { stream: this.streamId, peer: link.wire.address, reason };
    this.#context.events.info("live.peer_refused", fields);
  }

  get #givers(): readonly LiveLink[] {
    const { places } = this.#context;
    return this.#links.all.filter((link) => link.isOpen && places.mayDownload(link.wire.host));
  }

  #accept(wire: Wire): void {
    const refusal = this.#refusalOf(wire.host);
    if (refusal !== undefined) {
      this.closed.add(refusal);
      wire.close(refusal);
      return;
    }
    const link = this.#link(wire);
    wire.handshake(this.streamId, this.peerId);
    link.begin();
  }

  /** Why a peer that dials us gets no place. */
  #refusalOf(host: string): string | undefined {
    const { places } = this.#context;
    if (places.isStranger(host)) return "PEER_UNLISTED";
    if (places.isCrowded(host, this.#links.wires)) return "SWARM_CROWDED";
    return this.#makeRoom() ? undefined : "SWARM_FULL";
  }

  #onConnected(dial: Dial, address: string): void {
    const wire = dial((infohash) => {
      if (infohash === this.streamId) link.begin();
      else wire.close("SWARM_UNKNOWN");
    });
    const link = this.#link(wire);
    wire.onceClosed(() => {
      const wasUseful = link.wasOpened || wire.payload.downBytes > 0;
      this.#dialer.candidates.release(address, wasUseful, this.nowMs());
    });
    wire.handshake(this.streamId, this.peerId);
  }

  #link(wire: Wire): LiveLink {
    return this.#links.add(new LiveLink(this, wire));
  }

  /** A newcomer takes the place of who waits longest at the gate: nobody holds a slot by waiting. */
  #makeRoom(): boolean {
    if (this.#room() > 0 || this.#isOver) return !this.#isOver;
    const idle = this.#links.all.find((link) => link.isReplaceable);
    idle?.wire.close("SWARM_FULL");
    return idle !== undefined;
  }

  #room(): number {
    return this.#isOver ? 0 : this.#links.roomOf(this.#context.places.peersMax);
  }

  /** Banned, of no use to a private node, or one too many of its neighbourhood. */
  #isRefused(address: string): "for-good" | "for-now" | undefined {
    const host = parseAddress(address)?.host ?? "";
    const { places } = this.#context;
    if (this.#isAddressBanned(address) || places.isStranger(host)) return "for-good";
    return places.isCrowded(host, this.#links.wires) ? "for-now" : undefined;
  }

  #isAddressBanned(address: string): boolean {
    const host = parseAddress(address)?.host ?? "";
    return this.#bans.has(addressBanName(host, address), this.nowMs());
  }
}
