/**
 * The gate: decides, for one wire, whether the peer at its other end may have our bytes.
 *
 * Both ends prove a key over a transcript with both keys and fresh nonces of both; then a viewer
 * shows a token bound to the key it proved. A state and an input go in, a state and actions come
 * out: nothing here reads a clock, sends a byte or remembers another wire.
 *
 * Units   `nowS` and `expiresAtS` are Unix seconds.
 * Errors  Refusals are values: the code of the `close` action, sent to the peer as `deny`.
 * Source  RFC 7800 (a token bound to a key); the messages are in gate-message.ts.
 */
import { toHex } from "../lib/bytes.ts";
import type { ErrorCode } from "../lib/errors.ts";
import type { Bencoded } from "./bencode.ts";
import { type DeviceKey, isSignedBy } from "./ed25519.ts";
import {
  type GateMessage,
  type GateRole,
  gateMessageBytes,
  type Hello,
  readGateMessage,
  readHello,
  transcript,
} from "./gate-message.ts";
import { GATE_MESSAGES_PER_MINUTE, GATE_OPEN_S, GATE_PROOF_S } from "./limits.ts";

type Verified =
  | {
      readonly ok: true;
      /** The key that the token is bound to, 64 hexadecimal characters. */
      readonly deviceKey: string;
      readonly account: string;
      readonly expiresAtS: number;
    }
  | { readonly ok: false; readonly code: ErrorCode };

/** Judges tokens offline. What they mean is not this room's business. */
export interface TokenVerifier {
  verify(token: string, want: { readonly aud: string; readonly nowS: number }): Verified;
}

/** What never changes during one wire. */
export interface GateTerms {
  readonly role: GateRole;
  readonly infohash: Uint8Array;
  /** Name of the swarm, as a token's audience says it. */
  readonly aud: string;
  readonly key: DeviceKey;
  readonly nonce: Uint8Array;
  /** Without one nobody is admitted. */
  readonly verifier?: TokenVerifier;
  /** Present when we hold a right to this content ourselves. */
  readonly download?: {
    /** Keys of the nodes that the content record lists, in hexadecimal. */
    readonly serverKeys: ReadonlySet<string>;
    /** Also show our token to other viewers, so that both can share what they have. */
    readonly sharing: boolean;
  };
}

/** Whom we admitted, and until when. */
export interface Grant {
  readonly account: string;
  readonly expiresAtS: number;
}

export interface GateState {
  readonly startedS: number;
  readonly peer?: Hello;
  /** The peer proved the key it showed. */
  readonly isProven: boolean;
  readonly tokenSent: boolean;
  readonly grant?: Grant;
  /** Until when the peer serves us, as it says. */
  readonly openedUntilS?: number;
  /** When to ask for a token, first or newer. */
  readonly askAtS?: number;
  readonly closed?: ErrorCode;
  readonly window: { readonly startS: number; readonly messages: number };
}

export type GateInput =
  | { readonly kind: "hello"; readonly fields: ReadonlyMap<string, Bencoded> }
  | { readonly kind: "message"; readonly bytes: Uint8Array }
  | { readonly kind: "token"; readonly token: string }
  | { readonly kind: "tick" };

export type GateAction =
  | { readonly kind: "send"; readonly bytes: Uint8Array }
  | { readonly kind: "ask-token" }
  | { readonly kind: "admit"; readonly grant: Grant }
  | { readonly kind: "opened" }
  | { readonly kind: "denied"; readonly code: string }
  | { readonly kind: "close"; readonly code: ErrorCode };

export interface GateStep {
  readonly state: GateState;
  readonly actions: readonly GateAction[];
}

const RENEWAL_LEAD_S = 60;
const RENEWAL_SHARE = 0.2;
const ASK_AGAIN_S = 5;

export function startGate(nowS: number): GateState {
  const window = { startS: nowS, messages: 0 };
  return { startedS: nowS, isProven: false, tokenSent: false, window };
}

/** True while the peer may have our bytes. Asked for every block, so a late timer leaks nothing. */
export function isAdmitted(state: GateState, nowS: number): boolean {
  return state.closed === undefined && state.grant !== undefined && nowS < state.grant.expiresAtS;
}

export function stepGate(
  terms: GateTerms,
  state: GateState,
  input: GateInput,
  nowS: number,
): GateStep {
  if (state.closed !== undefined) return { state, actions: [] };
  switch (input.kind) {
    case "hello":
      return onHello(terms, state, input.fields, nowS);
    case "message":
      return onMessage(terms, state, input.bytes, nowS);
    case "token":
      return onToken(terms, state, input.token);
    case "tick":
      return onTick(state, nowS);
  }
}

function onHello(
  terms: GateTerms,
  state: GateState,
  fields: ReadonlyMap<string, Bencoded>,
  nowS: number,
): GateStep {
  // Only the first handshake counts: a second one could swap the key after its proof.
  if (state.peer !== undefined) return close(state, "GATE_ORDER");
  const peer = readHello(fields);
  if (peer === undefined) return close(state, "GATE_REQUIRED");
  if (toHex(peer.key) === toHex(terms.key.publicKey)) return close(state, "GATE_SELF");
  const signature = terms.key.sign(transcript(terms.role, wireOf(terms, peer)));
  return {
    state: { ...state, peer, startedS: Math.max(state.startedS, nowS) },
    actions: [send({ kind: "prove", signature })],
  };
}

function onMessage(terms: GateTerms, state: GateState, bytes: Uint8Array, nowS: number): GateStep {
  const isNewWindow = nowS - state.window.startS >= 60;
  const messages = isNewWindow ? 1 : state.window.messages + 1;
  if (messages > GATE_MESSAGES_PER_MINUTE) return close(state, "RATE_LIMITED");
  const window = { startS: isNewWindow ? nowS : state.window.startS, messages };
  const counted = { ...state, window };
  const message = readGateMessage(bytes);
  if (message === undefined) return close(counted, "GATE_MALFORMED");
  switch (message.kind) {
    case "prove":
      return onProve(terms, counted, message.signature, nowS);
    case "admit":
      return onAdmit(terms, counted, message.token, nowS);
    case "open":
      return onOpen(counted, message.expiresAtS, nowS);
    case "deny":
      return onDeny(terms, counted, message.code);
  }
}

function onProve(
  terms: GateTerms,
  state: GateState,
  signature: Uint8Array,
  nowS: number,
): GateStep {
  const { peer } = state;
  if (peer === undefined || state.isProven) return close(state, "GATE_ORDER");
  const theirRole = terms.role === "I" ? "A" : "I";
  const message = transcript(theirRole, wireOf(terms, peer));
  if (!isSignedBy(peer.key, message, signature)) return close(state, "GATE_PROOF_BAD");
  return considerAsking(terms, { ...state, isProven: true }, peer, nowS);
}

/** Asks for our own token once the peer is one that may see it. */
function considerAsking(terms: GateTerms, state: GateState, peer: Hello, nowS: number): GateStep {
  const { download } = terms;
  if (download === undefined || !peer.gatesUploads) return { state, actions: [] };
  const isServer = download.serverKeys.has(toHex(peer.key));
  // Between viewers the one who dialled shows first, or both would wait for ever.
  const isTrustedViewer = peer.holdsToken && (state.grant !== undefined || terms.role === "I");
  if (isServer || (download.sharing && isTrustedViewer)) {
    const asking = { ...state, askAtS: nowS + ASK_AGAIN_S };
    return { state: asking, actions: [{ kind: "ask-token" }] };
  }
  // A node without a right of its own that is not listed has no business serving this content.
  if (!peer.holdsToken) return close(state, "SERVER_UNKNOWN");
  return { state, actions: [] };
}

function onAdmit(terms: GateTerms, state: GateState, token: string, nowS: number): GateStep {
  const { peer, grant } = state;
  if (peer === undefined || !state.isProven) return close(state, "GATE_ORDER");
  if (terms.verifier === undefined) return close(state, "GATE_REQUIRED");
  const verified = terms.verifier.verify(token, { aud: terms.aud, nowS: Math.floor(nowS) });
  if (!verified.ok) return close(state, verified.code);
  if (verified.deviceKey !== toHex(peer.key)) return close(state, "TOKEN_NOT_YOURS");
  if (grant !== undefined && grant.account !== verified.account) {
    return close(state, "TOKEN_NOT_YOURS");
  }
  const expiresAtS = Math.max(verified.expiresAtS, grant?.expiresAtS ?? 0);
  if (expiresAtS <= nowS) return close(state, "TOKEN_EXPIRED");
  const renewed = { account: verified.account, expiresAtS };
  const admitted = { ...state, grant: renewed };
  const actions = [send({ kind: "open", expiresAtS }), { kind: "admit", grant: renewed } as const];
  if (state.tokenSent || state.askAtS !== undefined) return { state: admitted, actions };
  const next = considerAsking(terms, admitted, peer, nowS);
  return { state: next.state, actions: [...actions, ...next.actions] };
}

function onOpen(state: GateState, expiresAtS: number, nowS: number): GateStep {
  if (!state.tokenSent) return close(state, "GATE_ORDER");
  const lifeS = Math.max(0, expiresAtS - nowS);
  const askAtS = expiresAtS - Math.min(RENEWAL_LEAD_S, lifeS * RENEWAL_SHARE);
  return {
    state: { ...state, openedUntilS: expiresAtS, askAtS: Math.max(askAtS, nowS + 1) },
    actions: [{ kind: "opened" }],
  };
}

/** Only a listed node that was shown our token can say what is wrong with it: anybody can say no. */
function onDeny({ download }: GateTerms, state: GateState, code: string): GateStep {
  const key = state.isProven && state.tokenSent ? state.peer?.key : undefined;
  const isServer = key !== undefined && download?.serverKeys.has(toHex(key)) === true;
  return { state, actions: isServer ? [{ kind: "denied", code }] : [] };
}

function onToken(terms: GateTerms, state: GateState, token: string): GateStep {
  if (!state.isProven || terms.download === undefined) return { state, actions: [] };
  return { state: { ...state, tokenSent: true }, actions: [send({ kind: "admit", token })] };
}

function onTick(state: GateState, nowS: number): GateStep {
  const { grant, openedUntilS, askAtS } = state;
  if (grant !== undefined && nowS >= grant.expiresAtS) return close(state, "TOKEN_EXPIRED");
  const waitedS = nowS - state.startedS;
  const isUseful = grant !== undefined || (openedUntilS !== undefined && nowS < openedUntilS);
  if (!isUseful && waitedS >= GATE_OPEN_S) return close(state, "GATE_TIMEOUT");
  if (state.peer !== undefined && !state.isProven && waitedS >= GATE_PROOF_S) {
    return close(state, "GATE_TIMEOUT");
  }
  if (askAtS === undefined || nowS < askAtS) return { state, actions: [] };
  return {
    state: { ...state, askAtS: nowS + ASK_AGAIN_S },
    actions: [{ kind: "ask-token" }],
  };
}

function close(state: GateState, code: ErrorCode): GateStep {
  const { grant: _gone, ...rest } = state;
  const actions: readonly GateAction[] = [send({ kind: "deny", code }), { kind: "close", code }];
  return { state: { ...rest, closed: code }, actions };
}

function send(message: GateMessage): GateAction {
  return { kind: "send", bytes: gateMessageBytes(message) };
}

function wireOf(terms: GateTerms, peer: Hello) {
  const own = { key: terms.key.publicKey, nonce: terms.nonce };
  const [initiator, acceptor] = terms.role === "I" ? [own, peer] : [peer, own];
  return { infohash: terms.infohash, initiator, acceptor };
}
