/** What the contract process does with each request: a ledger, a view, a look at the realm. */
import { verify as verifySignature } from "node:crypto";
import { encodeCbor } from "../lib/cbor.ts";
import { sha256Hex } from "../lib/hash.ts";
import type { Admission } from "./admit.ts";
import { fromByteText, toByteText } from "./byte-text.ts";
import { readOutcome, wholeReceipts } from "./outcome-frame.ts";
import { type FramePart, frameTypes } from "./process-frames.ts";
import type { ProcessSandbox, SandboxParts } from "./process-sandbox.ts";
import { rehearsalLedgers, rehearsalSource } from "./rehearsal.ts";
import { encodeScan } from "./wire.ts";

export interface AnswerParts {
  readonly openSandbox: (parts: SandboxParts) => ProcessSandbox;
  readonly admit: (source: string) => Admission;
  /** Asks the node, and waits. */
  readonly ask: (type: number, payload: Uint8Array) => Uint8Array;
  /** Tells the node. */
  readonly tell: (type: number, payload: Uint8Array) => void;
}

/** Beyond it a new sandbox is opened before the next request; code is admitted again when called. */
const HEAP_BYTES_MAX = 384 * 1024 * 1024;
const CALL_BYTES = 4;
/** What an Ed25519 public key looks like as SubjectPublicKeyInfo (RFC 8410), before its 32 bytes. */
const SPKI_PREFIX = Uint8Array.fromHex("302a300506032b6570032100");

/** Answers requests; undefined where none is awaited. */
export function answerer(parts: AnswerParts): (part: FramePart) => Uint8Array | undefined {
  const stage: Stage = { state: undefined };
  const open = (): ProcessSandbox => parts.openSandbox(sandboxParts(parts, stage));
  let current = open();
  const renew = (): void => {
    current.close();
    current = open();
  };
  const sandbox = (): ProcessSandbox => {
    if (current.heapBytes() > HEAP_BYTES_MAX) renew();
    return current;
  };
  return ({ type, payload }) => {
    switch (type) {
      case frameTypes.warm:
        // Never opens a sandbox: what the last ledger wrote, and this does not know, is in the old one.
        current.warm(textOf(payload));
        return undefined;
      case frameTypes.old:
        current.forgetKeys(textOf(payload));
        return undefined;
      case frameTypes.rehearse:
        for (let time = 0; time < ADMISSIONS; time += 1) parts.admit(rehearsalSource);
        rehearse(current, stage);
        return undefined;
      case frameTypes.fresh:
        sandbox().forget();
        current.warm(textOf(payload));
        return undefined;
      case frameTypes.apply:
      case frameTypes.applyOneByOne: {
        const isOneByOne = type === frameTypes.applyOneByOne;
        return wholeReceipts(sandbox().apply(toByteText(payload), isOneByOne));
      }
      case frameTypes.simulate:
        return wholeReceipts(current.simulate(toByteText(payload)));
      case frameTypes.view:
        return bytesOf(current.view(textOf(payload)));
      case frameTypes.drop:
        current.forget();
        return new Uint8Array();
      case frameTypes.renew:
        renew();
        return new Uint8Array();
      case frameTypes.audit:
        return encodeCbor(sandbox().audit());
      default:
        throw new Error(`unknown request ${type}`);
    }
  };
}

/** Of the rehearsal's source: as often as it takes until judging is quick. */
const ADMISSIONS = 24;

/** State of the rehearsal, while there is one. */
interface Stage {
  state: Map<string, string> | undefined;
}

function rehearse(sandbox: ProcessSandbox, stage: Stage): void {
  const state = new Map<string, string>();
  stage.state = state;
  for (const ledger of rehearsalLedgers()) {
    const told = wholeReceipts(sandbox.apply(toByteText(ledger), false));
    for (const { key, value } of readOutcome(told).writes) {
      state.set(toByteText(key), value === undefined ? "" : toByteText(value));
    }
  }
  sandbox.forget();
  stage.state = undefined;
}

function scanStage(state: ReadonlyMap<string, string>, prefix: string): string {
  const rows = [...state].filter(([key, value]) => key.startsWith(prefix) && value !== "");
  return JSON.stringify(rows.toSorted(([left], [right]) => (left < right ? -1 : 1)).flat());
}

function sandboxParts({ admit, ask, tell }: AnswerParts, stage: Stage): SandboxParts {
  return {
    admit,
    read: (key, call) => {
      if (stage.state !== undefined) return stage.state.get(key) ?? "";
      const question = Buffer.allocUnsafe(CALL_BYTES + key.length);
      question.writeUInt32BE(call, 0);
      question.write(key, CALL_BYTES, "latin1");
      return toByteText(ask(frameTypes.read, question));
    },
    scan: (prefix, after, limit) => {
      // One page holds all that a rehearsal writes.
      if (stage.state !== undefined) return scanStage(stage.state, prefix);
      return textOf(ask(frameTypes.scan, encodeScan({ prefix, after, limit })));
    },
    sha256: (bytes) => sha256Hex(fromByteText(bytes)),
    verify: (key, message, signature) => (isSigned(key, message, signature) ? "1" : ""),
    begin: (call) => {
      const place = Buffer.allocUnsafe(CALL_BYTES);
      place.writeUInt32BE(call, 0);
      tell(frameTypes.begin, place);
    },
  };
}

function isSigned(key: string, message: string, signature: string): boolean {
  const spki = Buffer.concat([SPKI_PREFIX, fromByteText(key)]);
  const publicKey = { key: spki, format: "der", type: "spki" } as const;
  try {
    return verifySignature(null, fromByteText(message), publicKey, fromByteText(signature));
  } catch {
    // Bytes that are no point of the curve signed nothing.
    return false;
  }
}

function textOf(payload: Uint8Array): string {
  return Buffer.from(payload.buffer, payload.byteOffset, payload.length).toString();
}

function bytesOf(byteText: string): Buffer {
  return Buffer.from(byteText, "latin1");
}
