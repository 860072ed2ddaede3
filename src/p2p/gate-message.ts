/**
 * The gate's messages and its transcript: the bytes that both ends of a wire must agree on.
 *
 * Units   `expiresAtS` is Unix seconds. Keys and nonces are 32 bytes, signatures 64.
 * Range   A message is a canonical bencoded dictionary of at most `GATE_MESSAGE_MAX_BYTES`.
 * Errors  `readGateMessage` and `readHello` answer undefined for anything else.
 * Source  BEP 10 for the extension handshake; `ace_gate` version 1 is this project's own and
 *         test/vectors/p2p/gate.json holds examples.
 */
import { concatBytes } from "../lib/bytes.ts";
import { KEY_BYTES, SIGNATURE_BYTES } from "../lib/ed25519.ts";
import { type Bencoded, decodeBencode, encodeBencode, isCanonical } from "./bencode.ts";
import { GATE_MESSAGE_MAX_BYTES, TOKEN_MAX_BYTES } from "./limits.ts";

/** `I` dialled, `A` accepted. */
export type GateRole = "I" | "A";

/** What one end shows of itself in the extension handshake. */
export interface GateFace {
  readonly key: Uint8Array;
  readonly nonce: Uint8Array;
}

export interface Hello extends GateFace {
  readonly gatesUploads: boolean;
  readonly holdsToken: boolean;
}

export type GateMessage =
  | { readonly kind: "prove"; readonly signature: Uint8Array }
  | { readonly kind: "admit"; readonly token: string }
  | { readonly kind: "open"; readonly expiresAtS: number }
  | { readonly kind: "deny"; readonly code: string };

export const GATE_EXTENSION = "ace_gate";
/** The field of the extension handshake that holds the key. */
export const GATE_KEY_FIELD = "ace_gate_k";
const GATE_VERSION = 1;
export const NONCE_BYTES = 32;

/** The name of what is signed, and the role of who signs. */
const TAG_OF = {
  I: new TextEncoder().encode("ace-gate-v1I"),
  A: new TextEncoder().encode("ace-gate-v1A"),
} as const;
const GATES_UPLOADS = 1;
const HOLDS_TOKEN = 2;
const END_OF_DICTIONARY = 0x65;
const PLAIN_HEAD_BYTES = 16;
const PLAIN_PROVE = "d1:m1:p1:s64:";
const PLAIN_ADMIT = /^d1:m1:a1:t([1-9][0-9]{0,3}):/;
const VISIBLE = /^[\x21-\x7e]*$/;
const CODE = /^[A-Z][A-Z_]{0,31}$/;

/** What the end with role `signer` signs. The role keeps a mirror from returning our own proof. */
export function transcript(
  signer: GateRole,
  wire: {
    readonly infohash: Uint8Array;
    readonly initiator: GateFace;
    readonly acceptor: GateFace;
  },
): Uint8Array {
  const { infohash, initiator, acceptor } = wire;
  const faces = [initiator.key, acceptor.key, initiator.nonce, acceptor.nonce];
  return concatBytes(TAG_OF[signer], infohash, ...faces);
}

/** The fields we add to our extension handshake. */
export function helloFields(hello: Hello): Readonly<Record<string, Uint8Array | number>> {
  const flags = (hello.gatesUploads ? GATES_UPLOADS : 0) | (hello.holdsToken ? HOLDS_TOKEN : 0);
  return {
    ace_gate_v: GATE_VERSION,
    [GATE_KEY_FIELD]: hello.key,
    ace_gate_n: hello.nonce,
    ace_gate_f: flags,
  };
}

export function readHello(fields: ReadonlyMap<string, Bencoded>): Hello | undefined {
  const key = fields.get(GATE_KEY_FIELD);
  const nonce = fields.get("ace_gate_n");
  const flags = fields.get("ace_gate_f");
  if (fields.get("ace_gate_v") !== GATE_VERSION || typeof flags !== "number") return undefined;
  if (!isBytes(key, KEY_BYTES) || !isBytes(nonce, NONCE_BYTES)) return undefined;
  return {
    key: Uint8Array.from(key),
    nonce: Uint8Array.from(nonce),
    gatesUploads: (flags & GATES_UPLOADS) !== 0,
    holdsToken: (flags & HOLDS_TOKEN) !== 0,
  };
}

export function gateMessageBytes(message: GateMessage): Uint8Array {
  switch (message.kind) {
    case "prove":
      return dictionary({ m: "p", s: message.signature });
    case "admit":
      return dictionary({ m: "a", t: message.token });
    case "open":
      return Buffer.from(`d1:ci0e1:ei${Math.floor(message.expiresAtS)}e1:m1:o1:ri0ee`, "latin1");
    case "deny":
      return dictionary({ m: "d", c: message.code, w: 0 });
  }
}

export function readGateMessage(bytes: Uint8Array): GateMessage | undefined {
  return readPlain(bytes) ?? readAny(bytes);
}

/**
 * The two messages that cost a signature, as everybody writes them: read in a few steps, because a crowd
 * that comes at once sends nothing else. Whatever is not exactly that is read with care.
 */
function readPlain(bytes: Uint8Array): GateMessage | undefined {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length > GATE_MESSAGE_MAX_BYTES || bytes.at(-1) !== END_OF_DICTIONARY) return undefined;
  const head = text.toString("latin1", 0, PLAIN_HEAD_BYTES);
  if (head.startsWith(PLAIN_PROVE)) {
    return readProve(bytes.slice(PLAIN_PROVE.length, -1));
  }
  const length = PLAIN_ADMIT.exec(head);
  const start = length?.[0].length ?? 0;
  if (length === null || Number(length[1]) !== bytes.length - start - 1) return undefined;
  return readAdmit(bytes.subarray(start, -1));
}

function readAny(bytes: Uint8Array): GateMessage | undefined {
  const value = decodeBencode(bytes, GATE_MESSAGE_MAX_BYTES);
  if (!(value instanceof Map) || !isCanonical(value, bytes)) return undefined;
  switch (text(value.get("m"))) {
    case "p":
      return readProve(value.get("s"));
    case "a":
      return readAdmit(value.get("t"));
    case "o":
      return readOpen(value.get("e"));
    case "d":
      return readDeny(value.get("c"));
    default:
      return undefined;
  }
}

function readProve(signature: Bencoded | undefined): GateMessage | undefined {
  if (!isBytes(signature, SIGNATURE_BYTES)) return undefined;
  return { kind: "prove", signature: Uint8Array.from(signature) };
}

function readAdmit(value: Bencoded | undefined): GateMessage | undefined {
  const token = text(value);
  if (token === undefined || token === "" || token.length > TOKEN_MAX_BYTES) return undefined;
  return { kind: "admit", token };
}

function readOpen(expiresAtS: Bencoded | undefined): GateMessage | undefined {
  if (typeof expiresAtS !== "number" || expiresAtS < 0) return undefined;
  return { kind: "open", expiresAtS };
}

function readDeny(value: Bencoded | undefined): GateMessage | undefined {
  const code = text(value);
  return code !== undefined && CODE.test(code) ? { kind: "deny", code } : undefined;
}

function dictionary(fields: Readonly<Record<string, string | number | Uint8Array>>): Uint8Array {
  return encodeBencode(new Map(Object.entries(fields)));
}

function isBytes(value: Bencoded | undefined, length: number): value is Uint8Array {
  return value instanceof Uint8Array && value.length === length;
}

/** ASCII text, which is all that codes and tokens are made of. */
function text(value: Bencoded | undefined): string | undefined {
  if (!(value instanceof Uint8Array)) return undefined;
  const read = Buffer.from(value.buffer, value.byteOffset, value.length).toString("latin1");
  return VISIBLE.test(read) ? read : undefined;
}
