// Goal: peers and live records are found in a DHT of strangers, none of whom can end our process.
// Method: nodes on loopback; hostile datagrams by a socket of our own.
import { randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";
import { describe, expect, it } from "vitest";
import { systemClock } from "../../src/lib/clock.ts";
import { silentEvents } from "../../src/lib/events.ts";
import { encodeBencode } from "../../src/p2p/bencode.ts";
import { type DhtNode, openDht } from "../../src/p2p/dht-node.ts";
import { isDhtMessage } from "../../src/p2p/dht-socket.ts";
import { openLocalDiscovery, readLocal } from "../../src/p2p/lsd.ts";
import { joinLeech, joinSeed, makeFilm, newKey, soon, until } from "./p2p-kit.ts";

const host = "127.0.0.1";
const events = silentEvents;
const infohash = "cd".repeat(20);

interface Network extends AsyncDisposable {
  readonly nodes: readonly [DhtNode, DhtNode, DhtNode, ...DhtNode[]];
}

async function openNetwork(more = 1): Promise<Network> {
  await using opened = new AsyncDisposableStack();
  const first = opened.use(await openDht({ host, port: 0, bootstrap: [], events }));
  const bootstrap = [`${host}:${first.port}`];
  const join = async () => opened.use(await openDht({ host, port: 0, bootstrap, events }));
  const rest: DhtNode[] = [];
  for (let made = 0; made < more; made += 1) rest.push(await join());
  const nodes = [first, await join(), await join(), ...rest] as const;
  const held = opened.move();
  return { nodes: [...nodes], [Symbol.asyncDispose]: () => held.disposeAsync() };
}

describe("the DHT", () => {
  it("a peer that one node announces is found by another", async () => {
    await using network = await openNetwork();
    const [, second, third] = network.nodes;
    expect(await second.announce(infohash, 7_001)).toBeGreaterThan(0);
    const found: string[] = [];
    await third.lookup(infohash, (address) => found.push(address), soon());
    expect(found).toEqual([`${host}:7001`]);
  });

  it("a viewer finds its seed with no tracker at all", async () => {
    await using network = await openNetwork();
    const [, second, third] = network.nodes;
    await using film = await makeFilm(300_000);
    await using seed = await joinSeed(film, undefined, { find: { dht: second } });
    await until(() => seed.listener.port > 0, "the seed listens");
    const found: string[] = [];
    await expect
      .poll(
        async () => {
          await third.lookup(film.torrent.infohash, (address) => found.push(address), soon());
          return found.length;
        },
        { timeout: 10_000 },
      )
      .toBeGreaterThan(0);
    await using viewer = await joinLeech(film, [], undefined, { find: { dht: third } });
    await viewer.swarm.download(soon());
    expect(viewer.swarm.stats().piecesHad).toBe(film.torrent.pieceHashes.length);
  });

  it("keeps an item under its key and name, and gives the newest", async () => {
    await using network = await openNetwork();
    const [, second, third] = network.nodes;
    const key = newKey();
    const salt = Buffer.from("channel one");
    const name = { publicKey: key.publicKey, salt };
    expect(await third.getMutable(name, soon())).toBeUndefined();
    expect(await second.putMutable(key, { salt, seq: 1, value: randomBytes(900) })).toBeGreaterThan(
      0,
    );
    const value = Uint8Array.from(randomBytes(999));
    await second.putMutable(key, { salt, seq: 2, value });
    expect(await third.getMutable(name, soon())).toEqual({ seq: 2, value });
    expect(await second.putMutable(key, { salt, seq: 2, value })).toBe(0);
    const other = { ...name, salt: Buffer.from("channel two") };
    expect(await third.getMutable(other, soon())).toBeUndefined();
    await expect(
      second.putMutable(key, { salt, seq: 3, value: randomBytes(1_000) }),
    ).rejects.toMatchObject({ code: "CONTENT_INVALID" });
  });
});

describe("the DHT among strangers", () => {
  it("outlives datagrams with the wrong kind of everything, and answers on", async () => {
    await using network = await openNetwork();
    const [first, second] = network.nodes;
    const socket = createSocket("udp4");
    for (const datagram of hostileDatagrams()) {
      await new Promise((resolve) => socket.send(datagram, first.port, host, resolve));
    }
    socket.close();
    await using late = await openDht({
      host,
      port: 0,
      bootstrap: [`${host}:${second.port}`],
      events,
    });
    await second.announce(infohash, 7_002);
    const found: string[] = [];
    await late.lookup(infohash, (address) => found.push(address), soon());
    expect(found).toContain(`${host}:7002`);
  });

  it("shows the library none of them, and every honest one", () => {
    expect(hostileDatagrams().filter(isDhtMessage)).toEqual([]);
    for (const [name, fields] of Object.entries(honest)) {
      expect(isDhtMessage(question(name, fields)), name).toBe(true);
    }
  });
});

const id = new Uint8Array(20).fill(7);
const token = new Uint8Array(20);
const item = { k: new Uint8Array(32), sig: new Uint8Array(64), seq: 1, v: new Uint8Array(5) };
const honest: Readonly<Record<string, Readonly<Record<string, Uint8Array | number>>>> = {
  ping: {},
  find_node: { target: id },
  get_peers: { info_hash: id },
  announce_peer: { info_hash: id, port: 6_881, token },
  get: { target: id },
  put: { ...item, token },
};

function question(name: string, fields: Readonly<Record<string, Uint8Array | number>>): Uint8Array {
  const a = new Map<string, Uint8Array | number>([["id", id], ...Object.entries(fields)]);
  const parts = [
    ["t", "aa"],
    ["y", "q"],
    ["q", name],
    ["a", a],
  ] as const;
  return encodeBencode(new Map<string, string | typeof a>(parts));
}

/** Each field of each question as a number, as a text of a wrong length, and missing. */
function hostileDatagrams(): readonly Uint8Array[] {
  const wrong = Object.entries(honest).flatMap(([name, fields]) =>
    Object.keys({ ...fields, id }).flatMap((field) => {
      const value = { ...fields, id }[field];
      const isNumber = typeof value === "number";
      const bad = isNumber ? [new Uint8Array(3)] : [5, new Uint8Array(1_001)];
      return bad.map((instead) => question(name, { ...fields, [field]: instead }));
    }),
  );
  const answers = ["d1:rd2:idi5ee1:t2:aa1:y1:re", "d1:ri5e1:t2:aa1:y1:re", "d1:y1:re", "de", "i5e"];
  // Names of what every object has, where a question's name is looked up.
  wrong.push(question("constructor", {}), question("__proto__", {}));
  return [...wrong, ...answers.map((text) => Buffer.from(text)), randomBytes(100)];
}

describe("local discovery", () => {
  it("two nodes of one network hear of each other's swarm, and of no other", async () => {
    const local = { clock: systemClock, interface: host };
    await using one = await openLocalDiscovery({ ...local, port: 0 });
    await using two = await openLocalDiscovery({ ...local, port: one.port });
    const heard: string[] = [];
    const swarm = (port: number, hash: string, hear = (_address: string) => {}) => ({
      infohash: hash,
      port,
      onPeer: hear,
    });
    one.join(swarm(7_001, infohash, (address) => heard.push(address)));
    two.join(swarm(7_003, "ef".repeat(20)));
    two.join(swarm(7_002, infohash));
    await until(() => heard.length > 0, "one hears of two");
    expect(heard).toEqual([expect.stringMatching(/:7002$/)]);
  });

  it.each([
    "",
    "BT-SEARCH * HTTP/1.1\r\nInfohash: x\r\n",
    "BT-SEARCH * HTTP/1.1\r\nPort: 70000\r\n",
    "GET / HTTP/1.1\r\nPort: 1\r\n",
  ])("hears nothing in %j", (text) => {
    expect(readLocal(Buffer.from(text))).toBeUndefined();
  });
});
