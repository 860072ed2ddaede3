/**
 * Canonical CBOR: the one encoding of everything that is hashed, stored or put on the ledger.
 *
 * Range   null, booleans, integers (always `bigint`), text, byte strings, arrays, and maps with
 *         text keys; nested at most `CBOR_DEPTH_MAX`. No floats, no undefined, no other tags.
 * Errors  `CBOR_INVALID` for bytes that are not the canonical form of such a value.
 * Source  RFC 8949 section 4.2.1 (core deterministic encoding); tags 2 and 3 (section 3.4.3), used
 *         only for integers outside 64 bits.
 */
import { decode, encode, rfc8949EncodeOptions, Token, Tokenizer, Type } from "cborg";
import { compareBytes } from "./bytes.ts";
import { AceError } from "./errors.ts";

export type CborValue =
  | null
  | boolean
  | bigint
  | string
  | Uint8Array
  | readonly CborValue[]
  | ReadonlyMap<string, CborValue>;

const CBOR_DEPTH_MAX = 32;

const UINT64_MAX = 2n ** 64n - 1n;
const TAG_POSITIVE = 2;
const TAG_NEGATIVE = 3;

const utf8 = new TextDecoder("utf-8", { ignoreBOM: true, fatal: true });

export function encodeCbor(value: CborValue): Uint8Array {
  return encode(value, {
    ...rfc8949EncodeOptions,
    typeEncoders: {
      bigint: (integer: bigint) => bigintTokens(integer),
      number: () => {
        throw new AceError("CBOR_INVALID", "a number is not storable; integers are bigint");
      },
    },
  });
}

export function decodeCbor(bytes: Uint8Array): CborValue {
  const value = normalize(decodeLoosely(bytes), 0);
  if (compareBytes(encodeCbor(value), bytes) !== 0) {
    throw new AceError("CBOR_INVALID", "the CBOR is not in canonical form");
  }
  return value;
}

/** Reads text byte for byte: the library's own reader drops a byte order mark at the start. */
class ExactText extends Tokenizer {
  override next(): Token {
    const token = super.next();
    if (token.byteValue === undefined) return token;
    return new Token(Type.string, utf8.decode(token.byteValue), token.encodedLength);
  }
}

function bigintTokens(integer: bigint): Token[] {
  const magnitude = integer < 0n ? -1n - integer : integer;
  if (magnitude <= UINT64_MAX) {
    return [integer < 0n ? new Token(Type.negint, integer) : new Token(Type.uint, integer)];
  }
  const hex = magnitude.toString(16);
  const bytes = Uint8Array.fromHex(hex.length % 2 === 0 ? hex : `0${hex}`);
  const tag = integer < 0n ? TAG_NEGATIVE : TAG_POSITIVE;
  return [new Token(Type.tag, tag), new Token(Type.bytes, bytes)];
}

function decodeLoosely(bytes: Uint8Array): unknown {
  const magnitude = (read: () => unknown): bigint => {
    const content = read();
    if (!(content instanceof Uint8Array)) throw new TypeError("a bignum holds bytes");
    return content.length === 0 ? 0n : BigInt(`0x${content.toHex()}`);
  };
  const options = {
    strict: true,
    allowBigInt: true,
    allowIndefinite: false,
    allowUndefined: false,
    retainStringBytes: true,
  };
  try {
    return decode(bytes, {
      ...options,
      tokenizer: new ExactText(bytes, options),
      useMaps: true,
      rejectDuplicateMapKeys: true,
      tags: {
        [TAG_POSITIVE]: (read) => magnitude(read),
        [TAG_NEGATIVE]: (read) => -1n - magnitude(read),
      },
    });
  } catch (cause) {
    throw new AceError("CBOR_INVALID", "these bytes are not CBOR", { cause });
  }
}

function normalize(value: unknown, depth: number): CborValue {
  if (depth > CBOR_DEPTH_MAX) throw new AceError("CBOR_INVALID", "the CBOR is nested too deeply");
  if (value === null || typeof value === "boolean" || typeof value === "bigint") return value;
  if (typeof value === "string") return value;
  if (typeof value === "number" && Number.isSafeInteger(value)) return BigInt(value);
  if (value instanceof Uint8Array) return Uint8Array.from(value);
  if (Array.isArray(value)) return value.map((item) => normalize(item, depth + 1));
  if (value instanceof Map) return normalizeMap(value, depth);
  throw new AceError("CBOR_INVALID", "the CBOR holds a value of an unknown kind");
}

function normalizeMap(map: Map<unknown, unknown>, depth: number): ReadonlyMap<string, CborValue> {
  const entries = [...map].map(([key, item]): [string, CborValue] => {
    if (typeof key !== "string") throw new AceError("CBOR_INVALID", "a map key is not text");
    return [key, normalize(item, depth + 1)];
  });
  return new Map(entries);
}
