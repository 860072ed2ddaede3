// Goal: every way past the gate that we could think of is shut, and the right way is open.
// Method: two gates are wired together in memory; one end may lie in one named way.
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { decodeBencode, encodeBencode } from "../../src/p2p/bencode.ts";
import { deviceKeyFromSeed } from "../../src/p2p/ed25519.ts";
import {
  type GateAction,
  type GateInput,
  type GateState,
  type GateTerms,
  isAdmitted,
  startGate,
  stepGate,
} from "../../src/p2p/gate.ts";
import {
  type GateMessage,
  type GateRole,
  gateMessageBytes,
  helloFields,
  transcript,
} from "../../src/p2p/gate-message.ts";
import { hexOf, issuer, issueToken, newKey, verifier } from "./p2p-kit.ts";

const infohash = Uint8Array.from({ length: 20 }, (_, index) => index);
const aud = `btih:${infohash.toHex()}`;
const nowS = 1_800_000_000;
const server = newKey();
const viewer = newKey();
const thief = newKey();

interface EndVector {
  readonly seed: string;
  readonly key: string;
  readonly nonce: string;
}

interface TranscriptVector {
  readonly role: GateRole;
  readonly infohash: string;
  readonly initiator: EndVector;
  readonly acceptor: EndVector;
  readonly transcript: string;
  readonly signature: string;
}

type MessageVector =
  | { readonly kind: "prove"; readonly signature: string }
  | Exclude<GateMessage, { readonly kind: "prove" }>;

interface Lie {
  readonly token?: string;
  readonly key?: typeof viewer;
  /** Shows this key in the handshake, without having it. */
  readonly claim?: Uint8Array;
  /** Sends this instead of its own proof. */
  readonly proof?: Uint8Array;
  readonly serverKeys?: readonly string[];
  readonly holdsToken?: boolean;
}

class End {
  readonly sent: Uint8Array[] = [];
  readonly actions: GateAction[] = [];
  state: GateState = startGate(nowS);
  readonly terms: GateTerms;
  readonly #lie: Lie;
  readonly #inbox: GateInput[] = [];

  constructor(terms: GateTerms, lie: Lie = {}) {
    this.terms = terms;
    this.#lie = lie;
  }

  get fields(): ReadonlyMap<string, Uint8Array | number> {
    const hello = helloFields({
      key: this.#lie.claim ?? this.terms.key.publicKey,
      nonce: this.terms.nonce,
      gatesUploads: true,
      holdsToken: this.#lie.holdsToken ?? this.terms.download !== undefined,
    });
    return new Map(Object.entries(hello));
  }

  take(input: GateInput, atS = nowS): readonly Uint8Array[] {
    this.#inbox.push(input);
    const replies: Uint8Array[] = [];
    for (let next = this.#inbox.shift(); next !== undefined; next = this.#inbox.shift()) {
      const { state, actions } = stepGate(this.terms, this.state, next, atS);
      this.state = state;
      this.actions.push(...actions);
      for (const action of actions) {
        if (action.kind === "send") replies.push(this.#falsify(action.bytes));
        const { token } = this.#lie;
        if (action.kind === "ask-token" && token !== undefined) {
          this.#inbox.push({ kind: "token", token });
        }
      }
    }
    this.sent.push(...replies);
    return replies;
  }

  closedWith(): string | undefined {
    return this.state.closed;
  }

  #falsify(bytes: Uint8Array): Uint8Array {
    const { proof } = this.#lie;
    const isProof = Buffer.from(bytes).includes("1:m1:p");
    return isProof && proof !== undefined
      ? gateMessageBytes({ kind: "prove", signature: proof })
      : bytes;
  }
}

function meet(client: Lie, node: Lie = {}): { client: End; node: End } {
  const terms = { infohash, aud };
  const serverKeys = new Set(client.serverKeys ?? [hexOf(server)]);
  const clientEnd = new End(
    {
      ...terms,
      role: "I",
      key: client.key ?? viewer,
      nonce: randomBytes(32),
      verifier,
      ...(client.token === undefined ? {} : { download: { serverKeys, sharing: false } }),
    },
    client,
  );
  const nodeKey = node.key ?? server;
  const nodeEnd = new End(
    { ...terms, role: "A", key: nodeKey, nonce: randomBytes(32), verifier },
    node,
  );
  let toNode = clientEnd.take({ kind: "hello", fields: nodeEnd.fields });
  let toClient = nodeEnd.take({ kind: "hello", fields: clientEnd.fields });
  for (let round = 0; round < 10; round += 1) {
    const forNode = toNode;
    const forClient = toClient;
    toClient = forNode.flatMap((bytes) => nodeEnd.take({ kind: "message", bytes }));
    toNode = forClient.flatMap((bytes) => clientEnd.take({ kind: "message", bytes }));
  }
  return { client: clientEnd, node: nodeEnd };
}

function tokenFor(key: typeof viewer, change: object = {}, by = issuer): string {
  return issueToken({ aud, exp: nowS + 300, key: hexOf(key), sub: "viewer", ...change }, by);
}

describe("the gate", () => {
  it("opens for a viewer who proves the key that a good token names", () => {
    const { client, node } = meet({ token: tokenFor(viewer) });
    expect(isAdmitted(node.state, nowS)).toBe(true);
    expect(node.state.grant).toMatchObject({ account: "viewer", expiresAtS: nowS + 300 });
    expect(client.actions.map(({ kind }) => kind)).toContain("opened");
    // It is not mutual: the seeding node showed no token, so it gets nothing from the viewer.
    expect(isAdmitted(client.state, nowS)).toBe(false);
  });

  it.each<[string, Lie, Lie, string | undefined]>([
    ["a peer without a token", {}, {}, undefined],
    ["a forged token", { token: tokenFor(viewer, {}, thief) }, {}, "TOKEN_INVALID"],
    ["an expired token", { token: tokenFor(viewer, { exp: nowS }) }, {}, "TOKEN_EXPIRED"],
    ["a token for other content", { token: tokenFor(viewer, { aud: "x" }) }, {}, "TOKEN_AUDIENCE"],
    [
      "a stolen token, shown by another device",
      { token: tokenFor(viewer), key: thief },
      {},
      "TOKEN_NOT_YOURS",
    ],
    [
      "a thief who claims the owner's key",
      { token: tokenFor(viewer), key: thief, claim: viewer.publicKey },
      {},
      "GATE_PROOF_BAD",
    ],
    [
      "a proof replayed from another connection",
      { token: tokenFor(viewer), proof: viewer.sign(randomBytes(20)) },
      {},
      "GATE_PROOF_BAD",
    ],
    ["a connection to itself", { token: tokenFor(server), key: server }, {}, "GATE_SELF"],
  ])("stays shut for %s", (_who, client, node, code) => {
    const met = meet(client, node);
    expect(isAdmitted(met.node.state, nowS)).toBe(false);
    expect(met.node.actions.map(({ kind }) => kind)).not.toContain("admit");
    expect(met.node.closedWith()).toBe(code);
  });

  it("lets a viewer find out a node that claims a listed key without having it", () => {
    const { client, node } = meet(
      { token: tokenFor(viewer) },
      { key: thief, claim: server.publicKey },
    );
    expect(client.closedWith()).toBe("GATE_PROOF_BAD");
    expect(Buffer.concat(client.sent).includes(tokenFor(viewer))).toBe(false);
    expect(node.state.grant).toBeUndefined();
  });

  it("shows no token to a node that the content record does not list", () => {
    const { client } = meet({ token: tokenFor(viewer), serverKeys: [hexOf(thief)] });
    expect(client.closedWith()).toBe("SERVER_UNKNOWN");
    expect(Buffer.concat(client.sent).includes(tokenFor(viewer))).toBe(false);
  });

  it("refuses a peer without the extension, and says so only once", () => {
    const { node } = meet({});
    const deaf = new End(node.terms);
    deaf.take({ kind: "hello", fields: new Map() });
    expect(deaf.closedWith()).toBe("GATE_REQUIRED");
    expect(deaf.take({ kind: "tick" })).toEqual([]);
  });
});

describe("an open gate", () => {
  it("shuts at the second the token expires, also when no timer has fired", () => {
    const { node } = meet({ token: tokenFor(viewer) });
    expect(isAdmitted(node.state, nowS + 299.9)).toBe(true);
    expect(isAdmitted(node.state, nowS + 300)).toBe(false);
    node.take({ kind: "tick" }, nowS + 300);
    expect(node.closedWith()).toBe("TOKEN_EXPIRED");
  });

  it("stays open through a renewal, without a pause", () => {
    const { node } = meet({ token: tokenFor(viewer) });
    const token = tokenFor(viewer, { exp: nowS + 600 });
    node.take({ kind: "message", bytes: gateMessageBytes({ kind: "admit", token }) }, nowS + 240);
    expect(isAdmitted(node.state, nowS + 599)).toBe(true);
  });

  it("asks for a newer token when about a fifth of a short life is left, and again when none comes", () => {
    const { client } = meet({ token: tokenFor(viewer, { exp: nowS + 100 }) });
    const asked = () => client.actions.filter(({ kind }) => kind === "ask-token").length;
    client.take({ kind: "tick" }, nowS + 76);
    expect(asked()).toBe(1);
    client.take({ kind: "tick" }, nowS + 84);
    expect(asked()).toBe(2);
    // The token it shows at once is the old one: the gate opens no longer than before.
    client.take({ kind: "tick" }, nowS + 85);
    expect(asked()).toBe(2);
    client.take({ kind: "tick" }, nowS + 86);
    expect(asked()).toBe(3);
  });

  it("keeps the longer right when a token that ends sooner is shown", () => {
    const { node } = meet({ token: tokenFor(viewer) });
    const token = tokenFor(viewer, { exp: nowS + 20 });
    node.take({ kind: "message", bytes: gateMessageBytes({ kind: "admit", token }) }, nowS + 10);
    expect(isAdmitted(node.state, nowS + 299)).toBe(true);
  });

  it("shuts when what it granted is ended before its time, and says why", () => {
    const { node } = meet({ token: tokenFor(viewer) });
    const ended = new End({
      ...node.terms,
      verifier: { ...verifier, endedBy: () => "TOKEN_REVOKED" },
    });
    ended.state = node.state;
    const [deny] = ended.take({ kind: "tick" }, nowS + 1);
    expect(ended.closedWith()).toBe("TOKEN_REVOKED");
    expect(isAdmitted(ended.state, nowS + 1)).toBe(false);
    expect(deny).toEqual(gateMessageBytes({ kind: "deny", code: "TOKEN_REVOKED" }));
  });

  it("does not change hands: a renewal for another account closes it", () => {
    const { node } = meet({ token: tokenFor(viewer) });
    const token = tokenFor(viewer, { sub: "somebody else" });
    node.take({ kind: "message", bytes: gateMessageBytes({ kind: "admit", token }) });
    expect(node.closedWith()).toBe("TOKEN_NOT_YOURS");
    expect(isAdmitted(node.state, nowS)).toBe(false);
  });
});

describe("the gate's manners", () => {
  const strange: readonly [string, Uint8Array, string][] = [
    ["a token before the proof", gateMessageBytes({ kind: "admit", token: "x" }), "GATE_ORDER"],
    [
      "an opening nobody asked for",
      gateMessageBytes({ kind: "open", expiresAtS: 1 }),
      "GATE_ORDER",
    ],
    ["an unknown message", encodeBencode(new Map([["m", "z"]])), "GATE_MALFORMED"],
    ["a message that is not canonical", Buffer.from("d1:s64:1:m1:pe"), "GATE_MALFORMED"],
    ["a message that is too long", Buffer.alloc(5_000, 0x61), "GATE_MALFORMED"],
    ["no message at all", new Uint8Array(), "GATE_MALFORMED"],
  ];
  it.each(strange)("closes on %s", (_what, bytes, code) => {
    const { node } = meet({});
    const fresh = new End(node.terms);
    fresh.take({ kind: "message", bytes });
    expect(fresh.closedWith()).toBe(code);
  });

  it("takes only the first handshake: a second could swap the key after its proof", () => {
    const { node, client } = meet({ token: tokenFor(viewer) });
    node.take({ kind: "hello", fields: client.fields });
    expect(node.closedWith()).toBe("GATE_ORDER");
  });

  it("closes on a flood of admissions", () => {
    const { node } = meet({ token: tokenFor(viewer) });
    const bytes = gateMessageBytes({ kind: "admit", token: tokenFor(viewer) });
    for (let count = 0; count < 30; count += 1) node.take({ kind: "message", bytes });
    expect(node.closedWith()).toBe("RATE_LIMITED");
  });

  it("holds no slot for a peer that never opens it", () => {
    const { node } = meet({});
    node.take({ kind: "tick" }, nowS + 14);
    expect(node.closedWith()).toBeUndefined();
    node.take({ kind: "tick" }, nowS + 15);
    expect(node.closedWith()).toBe("GATE_TIMEOUT");
  });
});

describe("the gate's bytes", () => {
  interface Vectors {
    readonly transcripts: readonly TranscriptVector[];
    readonly messages: readonly { readonly message: MessageVector; readonly bytes: string }[];
  }
  const vectors: Vectors = JSON.parse(readFileSync("test/vectors/p2p/gate.json", "utf8"));

  it.each(vectors.transcripts)("transcript of role $role is as published", (vector) => {
    const face = (end: EndVector) => ({
      key: deviceKeyFromSeed(Uint8Array.fromHex(end.seed)).publicKey,
      nonce: Uint8Array.fromHex(end.nonce),
    });
    const bytes = transcript(vector.role, {
      infohash: Uint8Array.fromHex(vector.infohash),
      initiator: face(vector.initiator),
      acceptor: face(vector.acceptor),
    });
    expect(bytes.toHex()).toBe(vector.transcript);
    const signer = vector.role === "I" ? vector.initiator : vector.acceptor;
    const key = deviceKeyFromSeed(Uint8Array.fromHex(signer.seed));
    expect(key.publicKey.toHex()).toBe(signer.key);
    expect(key.sign(bytes).toHex()).toBe(vector.signature);
  });

  it.each(vectors.messages)("message $message.kind is as published", ({ message, bytes }) => {
    const value =
      message.kind === "prove"
        ? { kind: message.kind, signature: Uint8Array.fromHex(message.signature) }
        : message;
    expect(gateMessageBytes(value).toHex()).toBe(bytes);
    expect(decodeBencode(Uint8Array.fromHex(bytes), 4_096)).toBeInstanceOf(Map);
  });
});
