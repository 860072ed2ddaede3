// Goal: hostile messages of those we find peers with (the DHT, the local network, the exchange of peers,
//       metadata) throw nothing, keep nothing, and make us dial nobody on the inside; afterwards an honest
//       message is understood as before.
// Method: true messages with parts put in the place of others, kinds swapped and bytes changed, from a seed,
//         given to the real nodes over their real sockets. With p2p-trackers.test.ts and ACE_FUZZ=5 they
//         are 100,000.
import { hash } from "node:crypto";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer } from "node:net";
import { describe, expect, it } from "vitest";
import { silentEvents } from "../../src/lib/events.ts";
import { type Bencodable, encodeBencode } from "../../src/p2p/bencode.ts";
import { toCompact } from "../../src/p2p/compact-peers.ts";
import { openDht } from "../../src/p2p/dht-node.ts";
import type { ExtensionPeer } from "../../src/p2p/extension-port.ts";
import { openLocalDiscovery } from "../../src/p2p/lsd.ts";
import { serveMetadata } from "../../src/p2p/metadata.ts";
import { metadataFrom } from "../../src/p2p/metadata-peer.ts";
import { exchangePeers } from "../../src/p2p/pex.ts";
import { mutated, type Random, seededRandom } from "../support/mutation.ts";
import {
  addressOf,
  bind,
  distorted,
  expectCalm,
  INSIDE,
  infohash,
  infohashBytes,
  isInside,
  LOCALHOST,
  OUTSIDE,
  peerList,
  peerList6,
  scale,
  seed,
  some,
} from "../support/strangers.ts";

expectCalm();

const peerAt = (address: string) => {
  let sentBytes = 0;
  const peer: ExtensionPeer = {
    id: address,
    address,
    isOutgoing: true,
    send: (body) => {
      sentBytes += body.length;
    },
    close: () => {},
  };
  return { peer, sent: () => sentBytes };
};

describe("the exchange of peers", () => {
  it(`outlives ${5_000 * scale} messages, and takes nobody inside from one of them`, () => {
    const random = seededRandom(seed);
    let nowMs = 0;
    let taken = 0;
    const onPeer = (address: string) => {
      taken += 1;
      if (isInside(address)) expect(address).toBe("an address outside");
    };
    const extension = exchangePeers({ nowMs: () => nowMs, onPeer });
    const { peer } = peerAt("8.8.4.4:6881");
    for (let count = 0; count < 5_000 * scale; count += 1) {
      nowMs += 60_000;
      if (count % 100 === 0) extension.onPeer(peer, new Map());
      const fields = new Map<string, Bencodable>([
        ["added", peerList(random)],
        ["added.f", new Uint8Array(random(8))],
        ["added6", peerList6(random)],
        ["dropped", peerList(random)],
      ]);
      extension.onMessage(peer, distorted(fields, random));
      if (count % 100 === 99) extension.onGone?.(peer);
    }
    expect(taken).toBeGreaterThan(500);
  });
});

describe("metadata", () => {
  it(`is given in answer to ${2_000 * scale} messages twice over at most to each of those who ask`, () => {
    const random = seededRandom(seed + 1);
    const info = new Uint8Array(40_000).fill(1);
    const extension = serveMetadata(info);
    for (let asker = 0; asker < 20 * scale; asker += 1) {
      const { peer, sent } = peerAt(`8.8.4.${asker % 256}:${asker + 1}`);
      extension.onPeer(peer, new Map());
      for (let count = 0; count < 100; count += 1) {
        const fields = new Map<string, Bencodable>([
          ["msg_type", random(4)],
          ["piece", random(5) - 1],
          ["total_size", 40_000],
        ]);
        extension.onMessage(peer, distorted(fields, random));
      }
      extension.onGone?.(peer);
      expect(sent()).toBeLessThan(2 * 40_000 + 100 * 200);
    }
  });
});

function frame(id: number, body: Uint8Array): Buffer {
  const head = Buffer.alloc(6);
  head.writeUInt32BE(body.length + 2);
  head[4] = 20;
  head[5] = id;
  return Buffer.concat([head, body]);
}

/** What a peer that gives metadata says: a handshake, its extensions, and the parts. */
function metadataTalk(info: Uint8Array, random: Random): Buffer {
  const lie = random(7);
  const spoken = (at: number, fields: ReadonlyMap<string, Bencodable>) =>
    at === lie ? distorted(fields, random) : encodeBencode(fields);
  const reserved = Buffer.from([0, 0, 0, 0, 0, lie === 5 ? 0 : 0x10, 0, 0]);
  const named = lie === 6 ? Buffer.alloc(20) : infohashBytes;
  const protocol = Buffer.from("\u0013BitTorrent protocol", "latin1");
  const hello = new Map<string, Bencodable>([
    ["m", new Map<string, Bencodable>([["ut_metadata", 1 + random(4)]])],
    ["metadata_size", lie === 4 ? some([0, -1, 2 ** 31, 10_000_001], random) : info.length],
  ]);
  const parts = [0, 1, 2].map((piece) => {
    const head = new Map<string, Bencodable>([
      ["msg_type", piece + 1 === lie ? random(4) : 1],
      ["piece", piece + 1 === lie ? random(5) - 1 : piece],
      ["total_size", info.length],
    ]);
    const bytes = info.subarray(16_384 * piece, 16_384 * (piece + 1));
    return frame(1, Buffer.concat([spoken(piece + 1, head), bytes]));
  });
  const said = [frame(0, spoken(0, hello)), ...parts];
  const talk = Buffer.concat([protocol, reserved, named, Buffer.alloc(20, 7), ...said]);
  return random(9) === 0 ? Buffer.from(mutated(talk, random)) : talk;
}

it(`metadata that ${600 * scale} liars give is refused, or is what was asked for by its length`, async () => {
  const random = seededRandom(seed + 2);
  const info = new Uint8Array(40_000).fill(1);
  const fresh = () => Array.from({ length: 64 }, () => metadataTalk(info, random));
  const talks = fresh();
  let next = 0;
  const server = createServer((socket) => {
    socket.on("error", () => {}).resume();
    next += 1;
    socket.end(talks[next % talks.length] ?? "");
    if (next % talks.length === 0) talks.splice(0, talks.length, ...fresh());
  });
  await new Promise<void>((resolve) => server.listen(0, LOCALHOST, resolve));
  const address = addressOf(server.address());
  const ends = { given: 0, refused: 0 };
  const wish = { infohash, peerId: new Uint8Array(20) };
  for (let round = 0; round < (600 * scale) / 20; round += 1) {
    const asked = Array.from({ length: 20 }, async () => {
      try {
        const got = await metadataFrom(address, wish, AbortSignal.timeout(20_000));
        expect(got.length).toBeLessThanOrEqual(10_000_000);
        ends.given += 1;
      } catch (error) {
        expect(error).toBeInstanceOf(Error);
        ends.refused += 1;
      }
    });
    await Promise.all(asked);
  }
  await new Promise((resolve) => server.close(resolve));
  expect(Math.min(ends.given, ends.refused)).toBeGreaterThan(20);
});

/** A clock that runs a second with each look: nobody is told to wait. */
function quickClock() {
  let nowMs = 1_800_000_000_000;
  return {
    nowMs: () => {
      nowMs += 1_000;
      return nowMs;
    },
  };
}

const ids = Array.from({ length: 8 }, (_, number) => hash("sha1", `node ${number}`, "buffer"));
const fields = (random: Random) =>
  new Map<string, Bencodable>([
    ["id", some(ids, random)],
    ["target", some(ids, random)],
    ["info_hash", infohashBytes],
    ["token", new Uint8Array(random(30))],
    ["port", random(70_000)],
    ["implied_port", random(2)],
    ["nodes", nodeList(random)],
    ["values", Array.from({ length: random(5) }, () => peerList(random).slice(0, 6))],
    ["v", new Uint8Array(random(900))],
    ...(random(3) === 0
      ? ([
          ["k", new Uint8Array(32)],
          ["sig", new Uint8Array(64)],
          ["seq", random(9)],
          ["salt", new Uint8Array(random(70))],
        ] as const)
      : []),
  ]);
const nodeList = (random: Random) =>
  Buffer.concat(
    Array.from({ length: random(6) }, () =>
      Buffer.concat([
        some(ids, random),
        toCompact([`${some(INSIDE, random)}:${1 + random(9)}`], 4),
      ]),
    ),
  );

it(`the DHT outlives ${4_000 * scale} datagrams, answers to its own questions among them, and finds peers afterwards`, async () => {
  const random = seededRandom(seed + 3);
  const clock = quickClock();
  const stranger = await bind();
  const node = { host: LOCALHOST, port: 0, events: silentEvents, clock };
  await using first = await openDht({ ...node, bootstrap: [addressOf(stranger.address())] });
  let answered = 0;
  const say = (dictionary: Map<string, Bencodable>) =>
    stranger.send(distorted(dictionary, random), first.port, LOCALHOST);
  // To each question an answer with the right number, and something wrong.
  stranger.on("message", (datagram) => {
    const [, length = "", rest = ""] = /1:t(\d):(.*)$/s.exec(datagram.toString("latin1")) ?? [];
    answered += 1;
    const transaction = Buffer.from(rest.slice(0, Number(length)), "latin1");
    say(
      new Map<string, Bencodable>([
        ["t", transaction],
        ["y", "r"],
        ["r", fields(random)],
      ]),
    );
  });
  const names = ["ping", "find_node", "get_peers", "announce_peer", "get", "put"];
  for (let sent = 0; sent < 4_000 * scale; sent += 1) {
    say(
      new Map<string, Bencodable>([
        ["t", new Uint8Array(random(5))],
        ["y", some(["q", "q", "r", "e"], random)],
        ["q", some(names, random)],
        ["a", fields(random)],
        ["r", fields(random)],
        ["e", [201, "no"]],
      ]),
    );
    if (sent % 500 === 0) {
      void first.lookup(infohash, () => {}, AbortSignal.timeout(2_000)).catch(() => {});
      void first.announce(infohash, 7_001).catch(() => {});
    }
    // No faster than it is heard.
    if (sent % 50 === 49) await new Promise((resolve) => setImmediate(resolve));
  }
  stranger.close();
  expect(answered).toBeGreaterThan(10);
  const bootstrap = [`${LOCALHOST}:${first.port}`];
  await using second = await openDht({ ...node, bootstrap });
  const wanted = "cd".repeat(20);
  await second.announce(wanted, 7_002);
  const found: string[] = [];
  await second.lookup(wanted, (address) => found.push(address), AbortSignal.timeout(20_000));
  expect(found).toContain(`${LOCALHOST}:7002`);
}, 120_000);

it("the DHT of a node on the internet is not sent inside by what strangers answer", async () => {
  const random = seededRandom(seed + 4);
  const stranger = await bind();
  const canary = createSocket("udp4").bind(0, "127.0.0.77");
  let alarms = 0;
  canary.on("message", () => {
    alarms += 1;
  });
  await once(canary, "listening");
  const trap = toCompact([`127.0.0.77:${canary.address().port}`], 4);
  const outside = toCompact(
    OUTSIDE.map((host) => `${host}:6881`),
    4,
  );
  stranger.on("message", (datagram, from) => {
    const [, transaction = ""] = /1:t2:(.{2})/s.exec(datagram.toString("latin1")) ?? [];
    const listed = [trap, toCompact(["10.0.0.1:1", "192.168.1.1:80"], 4), outside];
    const values = listed.flatMap((list) =>
      Array.from({ length: list.length / 6 }, (_, at) => list.slice(6 * at, 6 * at + 6)),
    );
    const r = new Map<string, Bencodable>([
      ["id", ids[0] ?? ""],
      ["nodes", Buffer.concat([some(ids, random), trap])],
      ["token", "abcd"],
      ["values", values],
    ]);
    const answer = new Map<string, Bencodable>([
      ["t", Buffer.from(transaction, "latin1")],
      ["y", "r"],
      ["r", r],
    ]);
    stranger.send(encodeBencode(answer), from.port, from.address);
  });
  const bootstrap = [addressOf(stranger.address())];
  await using node = await openDht({ host: "0.0.0.0", port: 0, bootstrap, events: silentEvents });
  const found: string[] = [];
  await node.lookup(infohash, (address) => found.push(address), AbortSignal.timeout(20_000));
  expect(found.toSorted()).toEqual(OUTSIDE.map((host) => `${host}:6881`).toSorted());
  expect(alarms).toBe(0);
  stranger.close();
  canary.close();
});
it(`local discovery outlives ${3_000 * scale} datagrams, and hears an honest one afterwards`, async () => {
  const random = seededRandom(seed + 5);
  const heard: string[] = [];
  const local = { clock: quickClock(), interface: LOCALHOST };
  await using node = await openLocalDiscovery({ ...local, port: 0 });
  node.join({ infohash, port: 7_001, onPeer: (address) => heard.push(address) });
  const stranger = await bind();
  const lines = [
    "BT-SEARCH * HTTP/1.1",
    "Host: 239.192.152.143:6771",
    "Port: 6881",
    `Infohash: ${infohash}`,
    "cookie: abc",
    "",
    "",
  ];
  for (let sent = 0; sent < 3_000 * scale; sent += 1) {
    const said = lines.flatMap((line) => {
      const fate = random(12);
      if (fate === 0) return [];
      if (fate === 1) return [line, ...Array.from({ length: random(30) }, () => line)];
      return fate === 2
        ? [line.replace(/\d+|ab/, some(["0", "-1", "65536", "9e9", "\0"], random))]
        : [line];
    });
    const text = Buffer.from(said.join("\r\n"), "latin1");
    stranger.send(random(3) === 0 ? mutated(text, random) : text, node.port, LOCALHOST);
    if (sent % 50 === 49) await new Promise((resolve) => setImmediate(resolve));
  }
  const before = heard.length;
  expect(before).toBeGreaterThan(0);
  // The host is where the datagram came from, whatever it says.
  expect(heard.filter((address) => !/^127\.0\.0\.1:[1-9]\d{0,4}$/.test(address))).toEqual([]);
  const honest = () =>
    stranger.send(lines.join("\r\n").replace("6881", "7777"), node.port, LOCALHOST);
  for (let time = 0; time < 500 && !heard.includes(`${LOCALHOST}:7777`); time += 1) {
    honest();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  expect(heard).toContain(`${LOCALHOST}:7777`);
  stranger.close();
});
