// Goal: each way to come to a gated film or a gated live stream without a right of one's own ends with no
//       byte, no metadata, no head and no other peer; the right way, by the same client, gets them all.
// Method: a client that knows the gate as well as we do, over real sockets, and lies in one way at a time.
import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type Bencodable,
  type Bencoded,
  decodeBencode,
  encodeBencode,
} from "../../src/p2p/bencode.ts";
import type { DeviceKey } from "../../src/p2p/ed25519.ts";
import {
  type GateFace,
  gateMessageBytes,
  helloFields,
  transcript,
} from "../../src/p2p/gate-message.ts";
import { EXTENSION_HANDSHAKE_MAX_BYTES } from "../../src/p2p/limits.ts";
import type { GatePolicy } from "../../src/p2p/link-gate.ts";
import { liveAudience } from "../../src/p2p/live-descriptor.ts";
import { liveMessageBytes } from "../../src/p2p/live-message.ts";
import { descriptorOf, HandSource, joinLive } from "./live-kit.ts";
import {
  hexOf,
  issueToken,
  joinSeed,
  makeFilm,
  newKey,
  RawClient,
  until,
  verifier,
} from "./p2p-kit.ts";

const KINDS = ["film", "live"] as const;
type Kind = (typeof KINDS)[number];
/** The numbers that the client gives to the messages of extensions. */
const NUMBERS = { ace_gate: 1, ut_metadata: 2, ut_pex: 3, ace_live: 4 } as const;
const GATE_ONLY: ReadonlySet<number> = new Set([0, NUMBERS.ace_gate]);
const UNCHOKE = 1;
const HAVE_AND_HINTS = [4, 13, 17];
const REQUESTS = 12;

interface House {
  readonly swarmId: string;
  readonly aud: string;
  readonly port: number;
  ungatedBytes(): number;
}

const stack = new AsyncDisposableStack();
const houses = new Map<Kind, House>();
const device = newKey();
/** A support node that the record lists. */
const carrier = newKey();

beforeAll(async () => {
  const gate: GatePolicy = { deviceKey: newKey(), upload: verifier, servers: [hexOf(carrier)] };
  const film = stack.use(await makeFilm(800_000));
  // Its record allows these among its members: the gate alone keeps strangers from them.
  const find = { allowed: ["metadata", "pex"] } as const;
  const seed = stack.use(await joinSeed(film, gate, { find }));
  const { infohash } = film.torrent;
  houses.set("film", {
    swarmId: infohash,
    aud: `btih:${infohash}`,
    port: seed.listener.port,
    ungatedBytes: () => seed.swarm.stats().ungatedBytesUp,
  });
  const descriptor = descriptorOf("strangers");
  const source = stack.use(await joinLive({ descriptor, role: "source", gate }));
  const hand = new HandSource(descriptor);
  const timer = setInterval(() => hand.publish(source.swarm, 1), 50);
  stack.defer(() => clearInterval(timer));
  houses.set("live", {
    swarmId: descriptor.streamId,
    aud: liveAudience(descriptor.streamId),
    port: source.listener.port,
    ungatedBytes: () => source.swarm.stats().ungatedBytesUp,
  });
});
afterAll(() => stack.disposeAsync());

function houseOf(kind: Kind): House {
  const house = houses.get(kind);
  if (house === undefined) throw new Error(`${kind} is not open`);
  return house;
}

const inSeconds = (seconds: number) => Math.floor(Date.now() / 1_000) + seconds;

function tokenFor({ aud }: House, change: object = {}, by?: DeviceKey): string {
  return issueToken({ aud, exp: inSeconds(300), key: hexOf(device), sub: "viewer", ...change }, by);
}

/** Everything that a client says at a gate. */
class GateClient extends RawClient {
  readonly house: House;
  readonly said: (readonly [number, Uint8Array])[] = [];

  constructor(house: House) {
    super(house.port);
    this.house = house;
    this.handshake(house.swarmId);
  }

  /** What the node shows of itself. */
  async face(): Promise<GateFace & { readonly numbers: ReadonlyMap<string, number> }> {
    await until(() => this.messages.length > 0, "the node has shown itself");
    const fields = this.#handshakes()[0] ?? new Map<string, Bencoded>();
    const bytes = (name: string) => {
      const value = fields.get(name);
      return value instanceof Uint8Array ? Uint8Array.from(value) : new Uint8Array();
    };
    const named = fields.get("m");
    const numbers = new Map<string, number>();
    for (const [name, number] of named instanceof Map ? named : []) {
      if (typeof number === "number") numbers.set(String(name), number);
    }
    return { key: bytes("ace_gate_k"), nonce: bytes("ace_gate_n"), numbers };
  }

  hello(face: GateFace): void {
    const fields = helloFields({ ...face, gatesUploads: false, holdsToken: true });
    const named = new Map<string, Bencodable>(Object.entries(NUMBERS));
    this.say(
      0,
      encodeBencode(new Map<string, Bencodable>([["m", named], ...Object.entries(fields)])),
    );
  }

  say(number: number, body: Uint8Array): void {
    this.said.push([number, body]);
    this.extended(number, body);
  }

  /** Shows a face, proves it with the key, and shows the token, if there is one. */
  async come(lie: { key?: DeviceKey; claim?: Uint8Array; token?: string } = {}): Promise<void> {
    const { key = device, token } = lie;
    const own = { key: lie.claim ?? key.publicKey, nonce: Uint8Array.from(randomBytes(32)) };
    const node = await this.face();
    const gate = node.numbers.get("ace_gate") ?? 0;
    this.hello(own);
    const infohash = Uint8Array.fromHex(this.house.swarmId);
    const words = transcript("I", { infohash, initiator: own, acceptor: node });
    this.say(gate, gateMessageBytes({ kind: "prove", signature: key.sign(words) }));
    if (token !== undefined) this.say(gate, gateMessageBytes({ kind: "admit", token }));
  }

  /** Asks for bytes, metadata and heads, choked or not; again and again until it is served or sent away. */
  async wantAll(isEnough: () => boolean = () => false): Promise<void> {
    const { numbers } = await this.face();
    const metadata = encodeBencode(
      new Map([
        ["msg_type", 0],
        ["piece", 0],
      ]),
    );
    const older = liveMessageBytes({ kind: "older", seq: 1_000_000, count: 20 });
    this.message(2);
    for (let time = 0; time < 20 && !this.isClosed && !isEnough(); time += 1) {
      for (let index = 0; index < REQUESTS; index += 1) this.message(6, index, 0, 1_880);
      this.extended(numbers.get("ut_metadata") ?? 9, metadata);
      this.extended(numbers.get("ace_live") ?? 9, older);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** Messages of extensions beside the gate's own: there must be none. */
  get leaked(): readonly number[] {
    const numbers = this.messages.map((message) => message[0] ?? -1);
    return numbers.filter((number) => !GATE_ONLY.has(number));
  }

  expectNothing(): void {
    expect({ payload: this.payloadBytes, leaked: this.leaked }).toEqual({ payload: 0, leaked: [] });
    expect([UNCHOKE, ...HAVE_AND_HINTS].filter((kind) => this.kinds.has(kind))).toEqual([]);
    for (const fields of this.#handshakes()) expect(fields.has("metadata_size")).toBe(false);
    expect(this.house.ungatedBytes()).toBe(0);
  }

  #handshakes(): readonly ReadonlyMap<string, Bencoded>[] {
    return this.messages.flatMap((message) => {
      if (message[0] !== 0) return [];
      const fields = decodeBencode(
        Uint8Array.from(message.subarray(1)),
        EXTENSION_HANDSHAKE_MAX_BYTES,
      );
      return fields instanceof Map ? [fields] : [];
    });
  }
}

type Attack = (client: GateClient, house: House) => Promise<void> | void;

/** What an honest client said on a connection of its own, word for word. */
async function overheard(house: House, lie: Parameters<GateClient["come"]>[0]) {
  using honest = new GateClient(house);
  await honest.come(lie);
  await until(() => honest.messages.length > 2, "the honest one was let in");
  return honest.said;
}

async function replay(client: GateClient, said: GateClient["said"]): Promise<void> {
  await client.face();
  for (const [number, body] of said) client.extended(number, body);
}

const attacks: Readonly<Record<string, Attack>> = {
  "no token": (client) => client.come(),
  "nothing but a handshake": () => {},
  "a forged token": (client, house) => client.come({ token: tokenFor(house, {}, newKey()) }),
  "an expired token": (client, house) =>
    client.come({ token: tokenFor(house, { exp: inSeconds(-5) }) }),
  "a token for other content": (client, house) =>
    client.come({ token: tokenFor(house, { aud: `btih:${"cd".repeat(20)}` }) }),
  "a token of another device": (client, house) =>
    client.come({ key: newKey(), token: tokenFor(house) }),
  "a token and the key that it names, which it has not": (client, house) =>
    client.come({ key: newKey(), claim: device.publicKey, token: tokenFor(house) }),
  "a token before any proof": async (client, house) => {
    const { numbers } = await client.face();
    client.hello({ key: device.publicKey, nonce: new Uint8Array(32) });
    const admit = gateMessageBytes({ kind: "admit", token: tokenFor(house) });
    client.say(numbers.get("ace_gate") ?? 0, admit);
  },
  "all that a viewer said on another connection": async (client, house) =>
    await replay(client, await overheard(house, { token: tokenFor(house) })),
  "all that a listed support node said on another connection": async (client, house) =>
    await replay(client, await overheard(house, { key: carrier })),
  "the key of a listed support node, which it has not": (client) =>
    client.come({ key: newKey(), claim: carrier.publicKey }),
  "the node's own face and proof, sent back to it": async (client) => {
    const { key, nonce, numbers } = await client.face();
    client.hello({ key, nonce });
    const proof = client.messages.find((message) => message[0] === NUMBERS.ace_gate);
    if (proof !== undefined) client.say(numbers.get("ace_gate") ?? 0, proof.subarray(1));
  },
  "an opening of its own making": async (client) => {
    const { numbers } = await client.face();
    await client.come();
    const open = gateMessageBytes({ kind: "open", expiresAtS: inSeconds(300) });
    client.say(numbers.get("ace_gate") ?? 0, open);
  },
};

describe.each(KINDS)("a gated %s", (kind) => {
  it.each(Object.entries(attacks))("gives nothing to who comes with %s", async (_name, attack) => {
    const house = houseOf(kind);
    using client = new GateClient(house);
    await attack(client, house);
    await client.wantAll();
    client.expectNothing();
  });

  it("gives bytes, and what is known of them, to who comes with a token of its own", async () => {
    const house = houseOf(kind);
    using client = new GateClient(house);
    await client.come({ token: tokenFor(house) });
    const extra = kind === "film" ? NUMBERS.ut_metadata : NUMBERS.ace_live;
    const isServed = () => client.payloadBytes > 0 && client.leaked.includes(extra);
    await client.wantAll(isServed);
    expect(isServed()).toBe(true);
    expect(house.ungatedBytes()).toBe(0);
  });

  it("gives to a support node that the record lists, which proves its key", async () => {
    const house = houseOf(kind);
    using client = new GateClient(house);
    await client.come({ key: carrier });
    await client.wantAll(() => client.payloadBytes > 0);
    expect(client.payloadBytes).toBeGreaterThan(0);
  });
});
