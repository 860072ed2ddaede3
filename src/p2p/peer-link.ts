/**
 * Peer link: one peer of one swarm. It joins a wire, its gate and the download.
 *
 * `block` answers every request for payload, and its first line is the gate: nothing else in this
 * room hands out bytes of a piece.
 */
import type { AceError } from "../lib/errors.ts";
import type { Bencoded } from "./bencode.ts";
import type { Bitfield } from "./bitfield.ts";
import type { Download } from "./download.ts";
import type { Extension } from "./extension-port.ts";
import type { Grant } from "./gate.ts";
import type { GateDriver } from "./gate-driver.ts";
import { GATE_EXTENSION, GATE_KEY_FIELD } from "./gate-message.ts";
import {
  BLOCK_MAX_BYTES,
  DEPTH_MAX,
  DEPTH_MIN,
  SNUB_MS,
  UNREQUESTED_BLOCKS_MAX,
} from "./limits.ts";
import { LinkExtensions } from "./link-extensions.ts";
import { type GatePolicy, openLinkGate } from "./link-gate.ts";
import type { Wire } from "./wire.ts";
import type { Block, Geometry, WireOwner } from "./wire-guard.ts";

/** What a link needs of its swarm. */
export interface LinkHost {
  readonly infohash: string;
  readonly peerId: Uint8Array;
  readonly geometry: Geometry;
  readonly had: Bitfield;
  readonly fetching: Download;
  readonly gate: GatePolicy | undefined;
  readonly signal: AbortSignal;
  readonly extensions: readonly Extension[];
  readonly listenPort: number;
  nowMs(): number;
  piece(index: number): Promise<Uint8Array>;
  /** True when this peer must not stay: banned, or ourselves. */
  isUnwelcome(link: PeerLink): boolean;
  /** True when another wire to the same peer is the one to keep. */
  isSurplus(link: PeerLink): boolean;
  onLate(peers: readonly string[], block: Block): void;
  onDenied(link: PeerLink, code: string): void;
  onTokenFault(error: AceError): void;
  onOpened(link: PeerLink): void;
  onClosed(link: PeerLink, reason: string): void;
}

let lastLinkNumber = 0;

export class PeerLink implements WireOwner {
  /** Names this link among the links of the process. */
  readonly id: string;
  readonly wire: Wire;
  readonly geometry: Geometry;
  /** The peer has served us. */
  wasOpened = false;
  wasAdmitted = false;
  readonly #host: LinkHost;
  readonly #gate: GateDriver | undefined;
  readonly #extensions: LinkExtensions;
  readonly #asked = new Map<string, { readonly block: Block; readonly askedMs: number }>();
  /** Blocks that were cancelled and may be on their way already: they are not thrown away. */
  readonly #cancelled = new Set<string>();
  #isSnubbing = false;
  #isInterested = false;
  #bytesPerS = 0;
  #lastDownBytes = 0;
  #lastTickMs: number;

  constructor(host: LinkHost, wire: Wire) {
    lastLinkNumber += 1;
    this.id = `link-${lastLinkNumber}`;
    this.wire = wire;
    this.geometry = host.geometry;
    this.#host = host;
    this.#lastTickMs = host.nowMs();
    this.#gate = host.gate === undefined ? undefined : this.#openGate(host.gate);
    this.#extensions = new LinkExtensions(host.extensions, this);
    wire.setOwner(this);
  }

  /** True when the peer may have bytes now. */
  get isAdmitted(): boolean {
    return this.#gate === undefined || this.#gate.isAdmitted;
  }

  /** It dialled us and nothing has come of it yet, on either side. */
  get isReplaceable(): boolean {
    return !this.isAdmitted && !this.wasOpened && !this.wire.isOutgoing;
  }

  /** Payload that left through a gate that never opened. Stays 0; published for all to see. */
  get ungatedBytes(): number {
    const isGuarded = this.#gate !== undefined && !this.wasAdmitted;
    return isGuarded ? this.wire.payload.upBytes : 0;
  }

  get isGated(): boolean {
    return this.#gate !== undefined;
  }

  /** What we listen on: the address we dialled from is of no use to others. */
  get listenPort(): number {
    return this.#host.listenPort;
  }

  get grant(): Grant | undefined {
    return this.#gate?.grant;
  }

  get provenKey(): string | undefined {
    return this.#gate?.provenKey;
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
    this.wire.sendPieces(this.#host.had);
    if (this.#gate === undefined) this.wire.setChoking(false);
  }

  async block({ index, offset, length }: Block): Promise<Uint8Array | undefined> {
    if (!this.isAdmitted) return undefined;
    if (!this.#host.had.has(index)) return undefined;
    const piece = await this.#host.piece(index).catch(() => undefined);
    // The right may have ended while the disk was read.
    if (!this.isAdmitted) return undefined;
    return piece?.subarray(offset, offset + length);
  }

  onExtensionHandshake(fields: ReadonlyMap<string, Bencoded>): void {
    // What an admitted peer adds later is not another hello; with a key in it, it tries to be one.
    const isAddition = this.#extensions.handshakes === 1 && !fields.has(GATE_KEY_FIELD);
    if (!isAddition) this.#gate?.hello(fields);
    if (!this.wire.isClosed) this.#extensions.onHandshake(fields);
  }

  onExtension(name: string, body: Uint8Array): void {
    if (name === GATE_EXTENSION) this.#gate?.message(body);
    else this.#extensions.onMessage(name, body);
  }

  onPieces(only?: number): void {
    if (this.#isInterested || this.wire.isClosed || this.#host.had.isFull) return;
    const end = only === undefined ? this.geometry.pieces : only + 1;
    for (let index = only ?? 0; index < end; index += 1) {
      if (this.#host.had.has(index) || !this.wire.peerHas(index)) continue;
      this.#isInterested = true;
      this.wire.setInterested(true);
      return;
    }
  }

  onLateBlock(block: Block, bytes: Uint8Array): boolean {
    if (!this.#cancelled.delete(keyOf(block))) return false;
    this.#put(block, bytes);
    return true;
  }

  onChoke(isChoking: boolean): void {
    if (this.wire.isClosed) return;
    if (!isChoking) this.fill();
  }

  onClose(reason: string): void {
    for (const { block } of this.#asked.values()) this.#host.fetching.giveBack(this.id, block);
    this.#asked.clear();
    this.#extensions.onClose();
    this.#host.onClosed(this, reason);
  }

  /** Nothing is missing any more. */
  loseInterest(): void {
    this.#isInterested = false;
    this.wire.setInterested(false);
  }

  /** Asks for as many blocks as this peer can bring soon. */
  fill(): void {
    const { wire } = this;
    if (wire.isClosed || wire.isPeerChoking || !this.#isInterested) return;
    const room = this.#depth() - this.#asked.size;
    // Half a pipeline at a time: picking one block per block would scan the pieces each time.
    if (room < Math.ceil(this.#depth() / 2)) return;
    const has = (index: number) => wire.peerHas(index);
    for (const block of this.#host.fetching.take(this.id, room, this.#host.nowMs(), has)) {
      this.#ask(block);
    }
  }

  /** Takes back what was asked and nobody wants any more, or what another peer has brought. */
  cancelUnwanted(isUnwanted: (block: Block) => boolean): void {
    for (const { block } of [...this.#asked.values()]) {
      if (isUnwanted(block)) this.#cancel(block);
    }
  }

  tick(): void {
    this.#gate?.tick();
    if (this.wire.isClosed) return;
    const nowMs = this.#host.nowMs();
    const elapsedS = Math.max(0.001, (nowMs - this.#lastTickMs) / 1_000);
    const { downBytes } = this.wire.payload;
    this.#bytesPerS += ((downBytes - this.#lastDownBytes) / elapsedS - this.#bytesPerS) * 0.3;
    this.#lastDownBytes = downBytes;
    this.#lastTickMs = nowMs;
    for (const { block, askedMs } of [...this.#asked.values()]) {
      if (nowMs - askedMs < SNUB_MS) continue;
      this.#isSnubbing = true;
      this.#cancel(block);
    }
    this.fill();
  }

  #ask(block: Block): void {
    const key = keyOf(block);
    this.#cancelled.delete(key);
    this.#asked.set(key, { block, askedMs: this.#host.nowMs() });
    this.wire.request(block, (bytes) => {
      const wasAsked = this.#asked.delete(key);
      if (bytes === undefined) {
        if (wasAsked) this.#host.fetching.giveBack(this.id, block);
        return;
      }
      this.#isSnubbing = false;
      this.#put(block, bytes);
      this.fill();
    });
  }

  #put(block: Block, bytes: Uint8Array): void {
    const others = this.#host.fetching.put(this.id, block, bytes);
    if (others.length > 0) this.#host.onLate(others, block);
  }

  #cancel(block: Block): void {
    this.#cancelled.add(keyOf(block));
    for (const oldest of this.#cancelled) {
      if (this.#cancelled.size <= UNREQUESTED_BLOCKS_MAX) break;
      this.#cancelled.delete(oldest);
    }
    this.wire.cancel(block);
  }

  /** Half a second's worth of blocks, so that a seek does not wait behind a long queue. */
  #depth(): number {
    if (this.#isSnubbing) return 1;
    const blocks = Math.ceil(this.#bytesPerS / 2 / BLOCK_MAX_BYTES);
    return Math.min(DEPTH_MAX, Math.max(DEPTH_MIN, blocks));
  }

  #openGate(policy: GatePolicy): GateDriver {
    const host = this.#host;
    return openLinkGate(policy, {
      infohash: host.infohash,
      wire: this.wire,
      nowS: () => host.nowMs() / 1_000,
      signal: host.signal,
      onAdmitted: () => {
        const isFirst = !this.wasAdmitted;
        this.wasAdmitted = true;
        if (host.isUnwelcome(this)) {
          this.wire.close("UNWELCOME");
          return;
        }
        this.wire.setChoking(false);
        if (isFirst) this.#extensions.onAdmitted();
      },
      onOpened: () => {
        this.wasOpened = true;
        host.onOpened(this);
        if (!this.wire.isClosed) this.#extensions.onOpened();
      },
      onDenied: (code) => host.onDenied(this, code),
      onTokenFault: (error) => host.onTokenFault(error),
    });
  }
}

/** With the length: a block that comes late must be exactly the one that was asked for. */
function keyOf({ index, offset, length }: Block): string {
  return `${index}:${offset}:${length}`;
}
