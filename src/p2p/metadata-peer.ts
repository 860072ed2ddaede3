/**
 * One peer that an info dictionary is asked of: a connection for this alone, before there is a swarm.
 *
 * It trusts nothing: frames are bounded, everything but the answers is thrown away unread, and who
 * decides what the bytes are worth is the caller, by their hash.
 *
 * Errors  Rejects with what went wrong: the next peer is asked. `GATE_REQUIRED` by a gated peer.
 * Source  BEP 3 (handshake), BEP 9, BEP 10.
 */
import { connect, type Socket } from "node:net";
import { concatBytes } from "../lib/bytes.ts";
import { AceError } from "../lib/errors.ts";
import { parseAddress } from "./addresses.ts";
import { type Bencodable, type Bencoded, decodeBencode, encodeBencode } from "./bencode.ts";
import {
  EXTENSION_HANDSHAKE_MAX_BYTES,
  FRAME_MAX_BYTES,
  METADATA_MAX_BYTES,
  METADATA_PIECE_BYTES,
  METADATA_REQUESTS_MAX,
} from "./limits.ts";
import { METADATA_EXTENSION, METADATA_MESSAGE } from "./metadata.ts";

export interface MetadataWish {
  /** 40 hexadecimal characters. */
  readonly infohash: string;
  readonly peerId: Uint8Array;
}

const PROTOCOL = Buffer.from("\u0013BitTorrent protocol", "latin1");
/** Bit 20 from the right: the extension protocol. */
const RESERVED = Buffer.from([0, 0, 0, 0, 0, 0x10, 0, 0]);
const HANDSHAKE_BYTES = 68;
const EXTENDED = 20;
/** The number that peers shall give messages of ours. */
const OUR_ID = 1;
/** Bit of `ace_gate_f`: see docs/spec/tokens.md. */
const GATES_UPLOADS = 1;
/** What a data message says before its bytes. */
const HEAD_MAX_BYTES = 256;

/** The bytes that a peer gives as the info dictionary, of the length that it said; not yet checked. */
export async function metadataFrom(
  address: string,
  wish: MetadataWish,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const target = parseAddress(address);
  if (target === undefined) throw new Error("this is no address");
  signal.throwIfAborted();
  const socket = connect({ ...target, signal });
  socket.on("error", () => {});
  try {
    const talk = new MetadataTalk(socket, wish);
    for await (const chunk of socket) {
      talk.take(chunk);
      if (talk.isDone) return talk.bytes;
    }
    throw new Error("the peer hung up");
  } finally {
    socket.destroy();
  }
}

class MetadataTalk {
  bytes = new Uint8Array();
  isDone = false;
  readonly #socket: Socket;
  readonly #wish: MetadataWish;
  readonly #missing = new Set<number>();
  #buffer = Buffer.alloc(0);
  #isShaken = false;
  #theirId = 0;
  #next = 0;
  #received = 0;

  constructor(socket: Socket, wish: MetadataWish) {
    this.#socket = socket;
    this.#wish = wish;
    const infohash = Buffer.from(wish.infohash, "hex");
    socket.write(concatBytes(PROTOCOL, RESERVED, infohash, wish.peerId));
  }

  take(chunk: Buffer): void {
    this.#received += chunk.length;
    if (this.#received > 2 * METADATA_MAX_BYTES) throw new Error("the peer talks too much");
    this.#buffer = Buffer.concat([this.#buffer, chunk]);
    if (!this.#isShaken && !this.#readHandshake()) return;
    while (this.#buffer.length >= 4) {
      const length = this.#buffer.readUInt32BE(0);
      if (length > FRAME_MAX_BYTES) throw new Error("the peer sends too long a frame");
      if (this.#buffer.length < 4 + length) return;
      this.#readFrame(this.#buffer.subarray(4, 4 + length));
      this.#buffer = this.#buffer.subarray(4 + length);
    }
  }

  #readHandshake(): boolean {
    if (this.#buffer.length < HANDSHAKE_BYTES) return false;
    const isOurs = this.#buffer.subarray(28, 48).toString("hex") === this.#wish.infohash;
    const isExtended = ((this.#buffer[25] ?? 0) & 0x10) !== 0;
    if (!this.#buffer.subarray(0, 20).equals(PROTOCOL) || !isOurs || !isExtended) {
      throw new Error("the peer is of another swarm, or knows no extensions");
    }
    this.#buffer = this.#buffer.subarray(HANDSHAKE_BYTES);
    this.#isShaken = true;
    const names = new Map([[METADATA_EXTENSION, OUR_ID]]);
    this.#send(0, encodeBencode(new Map<string, Bencodable>([["m", names]])));
    return true;
  }

  #readFrame(frame: Buffer): void {
    if (frame[0] !== EXTENDED) return;
    const body = Uint8Array.from(frame.subarray(2));
    if (frame[1] === 0) this.#readExtensions(body);
    else if (frame[1] === OUR_ID && this.bytes.length > 0) this.#readAnswer(body);
  }

  #readExtensions(body: Uint8Array): void {
    if (this.bytes.length > 0) return;
    const fields = decodeBencode(body, EXTENSION_HANDSHAKE_MAX_BYTES);
    if (((numberIn(fields, "ace_gate_f") ?? 0) & GATES_UPLOADS) !== 0) {
      throw new AceError("GATE_REQUIRED", "the peer gives to licence holders only");
    }
    const size = numberIn(fields, "metadata_size") ?? 0;
    const names = fields instanceof Map ? fields.get("m") : undefined;
    const id = numberIn(names, METADATA_EXTENSION) ?? 0;
    if (id < 1 || id > 255 || size < 1) throw new Error("the peer has no metadata");
    if (size > METADATA_MAX_BYTES) throw new Error("the peer's metadata is too large");
    this.#theirId = id;
    this.bytes = new Uint8Array(size);
    const pieces = Math.ceil(size / METADATA_PIECE_BYTES);
    for (let piece = 0; piece < pieces; piece += 1) this.#missing.add(piece);
    for (let asked = 0; asked < METADATA_REQUESTS_MAX; asked += 1) this.#askNext();
  }

  /** The bytes follow the dictionary without a mark: their length tells where they begin. */
  #readAnswer(body: Uint8Array): void {
    const last = this.bytes.length % METADATA_PIECE_BYTES || METADATA_PIECE_BYTES;
    for (const length of [METADATA_PIECE_BYTES, last, 0]) {
      const at = body.length - length;
      const head = at > 0 ? decodeBencode(body.subarray(0, at), HEAD_MAX_BYTES) : undefined;
      if (head === undefined) continue;
      this.#takeAnswer(head, body.subarray(at));
      return;
    }
  }

  #takeAnswer(head: Bencoded, bytes: Uint8Array): void {
    const kind = numberIn(head, "msg_type");
    if (kind === METADATA_MESSAGE.reject) throw new Error("the peer gives no metadata");
    const piece = numberIn(head, "piece") ?? -1;
    const start = piece * METADATA_PIECE_BYTES;
    const expected = Math.min(METADATA_PIECE_BYTES, this.bytes.length - start);
    if (kind !== METADATA_MESSAGE.data || bytes.length !== expected) return;
    if (!this.#missing.delete(piece)) return;
    this.bytes.set(bytes, start);
    this.isDone = this.#missing.size === 0;
    this.#askNext();
  }

  #askNext(): void {
    const piece = this.#next;
    if (piece * METADATA_PIECE_BYTES >= this.bytes.length) return;
    this.#next += 1;
    const request = new Map<string, Bencodable>([
      ["msg_type", METADATA_MESSAGE.request],
      ["piece", piece],
    ]);
    this.#send(this.#theirId, encodeBencode(request));
  }

  #send(id: number, body: Uint8Array): void {
    const head = Buffer.alloc(6);
    head.writeUInt32BE(body.length + 2);
    head[4] = EXTENDED;
    head[5] = id;
    this.#socket.write(concatBytes(head, body));
  }
}

function numberIn(value: Bencoded | undefined, name: string): number | undefined {
  const found = value instanceof Map ? value.get(name) : undefined;
  return typeof found === "number" ? found : undefined;
}
