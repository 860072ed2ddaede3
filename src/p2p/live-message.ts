/**
 * Messages of the extension `ace_live`: a byte that says which, and its body.
 *
 * Range   At most `LIVE_MESSAGE_MAX_BYTES`.
 * Source  docs/spec/live.md.
 */
import { concatBytes, uint32Bytes } from "../lib/bytes.ts";
import { LIVE_JOIN_HEADS } from "./limits.ts";

export type LiveMessage =
  /** Heads and their signature. */
  | { readonly kind: "heads"; readonly batch: Uint8Array }
  /** Two batches in which the broadcaster says two things of one piece. */
  | { readonly kind: "proof"; readonly batches: readonly [Uint8Array, Uint8Array] }
  /** Where the origin holds pieces, and a signature. */
  | { readonly kind: "run"; readonly run: Uint8Array }
  /** A question for heads of pieces before `seq`. */
  | { readonly kind: "older"; readonly seq: number; readonly count: number };

export const LIVE_EXTENSION = "ace_live";

const HEADS = 1;
const PROOF = 2;
const OLDER = 3;
const RUN = 4;
const OLDER_BYTES = 6;

export function liveMessageBytes(message: LiveMessage): Uint8Array {
  switch (message.kind) {
    case "heads":
      return concatBytes(Uint8Array.of(HEADS), message.batch);
    case "proof": {
      const [first, second] = message.batches;
      const length = Uint8Array.of(first.length >> 8, first.length & 0xff);
      return concatBytes(Uint8Array.of(PROOF), length, first, second);
    }
    case "run":
      return concatBytes(Uint8Array.of(RUN), message.run);
    case "older": {
      const count = Uint8Array.of(message.count >> 8, message.count & 0xff);
      return concatBytes(Uint8Array.of(OLDER), uint32Bytes(message.seq), count);
    }
  }
}

export function readLiveMessage(bytes: Uint8Array): LiveMessage | undefined {
  const body = bytes.subarray(1);
  switch (bytes[0]) {
    case HEADS:
      return { kind: "heads", batch: body };
    case PROOF:
      return readProof(body);
    case RUN:
      return { kind: "run", run: body };
    case OLDER:
      return readOlder(body);
    default:
      return undefined;
  }
}

function readProof(body: Uint8Array): LiveMessage | undefined {
  if (body.length < 2) return undefined;
  const end = 2 + (((body[0] ?? 0) << 8) | (body[1] ?? 0));
  if (end >= body.length) return undefined;
  return { kind: "proof", batches: [body.subarray(2, end), body.subarray(end)] };
}

function readOlder(body: Uint8Array): LiveMessage | undefined {
  if (body.length !== OLDER_BYTES) return undefined;
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const count = view.getUint16(4);
  if (count < 1 || count > LIVE_JOIN_HEADS) return undefined;
  return { kind: "older", seq: view.getUint32(0), count };
}
