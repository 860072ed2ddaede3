/**
 * The wire library, guarded: only this file and wire-protocol.ts touch it and its private methods.
 *
 * Without these overrides one peer that announces a 2 GiB frame costs memory and processor time
 * without bound: the library reads any length, buffers up to it and copies all of it for each chunk.
 * Being private, the methods may change in any release: the version is pinned and checked.
 *
 * Errors  A peer that breaks a rule is a `WireFault`, given to `onFault`; the wire then closes.
 * Source  BEP 3 (messages), BEP 6 (fast extension), BEP 10 (extension protocol).
 */
import { readFileSync } from "node:fs";
import { AceError } from "../lib/errors.ts";
import { type Bencoded, decodeBencode } from "./bencode.ts";
import { Bitfield } from "./bitfield.ts";
import {
  BLOCK_MAX_BYTES,
  CHOKED_REQUESTS_MAX,
  EXTENSION_HANDSHAKE_MAX_BYTES,
  FRAME_MAX_BYTES,
  GATE_MESSAGE_MAX_BYTES,
  PEER_REQUESTS_MAX,
  PIECE_SETS_MAX,
  REPEATED_HAVES_MAX,
  UNREQUESTED_BLOCKS_MAX,
} from "./limits.ts";
import { LeanProtocol } from "./wire-protocol.ts";

export type WireFault =
  | "FRAME_TOO_LARGE"
  | "FRAME_MALFORMED"
  | "REQUEST_INVALID"
  | "REQUEST_FLOOD"
  | "HANDSHAKE_TIMEOUT"
  | "CONNECTION_LOST";

export interface Block {
  readonly index: number;
  readonly offset: number;
  readonly length: number;
}

export interface BlockAnswer {
  readonly bytes: Uint8Array;
  /** Called when the bytes have left. Not at all where the connection ends before. */
  onSent?(): void;
  /** Called when they are not sent at all: the peer took its request back, is choked, or gone. */
  onUnsent?(): void;
}

/** Which pieces a peer says it has. */
export interface PieceSet {
  readonly count: number;
  has(index: number): boolean;
  set(index: number): void;
}

/** How a torrent is cut, as far as a wire must know it. */
export interface Geometry {
  readonly pieces: number;
  pieceSize(index: number): number;
  /** For a stream without an end: keeps what it likes of the numbers told. No bitfield fits there. */
  newPieceSet?(): PieceSet;
}

/** What the swarm does about a wire. Set at the handshake, before any other message is read. */
export interface WireOwner {
  readonly geometry: Geometry;
  /** The one answer to a request for a block: its bytes, or undefined to refuse it. */
  block(block: Block): BlockAnswer | undefined | Promise<BlockAnswer | undefined>;
  onExtensionHandshake(fields: ReadonlyMap<string, Bencoded>): void;
  onExtension(name: string, body: Uint8Array): void;
  /** @param index The one piece that is new; without it any may be. */
  onPieces(index?: number): void;
  /**
   * A block that is not asked for any more. True when it was, once, and is of use.
   * @param bytes Valid during the call only.
   */
  onLateBlock(block: Block, bytes: Uint8Array): boolean;
  onChoke(isChoking: boolean): void;
  /** The peer wants something of ours, or nothing any more. */
  onInterest?(isInterested: boolean): void;
  onClose(reason: string): void;
}

const PINNED_VERSION = "5.0.9";
/** Exact frame lengths by message id; piece, bitfield and extension messages vary. */
const FRAME_BYTES: Readonly<Record<number, number>> = {
  0: 1,
  1: 1,
  2: 1,
  3: 1,
  4: 5,
  6: 13,
  8: 13,
  9: 3,
  13: 5,
  14: 1,
  15: 1,
  16: 13,
  17: 5,
};

/** A peer that did not offer the fast extension must not speak it; the library would hang. */
const FAST_MESSAGES: ReadonlySet<number> = new Set([13, 14, 15, 16, 17]);

/** Refuses to run on a library whose private methods may have changed. */
export function assertWireLibrary(): void {
  const manifest = new URL("./package.json", import.meta.resolve("bittorrent-protocol"));
  const found: unknown = JSON.parse(readFileSync(manifest, "utf8"));
  const version =
    typeof found === "object" && found !== null && "version" in found ? found.version : undefined;
  if (version === PINNED_VERSION) return;
  throw new AceError(
    "DEPENDENCY_VERSION_WRONG",
    `bittorrent-protocol is ${String(version)}, not ${PINNED_VERSION}`,
  );
}

/** The library's wire with our checks before each of its handlers. */
export class GuardedProtocol extends LeanProtocol {
  owner: WireOwner | undefined;
  peerHas: PieceSet | undefined;
  extensionNames: readonly string[] = [];
  /** By name: the longest message that is taken. */
  readonly extensionMaxBytes = new Map<string, number>();
  onFault: (fault: WireFault) => void = () => {};
  sentBytes = 0;
  lateBytes = 0;
  #chokedRequests = 0;
  #unrequestedBlocks = 0;
  #repeatedHaves = 0;
  #pieceSets = 0;
  #hasShaken = false;

  override _onMessageLength(bytes: Uint8Array): void {
    if (lengthOf(bytes) > FRAME_MAX_BYTES) {
      this.onFault("FRAME_TOO_LARGE");
      return;
    }
    super._onMessageLength(bytes);
  }

  override _onMessage(bytes: Uint8Array): void {
    const exact = FRAME_BYTES[bytes[0] ?? 0];
    const isShort = (bytes[0] === 7 && bytes.length < 9) || (bytes[0] === 20 && bytes.length < 2);
    const isUnknown = !this.hasFast && FAST_MESSAGES.has(bytes[0] ?? 0);
    if ((exact !== undefined && bytes.length !== exact) || isShort || isUnknown) {
      this.onFault("FRAME_MALFORMED");
      return;
    }
    super._onMessage(bytes);
  }

  override _onRequest(index: number, offset: number, length: number): void {
    if (!this.#isInside(index, offset, length)) {
      this.onFault("REQUEST_INVALID");
      return;
    }
    if (this.peerRequests.length >= PEER_REQUESTS_MAX) {
      this.onFault("REQUEST_FLOOD");
      return;
    }
    if (this.amChoking) this.#chokedRequests += 1;
    else this.#chokedRequests = 0;
    if (this.#chokedRequests > CHOKED_REQUESTS_MAX) {
      this.onFault("REQUEST_FLOOD");
      return;
    }
    super._onRequest(index, offset, length);
  }

  override _onPiece(index: number, offset: number, block: Uint8Array): void {
    if (this.deliver(index, offset, block)) return;
    const late = { index, offset, length: block.length };
    if (this.owner?.onLateBlock(late, block)) {
      this.lateBytes += block.length;
      return;
    }
    this.#unrequestedBlocks += 1;
    if (this.#unrequestedBlocks > UNREQUESTED_BLOCKS_MAX) this.onFault("REQUEST_FLOOD");
  }

  /** The only place where payload leaves: what is counted here is what the peer got. */
  override piece(index: number, offset: number, block: Uint8Array): void {
    this.sentBytes += block.length;
    this._message(7, [index, offset], block);
  }

  override _onHave(index: number): void {
    const size = this.owner?.geometry.pieces ?? 0;
    if (index < 0 || index >= size) {
      this.onFault("FRAME_MALFORMED");
      return;
    }
    if (this.peerHas?.has(index)) {
      this.#repeatedHaves += 1;
      if (this.#repeatedHaves > REPEATED_HAVES_MAX) this.onFault("REQUEST_FLOOD");
      return;
    }
    this.peerHas?.set(index);
    this.owner?.onPieces(index);
  }

  override _onBitField(bytes: Uint8Array): void {
    this.#replacePieces((pieces) => Bitfield.read(bytes, pieces));
  }

  override _onHaveAll(): void {
    this.#replacePieces(Bitfield.full);
  }

  override _onHaveNone(): void {
    this.#replacePieces((pieces) => new Bitfield(pieces));
  }

  /** Ours from end to end: the library would decode without a limit and swap keys when asked twice. */
  override _onExtended(id: number, body: Uint8Array): void {
    if (id === 0) {
      this.#onExtensionHandshake(body);
      return;
    }
    const name = this.extensionNames[id - 1];
    if (name === undefined) return;
    if (body.length > (this.extensionMaxBytes.get(name) ?? GATE_MESSAGE_MAX_BYTES)) {
      this.onFault("FRAME_TOO_LARGE");
      return;
    }
    this.owner?.onExtension(name, body.slice());
  }

  #onExtensionHandshake(body: Uint8Array): void {
    // A copy, because its strings are kept and the bytes of a frame are not.
    const fields = decodeBencode(body.slice(), EXTENSION_HANDSHAKE_MAX_BYTES);
    if (!(fields instanceof Map)) {
      this.onFault("FRAME_MALFORMED");
      return;
    }
    const numbers = fields.get("m");
    if (!this.#hasShaken && numbers instanceof Map) {
      for (const name of this.extensionNames) {
        const number = numbers.get(name);
        if (typeof number === "number" && number > 0 && number < 256) {
          this.peerExtendedMapping[name] = number;
        }
      }
    }
    this.#hasShaken = true;
    this.owner?.onExtensionHandshake(fields);
  }

  /** Costs a pass over all pieces for a frame of five bytes: hence not again and again. */
  #replacePieces(read: (pieces: number) => Bitfield | undefined): void {
    this.#pieceSets += 1;
    if (this.#pieceSets > PIECE_SETS_MAX) {
      this.onFault("REQUEST_FLOOD");
      return;
    }
    const { geometry } = this.owner ?? {};
    const pieces = geometry?.newPieceSet === undefined ? read(geometry?.pieces ?? 0) : undefined;
    if (pieces === undefined) {
      this.onFault("FRAME_MALFORMED");
      return;
    }
    this.peerHas = pieces;
    this.owner?.onPieces();
  }

  #isInside(index: number, offset: number, length: number): boolean {
    const geometry = this.owner?.geometry;
    if (geometry === undefined || index < 0 || index >= geometry.pieces) return false;
    if (length < 1 || length > BLOCK_MAX_BYTES || offset < 0) return false;
    return offset + length <= geometry.pieceSize(index);
  }
}

/** Four bytes, the greatest first. By place: this runs for every message. */
function lengthOf(bytes: Uint8Array): number {
  const high = (bytes[0] ?? 0) * 2 ** 24;
  return high + (((bytes[1] ?? 0) << 16) | ((bytes[2] ?? 0) << 8) | (bytes[3] ?? 0));
}
