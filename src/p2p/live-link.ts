/**
 * Live link: one peer of a live stream. It joins a wire and its gate to the swarm.
 *
 * `block` answers every request for payload, and its first line is the gate. Heads are given only
 * to who is admitted, too, and taken only from who serves us.
 */
import type { AceError } from "../lib/errors.ts";
import type { Bencoded } from "./bencode.ts";
import type { Grant } from "./gate.ts";
import type { GateDriver } from "./gate-driver.ts";
import { GATE_EXTENSION } from "./gate-message.ts";
import {
  BLOCK_MAX_BYTES,
  LIVE_MESSAGE_MAX_BYTES,
  LIVE_PIECE_MAX_BYTES,
  LIVE_QUIET_MS,
  LIVE_WINDOW_MAX_PIECES,
} from "./limits.ts";
import { type GatePolicy, openLinkGate } from "./link-gate.ts";
import {
  LIVE_EXTENSION,
  type LiveMessage,
  liveMessageBytes,
  readLiveMessage,
} from "./live-message.ts";
import type { Wire } from "./wire.ts";
import type { Block, BlockAnswer, Geometry, PieceSet, WireOwner } from "./wire-guard.ts";

export interface LiveLinkHost {
  readonly streamId: string;
  readonly gate: GatePolicy | undefined;
  readonly signal: AbortSignal;
  nowMs(): number;
  isUnwelcome(link: LiveLink): boolean;
  isSurplus(link: LiveLink): boolean;
  piece(seq: number): Promise<Uint8Array | undefined>;
  /** The peer may be told and given everything from now on. */
  onAdmitted(link: LiveLink): void;
  /** The peer serves us from now on. */
  onOpened(link: LiveLink): void;
  onMessage(link: LiveLink, message: LiveMessage): void;
  onHave(link: LiveLink, seq: number): void;
  onPiece(link: LiveLink, seq: number, piece: Uint8Array): void;
  onRefused(link: LiveLink, seq: number): void;
  onDenied(link: LiveLink, code: string): void;
  onTokenFault(error: AceError): void;
  onClosed(link: LiveLink, reason: string): void;
}

const SEQ_COUNT = 2 ** 32;
const QUIET_PIECES = 2;
let lastLinkNumber = 0;

export class LiveLink implements WireOwner {
  readonly id: string;
  readonly wire: Wire;
  readonly had = new RecentPieces();
  readonly geometry: Geometry = {
    pieces: SEQ_COUNT,
    pieceSize: () => LIVE_PIECE_MAX_BYTES,
    newPieceSet: () => this.had,
  };
  wasAdmitted = false;
  wasOpened = false;
  /** Answers that we stopped waiting for, one after the other. */
  withheld = 0;
  suspectedMs = 0;
  lastHeardMs: number;
  readonly #host: LiveLinkHost;
  readonly #gate: GateDriver | undefined;
  /** By number: what is under way, and how many of its blocks are missing. */
  readonly #asked = new Map<number, { readonly piece: Uint8Array; missing: number }>();

  constructor(host: LiveLinkHost, wire: Wire) {
    lastLinkNumber += 1;
    this.id = `live-${lastLinkNumber}`;
    this.wire = wire;
    this.#host = host;
    this.lastHeardMs = host.nowMs();
    this.#gate = host.gate === undefined ? undefined : this.#openGate(host.gate);
    wire.offerExtensions([LIVE_EXTENSION], {}, LIVE_MESSAGE_MAX_BYTES);
    wire.setOwner(this);
  }

  /** True when the peer may have bytes now. */
  get isAdmitted(): boolean {
    return this.#gate === undefined ? this.wasAdmitted : this.#gate.isAdmitted;
  }

  /** True when the peer can be asked for pieces now. */
  get isServing(): boolean {
    const isOpen = this.#gate === undefined || this.wasOpened;
    return isOpen && !this.wire.isClosed && !this.wire.isPeerChoking;
  }

  /** It dialled us and nothing has come of it yet, on either side. */
  get isReplaceable(): boolean {
    return !this.isAdmitted && !this.wasOpened && !this.wire.isOutgoing;
  }

  get ungatedBytes(): number {
    return this.#gate !== undefined && !this.wasAdmitted ? this.wire.payload.upBytes : 0;
  }

  get grant(): Grant | undefined {
    return this.#gate?.grant;
  }

  get provenKey(): string | undefined {
    return this.#gate?.provenKey;
  }

  /** Says nothing, while a stream that runs always gives reason to: the line may be down. */
  get isQuiet(): boolean {
    return this.#host.nowMs() - this.lastHeardMs > LIVE_QUIET_MS;
  }

  /** Pieces under way, for who chooses whom to ask next; a quiet peer counts as busier. */
  get outstanding(): number {
    return this.#asked.size + (this.isQuiet ? QUIET_PIECES : 0);
  }

  has(seq: number): boolean {
    return this.had.has(seq);
  }

  /** Called when the peer's handshake is here. */
  begin(): void {
    if (this.#host.isUnwelcome(this)) this.wire.close("UNWELCOME");
    else if (this.#host.isSurplus(this)) this.wire.close("SURPLUS");
    else this.wire.setInterested(true);
  }

  send(message: LiveMessage): void {
    this.wire.sendExtension(LIVE_EXTENSION, liveMessageBytes(message));
  }

  /** Asks for all blocks of a piece; what it brings is told to the host, once. */
  ask(seq: number, length: number): void {
    if (this.#asked.has(seq)) return;
    const blocks = Math.ceil(length / BLOCK_MAX_BYTES);
    const asked = { piece: new Uint8Array(length), missing: blocks };
    this.#asked.set(seq, asked);
    for (let offset = 0; offset < length; offset += BLOCK_MAX_BYTES) {
      const block = { index: seq, offset, length: Math.min(BLOCK_MAX_BYTES, length - offset) };
      this.wire.request(block, (bytes) => {
        if (this.#asked.get(seq) === asked) this.#take(block, bytes, asked);
      });
    }
  }

  tick(): void {
    this.#gate?.tick();
  }

  async block({ index, offset, length }: Block): Promise<BlockAnswer | undefined> {
    if (!this.isAdmitted) return undefined;
    const piece = await this.#host.piece(index);
    // The right may have ended while the disk was read.
    if (!this.isAdmitted || piece === undefined) return undefined;
    if (offset + length > piece.length) return undefined;
    return { bytes: piece.subarray(offset, offset + length) };
  }

  onExtensionHandshake(fields: ReadonlyMap<string, Bencoded>): void {
    const names = fields.get("m");
    if (!(names instanceof Map) || !names.has(LIVE_EXTENSION)) {
      this.wire.close("EXTENSION_MISSING");
      return;
    }
    this.#gate?.hello(fields);
    if (this.#gate === undefined) this.#admit();
  }

  onExtension(name: string, body: Uint8Array): void {
    if (name === GATE_EXTENSION) this.#gate?.message(body);
    if (name !== LIVE_EXTENSION) return;
    this.lastHeardMs = this.#host.nowMs();
    // The wire overwrites what it gave out; heads are kept.
    const message = readLiveMessage(body.slice());
    if (message === undefined) {
      this.wire.close("FRAME_MALFORMED");
      return;
    }
    const isAllowed = message.kind === "older" ? this.isAdmitted : this.#isGiving;
    if (isAllowed) this.#host.onMessage(this, message);
  }

  onPieces(only?: number): void {
    this.lastHeardMs = this.#host.nowMs();
    if (only !== undefined) this.#host.onHave(this, only);
  }

  onLateBlock(): boolean {
    return false;
  }

  onChoke(isChoking: boolean): void {
    if (!isChoking && this.#gate === undefined) this.#host.onOpened(this);
  }

  onClose(reason: string): void {
    this.#gate?.settle();
    this.#asked.clear();
    this.#host.onClosed(this, reason);
  }

  get #isGiving(): boolean {
    return this.#gate === undefined || this.wasOpened;
  }

  #take(
    { index, offset }: Block,
    bytes: Uint8Array | undefined,
    asked: { readonly piece: Uint8Array; missing: number },
  ): void {
    if (bytes === undefined) {
      this.#asked.delete(index);
      this.#host.onRefused(this, index);
      return;
    }
    this.lastHeardMs = this.#host.nowMs();
    asked.piece.set(bytes, offset);
    asked.missing -= 1;
    if (asked.missing > 0) return;
    this.#asked.delete(index);
    this.withheld = 0;
    this.#host.onPiece(this, index, asked.piece);
  }

  #admit(): void {
    const isFirst = !this.wasAdmitted;
    this.wasAdmitted = true;
    if (this.#host.isUnwelcome(this)) {
      this.wire.close("UNWELCOME");
      return;
    }
    this.wire.setChoking(false);
    if (isFirst) this.#host.onAdmitted(this);
  }

  #openGate(policy: GatePolicy): GateDriver {
    const host = this.#host;
    return openLinkGate(policy, {
      infohash: host.streamId,
      wire: this.wire,
      nowS: () => host.nowMs() / 1_000,
      signal: host.signal,
      onAdmitted: () => this.#admit(),
      onOpened: () => {
        this.wasOpened = true;
        if (host.isUnwelcome(this)) this.wire.close("UNWELCOME");
        else host.onOpened(this);
      },
      onDenied: (code) => host.onDenied(this, code),
      onTokenFault: (error) => host.onTokenFault(error),
    });
  }
}

/** The pieces that a peer told us of last. What it makes up costs nobody but itself. */
class RecentPieces implements PieceSet {
  readonly #seqs = new Set<number>();

  get count(): number {
    return this.#seqs.size;
  }

  has(seq: number): boolean {
    return this.#seqs.has(seq);
  }

  set(seq: number): void {
    this.#seqs.add(seq);
    for (const oldest of this.#seqs) {
      if (this.#seqs.size <= LIVE_WINDOW_MAX_PIECES) break;
      this.#seqs.delete(oldest);
    }
  }

  clear(): void {
    this.#seqs.clear();
  }
}
