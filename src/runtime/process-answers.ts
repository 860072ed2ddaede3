/** What the contract process does with each request: a ledger, a view, a look at the realm. */
import { encodeCbor } from "../lib/cbor.ts";
import { fromByteText, toByteText } from "./byte-text.ts";
import { executeLedger, type Machine } from "./execute-ledger.ts";
import { executeView } from "./execute-view.ts";
import type { Ground, Row } from "./overlay.ts";
import { type FramePart, frameTypes } from "./process-frames.ts";
import type { ProcessSandbox } from "./process-sandbox.ts";
import {
  decodeApply,
  decodeRows,
  decodeView,
  encodeOutcome,
  encodeScan,
  encodeViewResult,
} from "./wire.ts";

/** A sandbox with the code that is known in it. */
export type ProcessMachine = Machine & { readonly sandbox: ProcessSandbox };

export interface AnswerParts {
  readonly openMachine: () => ProcessMachine;
  /** Asks the node, which answers from committed state. */
  readonly ask: (type: number, payload: Uint8Array) => Uint8Array;
}

/** Committed state as seen from here: keys asked for once stay known until the node says `drop`. */
class KnownState implements Ground {
  readonly #ask: AnswerParts["ask"];
  #known = new Map<string, string | undefined>();
  #bytes = 0;

  constructor(ask: AnswerParts["ask"]) {
    this.#ask = ask;
  }

  get(key: string): string | undefined {
    if (this.#known.has(key)) return this.#known.get(key);
    const answer = toByteText(this.#ask(frameTypes.read, fromByteText(key)));
    const value = answer === "" ? undefined : answer;
    this.learn(key, value);
    return value;
  }

  scan(prefix: string, after: string, limit: number): readonly Row[] {
    return decodeRows(this.#ask(frameTypes.scan, encodeScan(prefix, after, limit)));
  }

  learn(key: string, value: string | undefined): void {
    this.#bytes += key.length + (value?.length ?? 0) + ENTRY_BYTES;
    this.#known.set(key, value);
  }

  /** Called between ledgers: within one, what is known must not go. */
  trim(): void {
    if (this.#bytes > KNOWN_BYTES_MAX) this.forget();
  }

  forget(): void {
    this.#known = new Map();
    this.#bytes = 0;
  }
}

const KNOWN_BYTES_MAX = 64 * 1024 * 1024;
const ENTRY_BYTES = 64;
/** Beyond it a new sandbox is opened before the next request; code is admitted again when called. */
const HEAP_BYTES_MAX = 192 * 1024 * 1024;

export function answerer({ openMachine, ask }: AnswerParts): (part: FramePart) => Uint8Array {
  const state = new KnownState(ask);
  let current = openMachine();
  const machine = (): ProcessMachine => {
    if (current.sandbox.heapBytes() > HEAP_BYTES_MAX) {
      current.sandbox.close();
      current = openMachine();
    }
    return current;
  };
  return ({ type, payload }) => {
    switch (type) {
      case frameTypes.apply: {
        state.trim();
        const outcome = executeLedger(state, decodeApply(payload), machine());
        for (const [key, value] of outcome.writes) state.learn(key, value);
        return encodeOutcome(outcome);
      }
      // Readers begin with nothing known: the last question may have been about another ledger.
      case frameTypes.simulate:
        state.forget();
        return encodeOutcome(executeLedger(state, decodeApply(payload), machine()));
      case frameTypes.view:
        state.forget();
        return encodeViewResult(executeView(state, decodeView(payload), machine()));
      case frameTypes.drop:
        state.forget();
        return new Uint8Array();
      case frameTypes.audit:
        return encodeCbor(machine().sandbox.audit());
      default:
        throw new Error(`unknown request ${type}`);
    }
  };
}
