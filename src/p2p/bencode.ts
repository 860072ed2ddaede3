/**
 * Bencode, bounded: what torrents, extension handshakes, gate messages and trackers are written in.
 *
 * Range   Nested at most `BENCODE_DEPTH_MAX`; integers are safe integers. Byte strings stay bytes;
 *         the keys of a dictionary are text with one character per byte.
 * Errors  `decodeBencode` answers undefined for anything else: all of it is other people's bytes.
 * Source  BEP 3, "bencoding". The order of keys is not checked here; `isCanonical` does.
 */
import { compareBytes, concatBytes } from "../lib/bytes.ts";
import { BENCODE_DEPTH_MAX } from "./limits.ts";

export type Bencoded = number | Uint8Array | readonly Bencoded[] | ReadonlyMap<string, Bencoded>;

/** What may be encoded: text becomes its UTF-8 bytes. */
export type Bencodable =
  | number
  | string
  | Uint8Array
  | readonly Bencodable[]
  | ReadonlyMap<string, Bencodable>;

interface Span {
  readonly start: number;
  readonly end: number;
}

interface Decoded {
  readonly value: Bencoded;
  /** Where the value of each key of the outermost dictionary stands in the bytes. */
  readonly spans: ReadonlyMap<string, Span>;
}

export function decodeBencode(bytes: Uint8Array, sizeMax: number): Bencoded | undefined {
  return decodeWithSpans(bytes, sizeMax)?.value;
}

export function decodeWithSpans(bytes: Uint8Array, sizeMax: number): Decoded | undefined {
  if (bytes.length > sizeMax) return undefined;
  const decoder = new Decoder(bytes);
  try {
    const value = decoder.value(0);
    return decoder.isAtEnd() ? { value, spans: decoder.spans } : undefined;
  } catch (error) {
    if (error instanceof BencodeFault) return undefined;
    throw error;
  }
}

export function encodeBencode(value: Bencodable): Uint8Array {
  if (typeof value === "number") return latin1(`i${value}e`);
  if (typeof value === "string") return encodeBencode(new TextEncoder().encode(value));
  if (value instanceof Uint8Array) return concatBytes(latin1(`${value.length}:`), value);
  if (value instanceof Map) return concatBytes(latin1("d"), ...pairs(value), latin1("e"));
  if (Array.isArray(value)) {
    return concatBytes(latin1("l"), ...value.map((item) => encodeBencode(item)), latin1("e"));
  }
  throw new TypeError("this value cannot be bencoded");
}

/** True when `bytes` are the one canonical encoding of `value`. */
export function isCanonical(value: Bencoded, bytes: Uint8Array): boolean {
  return compareBytes(encodeBencode(value), bytes) === 0;
}

class BencodeFault extends Error {}

class Decoder {
  readonly spans = new Map<string, Span>();
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  value(depth: number): Bencoded {
    if (depth > BENCODE_DEPTH_MAX) throw new BencodeFault("nested too deeply");
    switch (this.#bytes[this.#at]) {
      case 0x64:
        return this.#dictionary(depth);
      case 0x6c:
        return this.#list(depth);
      case 0x69:
        this.#at += 1;
        return this.#integer(0x65);
      default:
        return this.#byteString();
    }
  }

  #dictionary(depth: number): ReadonlyMap<string, Bencoded> {
    const entries = new Map<string, Bencoded>();
    this.#at += 1;
    while (!this.#isEnd()) {
      const key = Buffer.from(this.#byteString()).toString("latin1");
      if (entries.has(key)) throw new BencodeFault("a key appears twice");
      const start = this.#at;
      entries.set(key, this.value(depth + 1));
      if (depth === 0) this.spans.set(key, { start, end: this.#at });
    }
    return entries;
  }

  #list(depth: number): readonly Bencoded[] {
    const items: Bencoded[] = [];
    this.#at += 1;
    while (!this.#isEnd()) items.push(this.value(depth + 1));
    return items;
  }

  #byteString(): Uint8Array {
    const length = this.#integer(0x3a);
    const end = this.#at + length;
    if (length < 0 || end > this.#bytes.length) throw new BencodeFault("a string ends too late");
    const text = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return text;
  }

  /** Digits up to the byte `end`, without leading zeros, plus signs or minus zero. */
  #integer(end: number): number {
    const stop = this.#bytes.indexOf(end, this.#at);
    if (stop < 0 || stop - this.#at > 17) throw new BencodeFault("a number has no end");
    const digits = Buffer.from(this.#bytes.subarray(this.#at, stop)).toString("latin1");
    const value = Number(digits);
    if (!/^(?:0|-?[1-9]\d*)$/.test(digits) || !Number.isSafeInteger(value)) {
      throw new BencodeFault("not a whole number");
    }
    this.#at = stop + 1;
    return value;
  }

  /** Consumes the end of a list or dictionary when it stands here. */
  #isEnd(): boolean {
    if (this.#at >= this.#bytes.length) throw new BencodeFault("the end is missing");
    if (this.#bytes[this.#at] !== 0x65) return false;
    this.#at += 1;
    return true;
  }
}

function pairs(map: ReadonlyMap<string, Bencodable>): readonly Uint8Array[] {
  const keys = [...map.keys()].sort((left, right) => compareBytes(latin1(left), latin1(right)));
  return keys.flatMap((key) => {
    const value = map.get(key);
    return value === undefined ? [] : [encodeBencode(latin1(key)), encodeBencode(value)];
  });
}

function latin1(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, "latin1"));
}
