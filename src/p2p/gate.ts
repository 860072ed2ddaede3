/**
 * The gate: decides, for one wire, whether the peer at its other end may have our bytes.
 *
 * Both ends prove a key over a transcript with both keys and fresh nonces of both; then a viewer
 * shows a token bound to the key it proved; a server that the record lists needs none. A state and an
 * input go in, a state and actions come out: nothing here reads a clock, sends a byte or remembers
 * another wire.
 *
 * Units   `nowS` and `expiresAtS` are Unix seconds.
 * Errors  Refusals are values: the code of the `close` action, sent to the peer as `deny`.
 * Source  RFC 7800 (a token bound to a key); the messages are in gate-message.ts.
 */
import { toHex } from "../lib/bytes.ts";
import { isSignedBy } from "../lib/ed25519.ts";
import type { ErrorCode } from "../lib/errors.ts";
import type { Grant } from "./access-port.ts";
import type { Bencoded } from "./bencode.ts";
import {
  type GateMessage,
  gateMessageBytes,
  type Hello,
  readGateMessage,
  readHello,
  transcript,
} from "./gate-message.ts";
import type {
  GateAction,
  GateInput,
  GateState,
  GateStep,
  GateTerms,
  Verified,
} from "./gate-terms.ts";
import { GATE_MESSAGES_PER_MINUTE, GATE_OPEN_S, GATE_PROOF_S } from "./limits.ts";

export type { Grant } from "./access-port.ts";
export type {
  GateAction,
  GateInput,
  GateState,
  GateStep,
  GateTerms,
  TokenVerifier,
} from "./gate-terms.ts";

const RENEWAL_LEAD_S = 60;
const RENEWAL_SHARE = 0.2;
/** Viewers of one stream began together; so much of the lead is chance, or all would renew at once. */
const RENEWAL_JITTER = 1 / 3;
const ASK_AGAIN_S = [2, 4, 8];
const BYTE_VALUES = 256;
/** A server's right ends with its connection: the last second that 32 bits can name. */
const SERVER_UNTIL_S = 2 ** 32 - 1;

export function startGate(nowS: number): GateState {
  const window = { startS: nowS, messages: 0 };
  return { startedS: nowS, isProven: false, tokenSent: false, asks: 0, window };
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
    case "refuse":
      return close(state, input.code);
    case "tick":
      return onTick(terms, state, nowS);
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
      return onOpen(terms, counted, message.expiresAtS, nowS);
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
  const proven = { ...state, isProven: true };
  const isServer = terms.verifier !== undefined && terms.servers?.has(toHex(peer.key)) === true;
  if (!isServer) return considerAsking(terms, proven, peer, nowS);
  return admit(terms, { ...proven, isPeerServer: true }, { peer, grant: serverGrant(peer), nowS });
}

/** Asks for our own token once the peer is one that may see it. */
function considerAsking(terms: GateTerms, state: GateState, peer: Hello, nowS: number): GateStep {
  const { download } = terms;
  if (download === undefined || !peer.gatesUploads) return { state, actions: [] };
  const isServer = download.serverKeys.has(toHex(peer.key));
  // Between viewers the one who dialled shows first, or both would wait for ever.
  const isTrustedViewer = peer.holdsToken && (state.grant !== undefined || terms.role === "I");
  if (isServer || (download.sharing && isTrustedViewer)) {
    return ask(state, nowS);
  }
  // A node without a right of its own that is not listed has no business serving this content.
  if (!peer.holdsToken) return close(state, "SERVER_UNKNOWN");
  return { state, actions: [] };
}

function onAdmit(terms: GateTerms, state: GateState, token: string, nowS: number): GateStep {
  const { peer, grant } = state;
  if (peer === undefined || !state.isProven || state.isPeerServer === true) {
    return close(state, "GATE_ORDER");
  }
  if (terms.verifier === undefined) return close(state, "GATE_REQUIRED");
  const verified = terms.verifier.verify(token, { aud: terms.aud, nowS: Math.floor(nowS) });
  if (!verified.ok) return close(state, verified.code);
  if (verified.deviceKey !== toHex(peer.key)) return close(state, "TOKEN_NOT_YOURS");
  if (grant !== undefined && grant.account !== verified.account) {
    return close(state, "TOKEN_NOT_YOURS");
  }
  if (verified.expiresAtS <= nowS) return close(state, "TOKEN_EXPIRED");
  // A token that ends sooner than the one before does not take anything away.
  const isLater = grant === undefined || verified.expiresAtS >= grant.expiresAtS;
  return admit(terms, state, { peer, grant: isLater ? grantOf(verified) : grant, nowS });
}

function admit(
  terms: GateTerms,
  state: GateState,
  { peer, grant, nowS }: { readonly peer: Hello; readonly grant: Grant; readonly nowS: number },
): GateStep {
  const admitted = { ...state, grant };
  const opening = send({ kind: "open", expiresAtS: grant.expiresAtS });
  const actions = [opening, { kind: "admit", grant } as const];
  if (state.tokenSent || state.askAtS !== undefined) return { state: admitted, actions };
  const next = considerAsking(terms, admitted, peer, nowS);
  return { state: next.state, actions: [...actions, ...next.actions] };
}

function onOpen(
  { key, nonce, servers }: GateTerms,
  state: GateState,
  expiresAtS: number,
  nowS: number,
): GateStep {
  const isServer = state.isProven && servers?.has(toHex(key.publicKey)) === true;
  if (!state.tokenSent && !isServer) return close(state, "GATE_ORDER");
  if (!state.tokenSent) {
    return { state: { ...state, openedUntilS: expiresAtS }, actions: [{ kind: "opened" }] };
  }
  const lifeS = Math.max(0, expiresAtS - nowS);
  const leadS = Math.min(RENEWAL_LEAD_S, lifeS * RENEWAL_SHARE);
  const chance = (nonce[0] ?? 0) / BYTE_VALUES - 0.5;
  const askAtS = Math.max(expiresAtS - leadS * (1 + chance * RENEWAL_JITTER), nowS + 1);
  return {
    state: { ...state, openedUntilS: expiresAtS, askAtS, asks: 0 },
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

function onTick(terms: GateTerms, state: GateState, nowS: number): GateStep {
  const { grant, openedUntilS, askAtS } = state;
  const ended = endOf(terms, state, nowS);
  if (ended !== undefined) return close(state, ended);
  const waitedS = nowS - state.startedS;
  const isUseful = grant !== undefined || (openedUntilS !== undefined && nowS < openedUntilS);
  if (!isUseful && waitedS >= GATE_OPEN_S) return close(state, "GATE_TIMEOUT");
  if (state.peer !== undefined && !state.isProven && waitedS >= GATE_PROOF_S) {
    return close(state, "GATE_TIMEOUT");
  }
  return askAtS === undefined || nowS < askAtS ? { state, actions: [] } : ask(state, nowS);
}

/** Why what was granted does not stand any more. A server's right is the record's, and no token's. */
function endOf(
  { verifier }: GateTerms,
  { grant, isPeerServer }: GateState,
  nowS: number,
): ErrorCode | undefined {
  if (grant === undefined || isPeerServer === true) return undefined;
  return nowS >= grant.expiresAtS ? "TOKEN_EXPIRED" : verifier?.endedBy?.(grant, nowS);
}

/** Asked again after ever longer times until the peer opens. */
function ask(state: GateState, nowS: number): GateStep {
  const waitS = ASK_AGAIN_S[Math.min(state.asks, ASK_AGAIN_S.length - 1)] ?? 0;
  const asking = { ...state, askAtS: nowS + waitS, asks: state.asks + 1 };
  return { state: asking, actions: [{ kind: "ask-token" }] };
}

function grantOf(verified: Verified & { readonly ok: true }): Grant {
  const { account, expiresAtS, deviceKey, jti, role, bytesPerSMax, marks } = verified;
  return {
    account,
    expiresAtS,
    deviceKey,
    jti: jti ?? "",
    role: role ?? "viewer",
    bytesPerSMax: bytesPerSMax ?? 0,
    marks: marks ?? [],
  };
}

/** It serves the content for whoever published it, and gets no key to it. */
function serverGrant(peer: Hello): Grant {
  return {
    account: "",
    expiresAtS: SERVER_UNTIL_S,
    deviceKey: toHex(peer.key),
    jti: "",
    role: "carrier",
    bytesPerSMax: 0,
    marks: [],
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
