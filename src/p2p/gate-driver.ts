/** Drives the gate of one wire: gives it the clock, fetches tokens and carries out its actions. */
import { AceError, type ErrorCode } from "../lib/errors.ts";
import type { PayloadSink } from "./access-port.ts";
import type { Bencoded } from "./bencode.ts";
import {
  type GateAction,
  type GateInput,
  type GateState,
  type GateTerms,
  type Grant,
  isAdmitted,
  startGate,
  stepGate,
} from "./gate.ts";
import { readGateMessage } from "./gate-message.ts";
import { GATE_MESSAGES_PER_MINUTE } from "./limits.ts";
import type { VerifyBudget } from "./verify-budget.ts";

/** Where a viewer's own tokens come from. Rejects with what the viewer should be told. */
export interface TokenSource {
  token(aud: string, signal: AbortSignal): Promise<string>;
}

export interface GateEvents {
  send(bytes: Uint8Array): void;
  onAdmitted(grant: Grant): void;
  /** The peer serves us from now on. */
  onOpened(): void;
  onDenied(code: string): void;
  onTokenFault(error: AceError): void;
  close(code: ErrorCode): void;
}

export interface GateDriverOptions {
  readonly terms: GateTerms;
  readonly tokens: TokenSource | undefined;
  readonly events: GateEvents;
  /** Address of the peer, without its port: what its signatures are counted by. */
  readonly host: string;
  readonly budget: VerifyBudget;
  readonly usage: PayloadSink | undefined;
  /** Payload that went to the peer so far. */
  readonly sentBytes: () => number;
  readonly nowS: () => number;
  readonly signal: AbortSignal;
}

export class GateDriver {
  readonly #options: GateDriverOptions;
  readonly #terms: GateTerms;
  readonly #events: GateEvents;
  /** Messages that wait until their signature may be checked, the first of them asked for. */
  readonly #waiting: Uint8Array[] = [];
  #state: GateState;
  #isAsking = false;
  #countedBytes = 0;

  constructor(options: GateDriverOptions) {
    this.#options = options;
    this.#terms = options.terms;
    this.#events = options.events;
    this.#state = startGate(options.nowS());
  }

  /** Whether the peer may have bytes at this very moment. */
  get isAdmitted(): boolean {
    return isAdmitted(this.#state, this.#options.nowS());
  }

  /** Whom the token names, and until when; undefined before there was one. */
  get grant(): Grant | undefined {
    return this.#state.grant;
  }

  /** The key the peer proved, in hexadecimal. */
  get provenKey(): string | undefined {
    return this.#state.isProven ? this.#state.peer?.key.toHex() : undefined;
  }

  hello(fields: ReadonlyMap<string, Bencoded>): void {
    this.#step({ kind: "hello", fields });
  }

  message(bytes: Uint8Array): void {
    if (this.#waiting.length >= GATE_MESSAGES_PER_MINUTE) {
      this.#step({ kind: "refuse", code: "RATE_LIMITED" });
      return;
    }
    this.#waiting.push(bytes);
    if (this.#waiting.length === 1) this.#takeFirst();
  }

  tick(): void {
    this.#step({ kind: "tick" });
  }

  /** Counts what was sent since the last time by the token that it was sent under. */
  settle(): void {
    const { usage, sentBytes } = this.#options;
    const { grant, isPeerServer } = this.#state;
    if (usage === undefined || grant === undefined || isPeerServer === true) return;
    const bytes = sentBytes() - this.#countedBytes;
    if (bytes <= 0) return;
    this.#countedBytes += bytes;
    usage.onPayload({ grant, aud: this.#terms.aud, bytes });
  }

  #takeFirst(): void {
    const [bytes] = this.#waiting;
    if (bytes === undefined || this.#state.closed !== undefined) return;
    const take = () => {
      this.#waiting.shift();
      this.#step({ kind: "message", bytes });
      this.#takeFirst();
    };
    const { budget, host } = this.#options;
    if (!hasSignature(bytes)) take();
    else if (!budget.ask(host, take)) this.#step({ kind: "refuse", code: "RATE_LIMITED" });
  }

  #step(input: GateInput): void {
    // A renewal names another token from here on, and the end of a grant none.
    this.settle();
    const { state, actions } = stepGate(this.#terms, this.#state, input, this.#options.nowS());
    this.#state = state;
    for (const action of actions) this.#act(action);
  }

  #act(action: GateAction): void {
    switch (action.kind) {
      case "send":
        this.#events.send(action.bytes);
        return;
      case "ask-token":
        void this.#ask();
        return;
      case "admit":
        this.#events.onAdmitted(action.grant);
        return;
      case "opened":
        this.#events.onOpened();
        return;
      case "denied":
        this.#events.onDenied(action.code);
        return;
      case "close":
        this.#events.close(action.code);
        return;
    }
  }

  async #ask(): Promise<void> {
    const { tokens, signal } = this.#options;
    if (this.#isAsking || tokens === undefined) return;
    this.#isAsking = true;
    try {
      const token = await tokens.token(this.#terms.aud, signal);
      this.#step({ kind: "token", token });
    } catch (error) {
      if (!signal.aborted) this.#events.onTokenFault(asAceError(error));
    } finally {
      this.#isAsking = false;
    }
  }
}

function hasSignature(bytes: Uint8Array): boolean {
  const kind = readGateMessage(bytes)?.kind;
  return kind === "prove" || kind === "admit";
}

function asAceError(error: unknown): AceError {
  if (error instanceof AceError) return error;
  return new AceError("NODE_UNREACHABLE", "no token could be fetched", { cause: error });
}
