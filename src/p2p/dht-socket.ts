/**
 * The socket of the DHT, guarded: the library behind it takes fields of strangers for what they should
 * be, and one datagram with a number in the place of a text would end the process.
 *
 * What arrives is read by our own bounded decoder and dropped unless every field that the library uses
 * has its shape. What leaves goes only to addresses that may be asked: a stranger's list of nodes must
 * not make us write to the machines of the local network.
 *
 * Source  BEP 5, BEP 44. IPv4 only, as the library is.
 */
import { createSocket, type RemoteInfo } from "node:dgram";
import { EventEmitter } from "node:events";
import type { Clock } from "../lib/clock.ts";
import { AddressPace } from "./address-pace.ts";
import { isPeerDialable } from "./addresses.ts";
import { type Bencoded, decodeBencode } from "./bencode.ts";
import { DHT_BURST_MAX, DHT_MESSAGE_MAX_BYTES, DHT_PER_S, DHT_VALUE_MAX_BYTES } from "./limits.ts";

export interface DhtSocketOptions {
  readonly host: string;
  /** Numeric addresses of nodes that the operator named. */
  readonly trusted: ReadonlySet<string>;
  readonly clock: Clock;
}

type Check = (value: Bencoded) => boolean;

const bytes =
  (length: number): Check =>
  (value) =>
    value instanceof Uint8Array && value.length === length;
const bytesUpTo =
  (max: number): Check =>
  (value) =>
    value instanceof Uint8Array && value.length <= max;
const whole: Check = (value) => typeof value === "number";
const compactPeer = bytes(6);

/** Each field that the library reads, in questions and in answers. A map: strangers choose the names. */
const FIELDS: ReadonlyMap<string, Check> = new Map<string, Check>([
  ["id", bytes(20)],
  ["target", bytes(20)],
  ["info_hash", bytes(20)],
  ["token", bytesUpTo(64)],
  ["port", whole],
  ["implied_port", whole],
  ["nodes", (value) => value instanceof Uint8Array && value.length % 26 === 0],
  ["values", (value) => Array.isArray(value) && value.every((peer: Bencoded) => compactPeer(peer))],
  ["v", bytesUpTo(DHT_VALUE_MAX_BYTES)],
  ["k", bytes(32)],
  ["sig", bytes(64)],
  ["salt", bytesUpTo(64)],
  ["seq", whole],
  ["cas", whole],
]);
/** What each question must have beside the id of who asks. */
const NEEDED: ReadonlyMap<string, readonly string[]> = new Map([
  ["ping", []],
  ["find_node", ["target"]],
  ["get_peers", ["info_hash"]],
  ["announce_peer", ["info_hash", "token"]],
  ["get", ["target"]],
  ["put", ["v", "token"]],
]);

/** Whether the library can be shown this datagram. */
export function isDhtMessage(datagram: Uint8Array): boolean {
  const message = decodeBencode(datagram, DHT_MESSAGE_MAX_BYTES);
  if (!(message instanceof Map)) return false;
  const transaction = message.get("t");
  if (!(transaction instanceof Uint8Array) || transaction.length > 32) return false;
  switch (text(message.get("y"))) {
    case "q":
      return isQuestion(message.get("q"), message.get("a"));
    case "r":
      return hasFields(message.get("r"), ["id"]);
    case "e":
      return Array.isArray(message.get("e"));
    default:
      return false;
  }
}

/** In the form that the library wants of a datagram socket. */
export class DhtSocket extends EventEmitter {
  readonly #socket = createSocket("udp4");
  readonly #options: DhtSocketOptions;
  readonly #pace: AddressPace;
  /** Datagrams that were not passed on. */
  dropped = 0;

  constructor(options: DhtSocketOptions) {
    super();
    this.#options = options;
    this.#pace = new AddressPace(options.clock, { burst: DHT_BURST_MAX, perS: DHT_PER_S });
    this.#socket.on("message", (datagram, from) => this.#hear(datagram, from));
    for (const event of ["error", "listening", "close"] as const) {
      this.#socket.on(event, (...values: readonly unknown[]) => this.emit(event, ...values));
    }
  }

  bind(port: number, host: string, onListening: () => void): void {
    this.#socket.bind(port, host, onListening);
  }

  address() {
    return this.#socket.address();
  }

  close(): void {
    this.#socket.close();
  }

  send(
    datagram: Uint8Array,
    offset: number,
    length: number,
    port: number,
    host: string,
    done: () => void,
  ): void {
    const { trusted, host: own } = this.#options;
    const isNumber = port > 0 && port < 65_536;
    const isAllowed = isNumber && (trusted.has(host) || isPeerDialable({ host, port }, own));
    // An answer that never comes is what the library expects of a node that is gone.
    if (isAllowed) this.#socket.send(datagram, offset, length, port, host, done);
    else this.dropped += 1;
  }

  #hear(datagram: Buffer, from: RemoteInfo): void {
    if (this.#pace.allows(from.address) && isDhtMessage(datagram)) {
      this.emit("message", datagram, from);
    } else this.dropped += 1;
  }
}

function isQuestion(name: Bencoded | undefined, fields: Bencoded | undefined): boolean {
  const needed = NEEDED.get(text(name));
  if (needed === undefined || !hasFields(fields, ["id", ...needed])) return false;
  if (!(fields instanceof Map) || text(name) !== "put") return true;
  // A mutable item has all of these, an immutable one none.
  const marks = ["k", "sig", "seq"].filter((mark) => fields.has(mark));
  return marks.length === 0 || marks.length === 3;
}

function hasFields(fields: Bencoded | undefined, needed: readonly string[]): boolean {
  if (!(fields instanceof Map)) return false;
  if (needed.some((name) => !fields.has(name))) return false;
  return [...fields].every(([name, value]) => FIELDS.get(name)?.(value) ?? true);
}

function text(value: Bencoded | undefined): string {
  return value instanceof Uint8Array ? Buffer.from(value).toString("latin1") : "";
}
