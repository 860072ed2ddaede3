/** Drives the gate of one wire: gives it the clock, fetches tokens and carries out its actions. */
import { AceError, type ErrorCode } from "../lib/errors.ts";
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

export class GateDriver {
  readonly #terms: GateTerms;
  readonly #tokens: TokenSource | undefined;
  readonly #events: GateEvents;
  readonly #nowS: () => number;
  readonly #signal: AbortSignal;
  #state: GateState;
  #isAsking = false;

  constructor(options: {
    readonly terms: GateTerms;
    readonly tokens: TokenSource | undefined;
    readonly events: GateEvents;
    readonly nowS: () => number;
    readonly signal: AbortSignal;
  }) {
    this.#terms = options.terms;
    this.#tokens = options.tokens;
    this.#events = options.events;
    this.#nowS = options.nowS;
    this.#signal = options.signal;
    this.#state = startGate(options.nowS());
  }

  /** Whether the peer may have bytes at this very moment. */
  get isAdmitted(): boolean {
    return isAdmitted(this.#state, this.#nowS());
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
    this.#step({ kind: "message", bytes });
  }

  tick(): void {
    this.#step({ kind: "tick" });
  }

  #step(input: GateInput): void {
    const { state, actions } = stepGate(this.#terms, this.#state, input, this.#nowS());
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
    if (this.#isAsking || this.#tokens === undefined) return;
    this.#isAsking = true;
    try {
      const token = await this.#tokens.token(this.#terms.aud, this.#signal);
      this.#step({ kind: "token", token });
    } catch (error) {
      if (!this.#signal.aborted) this.#events.onTokenFault(asAceError(error));
    } finally {
      this.#isAsking = false;
    }
  }
}

function asAceError(error: unknown): AceError {
  if (error instanceof AceError) return error;
  return new AceError("NODE_UNREACHABLE", "no token could be fetched", { cause: error });
}
