/**
 * One message of consensus, read in place: who says what about which ledger, and the signature.
 *
 * Range   Exactly what the SDK's strict decoder accepts.
 * Errors  `LEDGER_MALFORMED`.
 * Source  Stellar-SCP.x: SCPEnvelope, SCPStatement.
 */
import { AceError } from "../lib/errors.ts";
import { LEDGER_BYTES_MAX, walkXdr } from "./close-meta.ts";
import { skipScpEnvelope, skipScpStatement } from "./skip-reader.gen.ts";
import { viewOf } from "./spans.ts";

const WORD_BYTES = 4;
const LONG_BYTES = 8;
const HASH_BYTES = 32;

export interface ScpEnvelope {
  /** Ed25519 key of the validator. */
  readonly validator: Uint8Array;
  /** The ledger it is about. */
  readonly slot: bigint;
  readonly pledge: Pledge;
  /** XDR of the SCPStatement, which the signature covers. */
  readonly statement: Uint8Array;
  readonly signature: Uint8Array;
}

export type Pledge =
  | { readonly kind: "prepare" | "nominate"; readonly quorumSetHash: Uint8Array }
  | {
      readonly kind: "confirm";
      readonly quorumSetHash: Uint8Array;
      /** XDR of a StellarValue. */
      readonly value: Uint8Array;
      readonly nCommit: number;
      readonly nH: number;
    }
  | {
      readonly kind: "externalize";
      readonly quorumSetHash: Uint8Array;
      readonly value: Uint8Array;
    };

/** @param bytes XDR of one SCPEnvelope, nothing after it. */
export function readScpEnvelope(bytes: Uint8Array): ScpEnvelope {
  const view = viewOf(bytes);
  walkScp("SCPEnvelope", bytes, skipScpEnvelope);
  const statementEnd = skipScpStatement(view, 0);
  const signatureStart = statementEnd + WORD_BYTES;
  // The kind of the key comes first, and there is only one.
  const slotStart = WORD_BYTES + HASH_BYTES;
  return {
    validator: bytes.subarray(WORD_BYTES, slotStart),
    slot: view.getBigUint64(slotStart),
    pledge: readPledge(bytes, view, slotStart + LONG_BYTES),
    statement: bytes.subarray(0, statementEnd),
    signature: bytes.subarray(signatureStart, signatureStart + view.getUint32(statementEnd)),
  };
}

/** Runs a walk that must end where the bytes do. */
export function walkScp(what: string, bytes: Uint8Array, skip: Skip): void {
  const end = walkXdr(what, bytes, LEDGER_BYTES_MAX, (view) => skip(view, 0));
  if (end === bytes.length) return;
  const left = bytes.length - end;
  throw new AceError("LEDGER_MALFORMED", `${left} bytes are left over after a ${what}`);
}

/** Where the value ends that begins at `offset`. */
export type Skip = (view: DataView, offset: number) => number;

function readPledge(bytes: Uint8Array, view: DataView, offset: number): Pledge {
  const start = offset + WORD_BYTES;
  const hashAt = (at: number) => bytes.subarray(at, at + HASH_BYTES);
  switch (view.getInt32(offset)) {
    case 0:
      return { kind: "prepare", quorumSetHash: hashAt(start) };
    case 3:
      return { kind: "nominate", quorumSetHash: hashAt(start) };
    case 1: {
      const { value, end } = readBallot(bytes, view, start);
      const nCommit = view.getUint32(end + WORD_BYTES);
      const nH = view.getUint32(end + 2 * WORD_BYTES);
      const quorumSetHash = hashAt(end + 3 * WORD_BYTES);
      return { kind: "confirm", quorumSetHash, value, nCommit, nH };
    }
    default: {
      const { value, end } = readBallot(bytes, view, start);
      return { kind: "externalize", quorumSetHash: hashAt(end + WORD_BYTES), value };
    }
  }
}

/** A counter and a value. */
function readBallot(
  bytes: Uint8Array,
  view: DataView,
  offset: number,
): { readonly value: Uint8Array; readonly end: number } {
  const start = offset + 2 * WORD_BYTES;
  const length = view.getUint32(start - WORD_BYTES);
  const padded = Math.ceil(length / WORD_BYTES) * WORD_BYTES;
  return { value: bytes.subarray(start, start + length), end: start + padded };
}
