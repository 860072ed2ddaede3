// Goal: playback never stops because a token aged, and never goes on once none is renewed.
// Method: the two gates of a wire in virtual time, ticked as a swarm ticks them. Every token comes late, a
//         third of the questions go to an issuer that is down; the seed decides which, and how late.
import { expect, it } from "vitest";
import {
  type GateInput,
  type GateState,
  type GateTerms,
  isAdmitted,
  startGate,
  stepGate,
} from "../../src/p2p/gate.ts";
import { helloFields } from "../../src/p2p/gate-message.ts";
import { chanceOf } from "../support/chance.ts";
import { hexOf, issueToken, newKey, verifier } from "../unit/p2p-kit.ts";

const SEED = Number(process.env["ACE_SEED"] ?? "20261123");
const RENEWALS = 1_000;
const TICK_S = 0.25;
const LIVES_S = [60, 90, 300];
const LATE_S_MAX = 1.5;
const START_S = 1_900_000_000;

interface End {
  readonly terms: GateTerms;
  state: GateState;
}

function wire() {
  const infohash = new Uint8Array(20).fill(7);
  const [viewer, node] = [newKey(), newKey()];
  const aud = `btih:${infohash.toHex()}`;
  const download = { serverKeys: new Set([hexOf(node)]), sharing: false };
  const client: End = {
    terms: {
      role: "I",
      infohash,
      aud,
      key: viewer,
      nonce: crypto.getRandomValues(new Uint8Array(32)),
      download,
    },
    state: startGate(START_S),
  };
  const server: End = {
    terms: {
      role: "A",
      infohash,
      aud,
      key: node,
      nonce: crypto.getRandomValues(new Uint8Array(32)),
      verifier,
    },
    state: startGate(START_S),
  };
  return { client, server, viewer, aud };
}

function helloOf({ terms }: End): GateInput {
  const hello = {
    key: terms.key.publicKey,
    nonce: terms.nonce,
    gatesUploads: true,
    holdsToken: terms.download !== undefined,
  };
  return { kind: "hello", fields: new Map(Object.entries(helloFields(hello))) };
}

/** One wire in virtual time, and the issuers that its viewer asks. */
class World {
  readonly #random = chanceOf(SEED);
  readonly #wire = wire();
  readonly #coming: { readonly atS: number; readonly token: string }[] = [];
  #wasDown = false;
  nowS = START_S;
  /** The right has ended: nobody issues any more. */
  isEnded = false;
  asked = 0;
  failed = 0;

  constructor() {
    const { client, server } = this.#wire;
    this.#deliver({ end: client, input: helloOf(server) }, { end: server, input: helloOf(client) });
  }

  get server(): GateState {
    return this.#wire.server.state;
  }

  tick(): void {
    this.nowS += TICK_S;
    const { client, server } = this.#wire;
    for (const next of this.#coming.splice(0)) {
      if (next.atS > this.nowS) this.#coming.push(next);
      else this.#deliver({ end: client, input: { kind: "token", token: next.token } });
    }
    const input = { kind: "tick" } as const;
    this.#deliver({ end: client, input }, { end: server, input });
  }

  #deliver(...mail: { readonly end: End; readonly input: GateInput }[]): void {
    const { client, server } = this.#wire;
    for (let next = mail.shift(); next !== undefined; next = mail.shift()) {
      const { end, input } = next;
      const { state, actions } = stepGate(end.terms, end.state, input, this.nowS);
      end.state = state;
      const other = end === client ? server : client;
      if (actions.some(({ kind }) => kind === "ask-token")) this.#ask();
      const sent = actions.filter((action) => action.kind === "send");
      mail.push(...sent.map(({ bytes }) => ({ end: other, input: messageOf(bytes) })));
    }
  }

  #ask(): void {
    if (this.isEnded) return;
    this.asked += 1;
    // Whoever finds an issuer down asks another one next.
    this.#wasDown = !this.#wasDown && this.#random() < 1 / 3;
    if (this.#wasDown) {
      this.failed += 1;
      return;
    }
    const { aud, viewer } = this.#wire;
    const lifeS = LIVES_S[Math.floor(this.#random() * LIVES_S.length)] ?? 60;
    const exp = Math.floor(this.nowS) + lifeS;
    const token = issueToken({ aud, exp, key: hexOf(viewer), sub: "viewer" });
    this.#coming.push({ atS: this.nowS + this.#random() * LATE_S_MAX, token });
  }
}

function messageOf(bytes: Uint8Array): GateInput {
  return { kind: "message", bytes };
}

it("renews a thousand times without a pause, with one issuer of three down", () => {
  const world = new World();
  let renewals = 0;
  let pauses = 0;
  let admittedUntilS = 0;
  while (renewals < RENEWALS) {
    world.tick();
    const untilS = world.server.grant?.expiresAtS ?? 0;
    if (untilS > admittedUntilS) renewals += 1;
    admittedUntilS = Math.max(admittedUntilS, untilS);
    if (renewals > 0 && !isAdmitted(world.server, world.nowS)) pauses += 1;
  }
  expect({ pauses, closed: world.server.closed }).toEqual({ pauses: 0, closed: undefined });
  expect(world.failed).toBeGreaterThan(RENEWALS / 10);
  // No storm either: a question for each renewal, one more for each that failed, and a few for late ones.
  expect(world.asked).toBeLessThan(RENEWALS * 2);
});

it("shuts at the second that the last token ends, when none follows", () => {
  const world = new World();
  for (let ticks = 0; ticks < 40; ticks += 1) world.tick();
  world.isEnded = true;
  const endS = world.server.grant?.expiresAtS ?? 0;
  expect(endS).toBeGreaterThan(world.nowS);
  while (world.nowS < endS + 1) {
    const { server: before } = world;
    world.tick();
    expect(isAdmitted(before, world.nowS)).toBe(world.nowS < endS);
  }
  expect(world.server.closed).toBe("TOKEN_EXPIRED");
});
