/**
 * Peer link: one peer of one swarm. It joins a wire, its gate and the download.
 *
 * `block` answers every request for payload, and `mayGive` is the gate before it: nothing else in this
 * room hands out bytes of a piece.
 */
import { formatAddress } from "./addresses.ts";
import type { Bencoded } from "./bencode.ts";
import type { ChokeCandidate } from "./choker.ts";
import type { Grant } from "./gate.ts";
import type { GateDriver } from "./gate-driver.ts";
import { GATE_EXTENSION, GATE_KEY_FIELD } from "./gate-message.ts";
import { giveBlock } from "./link-blocks.ts";
import { LinkExtensions } from "./link-extensions.ts";
import { type GatePolicy, openLinkGate } from "./link-gate.ts";
import type { LinkHost } from "./link-host.ts";
import { LinkPieces } from "./link-pieces.ts";
import { LinkRequests } from "./link-requests.ts";
import { LinkTurn } from "./link-turn.ts";
import type { RateLimit } from "./rate-limit.ts";
import type { LinkRates } from "./swarm-rates.ts";
import type { LinkStats } from "./swarm-stats.ts";
import type { Wire } from "./wire.ts";
import type { Block, Geometry, WireOwner } from "./wire-guard.ts";

let lastLinkNumber = 0;

export class PeerLink implements WireOwner {
  /** Names this link among the links of the process. */
  readonly id: string;
  readonly wire: Wire;
  readonly geometry: Geometry;
  readonly bornMs: number;
  /** Where the peer listens, as far as it says. */
  listensAt: string | undefined;
  /** Both handshakes are here. */
  isShaken = false;
  /** The peer has served us. */
  wasOpened = false;
  wasAdmitted = false;
  readonly #host: LinkHost;
  readonly #gate: GateDriver | undefined;
  readonly #extensions: LinkExtensions;
  readonly #pieces: LinkPieces;
  readonly #requests: LinkRequests;
  #rates: LinkRates;
  #isInterested = false;
  readonly #turn: LinkTurn;

  constructor(host: LinkHost, wire: Wire) {
    lastLinkNumber += 1;
    this.id = `link-${lastLinkNumber}`;
    this.wire = wire;
    this.geometry = host.geometry;
    this.#host = host;
    this.bornMs = host.nowMs();
    this.#turn = new LinkTurn(wire, this.bornMs);
    this.#gate = host.gate === undefined ? undefined : this.#openGate(host.gate);
    this.#extensions = new LinkExtensions(this, host);
    this.#rates = host.ratesOf(this);
    wire.setOwner(this);
    this.#pieces = new LinkPieces({
      order: host.fetching.order,
      had: host.had,
      peerHas: (index) => wire.peerHas(index),
      peerPieces: () => wire.peerPieces,
    });
    this.#requests = new LinkRequests({
      id: this.id,
      wire,
      fetching: host.fetching,
      nowMs: () => host.nowMs(),
      rates: () => this.#rates.down,
      onLate: (peers, block) => host.onLate(peers, block),
    });
  }

  /** True when the peer may have bytes now. */
  get isAdmitted(): boolean {
    return this.#gate === undefined || this.#gate.isAdmitted;
  }

  /** It dialled us and nothing has come of it yet, on either side. */
  get isReplaceable(): boolean {
    return !this.isAdmitted && !this.wasOpened && !this.wire.isOutgoing;
  }

  /** It has something for us and lets us ask. */
  get isServing(): boolean {
    return this.#isInterested && !this.wire.isPeerChoking && !this.#requests.isSnubbing;
  }

  /** Payload that left through a gate that never opened. Stays 0; published for all to see. */
  get ungatedBytes(): number {
    const isGuarded = this.#gate !== undefined && !this.wasAdmitted;
    return isGuarded ? this.wire.payload.upBytes : 0;
  }

  get isGated(): boolean {
    return this.#gate !== undefined;
  }

  get grant(): Grant | undefined {
    return this.#gate?.grant;
  }

  get provenKey(): string | undefined {
    return this.#gate?.provenKey;
  }

  get capacityBytesPerS(): number {
    return this.#requests.capacityBytesPerS;
  }

  get stats(): LinkStats {
    const { wire, grant } = this;
    const { upBytes, downBytes } = wire.payload;
    return {
      address: wire.address,
      isAdmitted: this.isAdmitted,
      account: grant?.account,
      admittedUntilS: grant?.expiresAtS,
      bytesUp: upBytes,
      bytesDown: downBytes,
      detail: {
        isOutgoing: wire.isOutgoing,
        tokenId: grant?.jti,
        ...this.#turn.speeds,
        pieces: wire.peerPieces,
        isChoking: wire.isChoking,
        isPeerChoking: wire.isPeerChoking,
        isInterested: this.#isInterested,
        isPeerInterested: wire.isPeerInterested,
        isSnubbing: this.#requests.isSnubbing,
      },
    };
  }

  /** What the choker must know of this link; undefined while it may not be served at all. */
  candidate(isAlways: boolean): ChokeCandidate | undefined {
    const mayServe = this.isShaken && this.isAdmitted && !this.wire.isClosed;
    if (!mayServe || !this.#host.mayUpload(this)) return undefined;
    return this.#turn.candidate(this.id, isAlways);
  }

  setChoking(isChoking: boolean): void {
    this.#turn.setChoking(isChoking, this.#host.nowMs());
  }

  /** A round of the choker is over. */
  endRound(): void {
    this.#turn.endRound();
  }

  /** Called when the peer's handshake is here. */
  begin(): void {
    if (this.#host.isUnwelcome(this)) {
      this.wire.close("UNWELCOME");
      return;
    }
    if (this.#host.isSurplus(this)) {
      this.wire.close("SURPLUS");
      return;
    }
    this.isShaken = true;
    this.wire.sendPieces(this.#host.had);
    this.#host.onWish();
  }

  get mayGive(): boolean {
    return this.isAdmitted && !this.wire.isChoking && this.#host.mayUpload(this);
  }

  get upLimits(): readonly RateLimit[] {
    return this.#rates.up;
  }

  block(block: Block): ReturnType<typeof giveBlock> {
    return giveBlock(this, this.#host, block);
  }

  onExtensionHandshake(fields: ReadonlyMap<string, Bencoded>): void {
    // What an admitted peer adds later is not another hello; with a key in it, it tries to be one.
    const isAddition = this.#extensions.handshakes === 1 && !fields.has(GATE_KEY_FIELD);
    if (!isAddition) this.#gate?.hello(fields);
    const port = fields.get("p");
    if (typeof port === "number") this.listensAt = formatAddress(this.wire.host, port);
    if (!this.wire.isClosed) this.#extensions.onHandshake(fields);
  }

  onExtension(name: string, body: Uint8Array): void {
    if (name === GATE_EXTENSION) this.#gate?.message(body);
    else this.#extensions.onMessage(name, body);
  }

  onPieces(only?: number): void {
    if (this.wire.isClosed) return;
    if (only === undefined) this.#pieces.recount();
    else this.#pieces.add(only);
    this.#updateInterest();
    if (only === undefined || this.#host.fetching.isOfUse(only)) this.fill();
  }

  onLateBlock(block: Block, bytes: Uint8Array): boolean {
    return this.#requests.late(block, bytes);
  }

  onChoke(isChoking: boolean): void {
    if (!isChoking) this.fill();
  }

  onInterest(): void {
    if (!this.wire.isClosed) this.#host.onWish();
  }

  onClose(reason: string): void {
    this.#gate?.settle();
    this.#requests.close();
    this.#pieces.clear();
    this.#extensions.onClose();
    this.#host.onClosed(this, reason);
  }

  /** We have one piece more; `lost`: one less. */
  gained(index: number): void {
    this.#pieces.gained(index);
    if (!this.wire.peerHas(index)) this.wire.sendHave(index);
    this.#updateInterest();
  }

  lost(index: number): void {
    this.#pieces.lost(index);
    this.#updateInterest();
  }

  /** Asks for as many blocks as this peer can bring soon. */
  fill(): void {
    if (this.#mayAsk()) this.#requests.fill();
  }

  fillUrgent(count: number): void {
    if (this.#mayAsk()) this.#requests.fillUrgent(count);
  }

  cancelWhere(isUnwanted: (block: Block) => boolean): void {
    this.#requests.cancelWhere(isUnwanted);
  }

  tick(): void {
    this.#gate?.tick();
    this.#gate?.settle();
    if (this.wire.isClosed) return;
    const nowMs = this.#host.nowMs();
    this.#turn.tick(nowMs);
    this.#requests.tick(nowMs, this.wire.payload.downBytes);
  }

  #mayAsk(): boolean {
    return !this.wire.isClosed && !this.wire.isPeerChoking && this.#isInterested;
  }

  #updateInterest(): void {
    const isInterested = this.#pieces.lacking > 0 && this.#host.mayDownload(this);
    if (isInterested === this.#isInterested || this.wire.isClosed) return;
    this.#isInterested = isInterested;
    this.wire.setInterested(isInterested);
  }

  #openGate(policy: GatePolicy): GateDriver {
    const host = this.#host;
    return openLinkGate(policy, {
      infohash: host.infohash,
      wire: this.wire,
      nowS: () => host.nowMs() / 1_000,
      signal: host.signal,
      onAdmitted: () => this.#onAdmitted(),
      onOpened: () => {
        this.wasOpened = true;
        host.onOpened(this);
        if (!this.wire.isClosed) this.#extensions.onOpened();
      },
      onDenied: (code) => host.onDenied(this, code),
      onTokenFault: (error) => host.onTokenFault(error),
    });
  }

  #onAdmitted(): void {
    const isFirst = !this.wasAdmitted;
    this.wasAdmitted = true;
    if (this.#host.isUnwelcome(this)) {
      this.wire.close("UNWELCOME");
      return;
    }
    this.#rates = this.#host.ratesOf(this);
    this.#host.onWish();
    if (isFirst) this.#extensions.onAdmitted();
  }
}
