/**
 * Wire: one BitTorrent connection over a socket.
 *
 * Units   Bytes of payload, counted where a block is written or accepted: never protocol bytes.
 * Errors  A peer that breaks a rule is cut off; the reason is the code given to `onClose`.
 * Source  BEP 3, BEP 6, BEP 10. Limits are in wire-guard.ts.
 */
import type { Socket } from "node:net";
import { formatAddress } from "./addresses.ts";
import { type Bencodable, encodeBencode } from "./bencode.ts";
import { Bitfield } from "./bitfield.ts";
import { FAREWELL_MS, GATE_MESSAGE_MAX_BYTES, HANDSHAKE_MS, WIRE_IDLE_MS } from "./limits.ts";
import { WireAnswers } from "./wire-answers.ts";
import { type Block, GuardedProtocol, type WireOwner } from "./wire-guard.ts";
import { Outbox } from "./wire-outbox.ts";
import { receiveFrom } from "./wire-socket.ts";

export class Wire {
  readonly isOutgoing: boolean;
  /** `host:port` of the other end. */
  readonly address: string;
  readonly host: string;
  peerId = "";
  readonly #socket: Socket;
  readonly #outbox: Outbox;
  readonly #protocol = new GuardedProtocol();
  readonly #handshakeTimer: NodeJS.Timeout;
  readonly #answers: WireAnswers;
  #downBytes = 0;
  #isClosed = false;
  #onClosed: () => void = () => {};

  /** @param onHandshake Called once, with what the peer asks for; sets the owner, or closes. */
  constructor(socket: Socket, isOutgoing: boolean, onHandshake: (infohash: string) => void) {
    this.isOutgoing = isOutgoing;
    this.host = (socket.remoteAddress ?? "").replace(/^::ffff:/, "");
    this.address = formatAddress(this.host, socket.remotePort ?? 0);
    this.#socket = socket;
    this.#outbox = new Outbox(socket);
    this.#answers = this.#openAnswers();
    this.#handshakeTimer = setTimeout(() => this.close("HANDSHAKE_TIMEOUT"), HANDSHAKE_MS);
    this.#connect();
    this.#protocol.on("handshake", (infohash, peerId) => {
      clearTimeout(this.#handshakeTimer);
      this.peerId = peerId;
      onHandshake(infohash);
    });
  }

  get payload(): { readonly upBytes: number; readonly downBytes: number } {
    return {
      upBytes: this.#protocol.sentBytes,
      downBytes: this.#downBytes + this.#protocol.lateBytes,
    };
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  get isPeerChoking(): boolean {
    return this.#protocol.peerChoking;
  }

  get isChoking(): boolean {
    return this.#protocol.amChoking;
  }

  get isPeerInterested(): boolean {
    return this.#protocol.peerInterested;
  }

  /** Blocks asked for and not answered yet. */
  get outstanding(): number {
    return this.#protocol.outstanding;
  }

  peerHas(index: number): boolean {
    return this.#protocol.peerHas?.has(index) ?? false;
  }

  get peerPieces(): number {
    return this.#protocol.peerHas?.count ?? 0;
  }

  /** Gives the wire to a swarm: from here on its messages have a meaning. */
  setOwner(owner: WireOwner): void {
    this.#protocol.owner = owner;
    const { geometry } = owner;
    this.#protocol.peerHas = geometry.newPieceSet?.() ?? new Bitfield(geometry.pieces);
    this.#protocol.on("choke", () => owner.onChoke(true));
    this.#protocol.on("unchoke", () => owner.onChoke(false));
    this.#protocol.on("interested", () => owner.onInterest?.(true));
    this.#protocol.on("uninterested", () => owner.onInterest?.(false));
  }

  /** Extensions must be named before `handshake`: the library sends both together. */
  offerExtensions(
    names: readonly string[],
    fields: Readonly<Record<string, Uint8Array | number>>,
    messageMaxBytes = GATE_MESSAGE_MAX_BYTES,
  ): void {
    const protocol = this.#protocol;
    protocol.extensionNames = [...protocol.extensionNames, ...names];
    for (const name of names) protocol.extensionMaxBytes.set(name, messageMaxBytes);
    for (const [place, name] of protocol.extensionNames.entries()) {
      protocol.extendedMapping[place + 1] = name;
    }
    Object.assign(protocol.extendedHandshake, fields);
  }

  /** Says more than the first extension handshake did, to a peer that may know it now. */
  addToExtensionHandshake(fields: Readonly<Record<string, Uint8Array | number>>): void {
    if (this.#isClosed) return;
    const protocol = this.#protocol;
    const numbers = protocol.extensionNames.map((name, place) => [name, place + 1] as const);
    const handshake = new Map<string, Bencodable>(Object.entries(fields));
    handshake.set("m", new Map(numbers));
    protocol.extended(0, encodeBencode(handshake));
  }

  handshake(infohash: string, peerId: Uint8Array): void {
    if (!this.#isClosed) this.#protocol.handshake(infohash, peerId, { fast: true });
  }

  sendPieces(had: Bitfield): void {
    if (this.#protocol.hasFast && had.isFull) this.#protocol.haveAll();
    else if (this.#protocol.hasFast && had.count === 0) this.#protocol.haveNone();
    else if (had.count > 0) this.#protocol.bitfield(had.toBytes());
  }

  sendHave(index: number): void {
    if (!this.#isClosed) this.#protocol.have(index);
  }

  setInterested(isInterested: boolean): void {
    if (isInterested) this.#protocol.interested();
    else this.#protocol.uninterested();
  }

  setChoking(isChoking: boolean): void {
    if (!isChoking) {
      this.#protocol.unchoke();
      return;
    }
    this.#answers.cancelAll();
    this.#protocol.choke();
  }

  /** Says nothing to a peer that does not know the extension: the library would throw. */
  sendExtension(name: string, body: Uint8Array): void {
    if (this.#isClosed || this.#protocol.peerExtendedMapping[name] === undefined) return;
    this.#protocol.extended(name, body);
  }

  /**
   * Asks for a block; `done` is called once, with undefined when it will not come. The bytes are valid
   * during the call only: the next read overwrites them.
   */
  request(block: Block, done: (bytes: Uint8Array | undefined) => void): void {
    this.#protocol.request(block.index, block.offset, block.length, (_error, bytes) => {
      this.#downBytes += bytes?.length ?? 0;
      done(bytes ?? undefined);
    });
  }

  cancel(block: Block): void {
    if (!this.#isClosed) this.#protocol.cancel(block.index, block.offset, block.length);
  }

  onceClosed(listener: () => void): void {
    this.#onClosed = listener;
  }

  /** What is already written still leaves, the socket is gone at the latest a second later. */
  close(reason: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#handshakeTimer);
    // The library goes on parsing what it has buffered unless it waits for more than can come.
    this.#protocol._parse(Number.MAX_VALUE, () => {});
    // Whoever closed may have a last word to say in this turn.
    setImmediate(() => {
      this.#outbox.flush();
      this.#protocol.end();
      this.#socket.end();
    });
    setTimeout(() => this.#socket.destroy(), FAREWELL_MS).unref();
    this.#protocol.owner?.onClose(reason);
    this.#onClosed();
  }

  #openAnswers(): WireAnswers {
    const isClosed = () => this.#isClosed;
    return new WireAnswers({
      outbox: this.#outbox,
      get isClosed() {
        return isClosed();
      },
      block: (block) => this.#protocol.owner?.block(block),
    });
  }

  #connect(): void {
    const socket = this.#socket;
    const protocol = this.#protocol;
    socket.setNoDelay(true);
    socket.setTimeout(WIRE_IDLE_MS, () => this.close("CONNECTION_LOST"));
    receiveFrom(socket, (bytes) => {
      if (!this.#isClosed) protocol.receive(bytes);
    });
    socket.on("error", () => this.close("CONNECTION_LOST"));
    socket.on("close", () => this.close("CONNECTION_LOST"));
    protocol.onOutput = (bytes) => this.#outbox.push(bytes);
    // The library ends itself when the peer does not speak its language.
    protocol.on("finish", () => this.close("FRAME_MALFORMED"));
    protocol.on("error", () => this.close("CONNECTION_LOST"));
    protocol.onFault = (fault) => this.close(fault);
    protocol.setKeepAlive(true);
    protocol.on("request", (index, offset, length, respond) => {
      this.#answers.add({ index, offset, length }, respond);
    });
    protocol.on("cancel", (index, offset, length) => {
      this.#answers.cancel({ index, offset, length });
    });
  }
}
