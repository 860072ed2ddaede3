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
import { LIVE_MESSAGE_MAX_BYTES, LIVE_PIECE_MAX_BYTES, LIVE_QUIET_MS } from "./limits.ts";
import { type GatePolicy, openLinkGate } from "./link-gate.ts";
import type { LiveAllowance } from "./live-allowance.ts";
import type { LiveGiving } from "./live-giving.ts";
import { LIVE_DOUBT_PIECES } from "./live-limits.ts";
import {
  LIVE_EXTENSION,
  type LiveMessage,
  liveMessageBytes,
  readLiveMessage,
} from "./live-message.ts";
import { RecentPieces } from "./live-recent.ts";
import { LiveRequests } from "./live-requests.ts";
import type { Wire } from "./wire.ts";
import type { Block, BlockAnswer, Geometry, WireOwner } from "./wire-guard.ts";

export interface LiveLinkHost {
  readonly streamId: string;
  readonly gate: GatePolicy | undefined;
  readonly signal: AbortSignal;
  /** Whose turn it is to be given something. */
  readonly giving: LiveGiving;
  /** What may be asked for. */
  readonly allowance: LiveAllowance;
  nowMs(): number;
  /** False for who is given nothing whatever it proves: the node is private. */
  mayUpload(link: LiveLink): boolean;
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
  readonly #requests: LiveRequests;

  constructor(host: LiveLinkHost, wire: Wire) {
    lastLinkNumber += 1;
    this.id = `live-${lastLinkNumber}`;
    this.wire = wire;
    this.#host = host;
    this.lastHeardMs = host.nowMs();
    this.#gate = host.gate === undefined ? undefined : this.#openGate(host.gate);
    this.#requests = new LiveRequests({
      wire,
      onBlock: (isGiver) => this.#onBlock(isGiver),
      onWhole: (seq, piece) => host.onPiece(this, seq, piece),
      onRefused: (seq) => host.onRefused(this, seq),
      allowance: host.allowance,
    });
    wire.offerExtensions([LIVE_EXTENSION], {}, LIVE_MESSAGE_MAX_BYTES);
    wire.setOwner(this);
  }

  /** True when the peer may have bytes now. */
  get isAdmitted(): boolean {
    return this.#gate === undefined ? this.wasAdmitted : this.#gate.isAdmitted;
  }

  /** True when the peer gives us what it can, though not always at once. */
  get isOpen(): boolean {
    return this.#isGiving && !this.wire.isClosed;
  }

  /** True when the peer can be asked for pieces now. */
  get isServing(): boolean {
    return this.isOpen && !this.wire.isPeerChoking;
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
    return this.#requests.size + (this.isQuiet ? QUIET_PIECES : 0);
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

  ask(seq: number, length: number): void {
    this.#requests.ask(seq, length);
  }

  /** The piece is here, or of no use any more. */
  cancel(seq: number): void {
    this.#requests.cancel(seq, this.withheld >= LIVE_DOUBT_PIECES);
  }

  tick(): void {
    this.#gate?.tick();
  }

  async block(block: Block): Promise<BlockAnswer | undefined> {
    if (!this.isAdmitted || !this.#host.mayUpload(this)) return undefined;
    const { index, offset, length } = block;
    const { giving, signal } = this.#host;
    const piece = await this.#host.piece(index);
    if (piece === undefined || offset + length > piece.length) return undefined;
    const turn = await giving.turn(this, block, { nowMs: this.#host.nowMs(), signal });
    if (turn === undefined) return undefined;
    // The right may have ended while the disk was read, or in the line.
    if (!this.isAdmitted) {
      turn.giveBack();
      return undefined;
    }
    const bytes = piece.subarray(offset, offset + length);
    return { bytes, onUnsent: () => turn.giveBack() };
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
    const mayBeTold = this.isAdmitted && this.#host.mayUpload(this);
    const isAllowed = message.kind === "older" ? mayBeTold : this.#isGiving;
    if (isAllowed) this.#host.onMessage(this, message);
  }

  onPieces(only?: number): void {
    this.lastHeardMs = this.#host.nowMs();
    if (only !== undefined) this.#host.onHave(this, only);
  }

  onLateBlock(block: Block): boolean {
    return this.#requests.late(block);
  }

  onChoke(isChoking: boolean): void {
    if (!isChoking && this.#gate === undefined) this.#host.onOpened(this);
  }

  onClose(reason: string): void {
    this.#gate?.settle();
    this.#requests.clear();
    this.#host.onClosed(this, reason);
  }

  get #isGiving(): boolean {
    return this.#gate === undefined || this.wasOpened;
  }

  #onBlock(isGiver: boolean): void {
    this.lastHeardMs = this.#host.nowMs();
    if (isGiver) this.withheld = 0;
  }

  #admit(): void {
    const isFirst = !this.wasAdmitted;
    this.wasAdmitted = true;
    if (this.#host.isUnwelcome(this)) {
      this.wire.close("UNWELCOME");
      return;
    }
    if (!this.#host.mayUpload(this)) return;
    this.#host.giving.admit(this);
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
