// Goal: crowds that say nothing, little or far too much cost bounded memory, and others are served.
// Method: raw sockets from many loopback addresses against a seed, while an honest leech fetches.
import { connect, type Socket } from "node:net";
import { expect, it } from "vitest";
import { type Bencodable, encodeBencode } from "../../src/p2p/bencode.ts";
import { GATE_EXTENSION, helloFields } from "../../src/p2p/gate-message.ts";
import { LISTENER_SOCKETS_MAX } from "../../src/p2p/limits.ts";
import {
  joinLeech,
  joinSeed,
  makeFilm,
  newKey,
  RawClient,
  readAll,
  soon,
  until,
  verifier,
} from "./p2p-kit.ts";

const FILM_BYTES = 2_000_000;
const GROWTH_MAX_BYTES = 120_000_000;

class Crowd implements Disposable {
  readonly sockets: Socket[] = [];
  readonly #port: number;
  #opened = 0;

  constructor(port: number) {
    this.#port = port;
  }

  get connected(): number {
    return this.sockets.filter((socket) => !socket.destroyed && !socket.connecting).length;
  }

  /** Each ten of them come from another address: one address is soon told to wait. */
  async join(count: number): Promise<void> {
    for (let number = 0; number < count; number += 1) {
      this.#opened += 1;
      const localAddress = `127.0.${2 + (this.#opened >> 8)}.${1 + ((this.#opened & 0xff) >> 3)}`;
      const socket = connect({ host: "127.0.0.1", port: this.#port, localAddress });
      socket.on("error", () => {});
      this.sockets.push(socket);
      await new Promise<void>((resolve) => socket.once("connect", resolve).once("close", resolve));
    }
  }

  [Symbol.dispose](): void {
    for (const socket of this.sockets) socket.destroy();
  }
}

function handshakeOf(infohash: string): Buffer {
  const reserved = Buffer.from([0, 0, 0, 0, 0, 0x10, 0, 4]);
  const protocol = Buffer.from("\u0013BitTorrent protocol", "latin1");
  return Buffer.concat([protocol, reserved, Buffer.from(infohash, "hex"), Buffer.alloc(20, 1)]);
}

it("1,000 connections that say nothing do not keep an honest peer out", async () => {
  await using film = await makeFilm(FILM_BYTES);
  await using seed = await joinSeed(film);
  const beforeBytes = process.memoryUsage().rss;
  using crowd = new Crowd(seed.listener.port);
  await crowd.join(1_000);
  await until(() => crowd.connected <= LISTENER_SOCKETS_MAX, "the rest was sent away");
  expect(crowd.connected).toBeGreaterThan(0);
  // Places that time out are taken again at once, many times over.
  const refill = setInterval(() => void crowd.join(10), 20);
  using parts = new DisposableStack();
  parts.defer(() => clearInterval(refill));
  await using leech = await joinLeech(film, [seed.address]);
  const got = await readAll(leech.swarm.read(0, FILM_BYTES, soon()));
  expect(got.equals(film.bytes)).toBe(true);
  expect(process.memoryUsage().rss - beforeBytes).toBeLessThan(GROWTH_MAX_BYTES);
});

it("500 connections that speak a byte at a time end at their handshake's time, and others are served", async () => {
  await using film = await makeFilm(FILM_BYTES);
  await using seed = await joinSeed(film);
  const beforeBytes = process.memoryUsage().rss;
  const said = handshakeOf(film.torrent.infohash);
  using crowd = new Crowd(seed.listener.port);
  using parts = new DisposableStack();
  await crowd.join(500);
  let spoken = 0;
  const drip = setInterval(() => {
    // Never the last byte: a handshake that does not end.
    const byte = said.subarray(spoken % 67, (spoken % 67) + 1);
    if (spoken < 67) for (const socket of crowd.sockets) socket.write(byte);
    spoken += 1;
  }, 100);
  parts.defer(() => clearInterval(drip));
  await using leech = await joinLeech(film, [seed.address]);
  const got = await readAll(leech.swarm.read(0, FILM_BYTES, soon()));
  expect(got.equals(film.bytes)).toBe(true);
  await until(() => crowd.connected === 0, "the slow ones were cut off", 30_000);
  expect(process.memoryUsage().rss - beforeBytes).toBeLessThan(GROWTH_MAX_BYTES);
});

it("a peer that asks a million times and reads nothing is cut off, and others are served", async () => {
  await using film = await makeFilm(FILM_BYTES);
  await using seed = await joinSeed(film);
  await using leech = await joinLeech(film, [seed.address]);
  const request = Buffer.alloc(17);
  request.writeUInt32BE(13);
  request[4] = 6;
  request.writeUInt32BE(16_384, 13);
  const thousand = Buffer.concat(Array.from({ length: 1_000 }, () => request));
  const socket = connect(seed.listener.port, "127.0.0.1");
  using parts = new DisposableStack();
  parts.adopt(socket, (each) => each.destroy());
  socket.on("error", () => {});
  socket.pause();
  const beforeBytes = process.memoryUsage().rss;
  socket.write(handshakeOf(film.torrent.infohash));
  socket.write(Buffer.from([0, 0, 0, 1, 2]));
  for (let sent = 0; sent < 1_000 && !socket.destroyed; sent += 1) {
    if (!socket.write(thousand)) await new Promise((resolve) => setTimeout(resolve, 1));
  }
  const got = await readAll(leech.swarm.read(0, FILM_BYTES, soon()));
  expect(got.equals(film.bytes)).toBe(true);
  await until(() => "REQUEST_FLOOD" in seed.swarm.stats().closed, "the flood was cut off");
  expect(process.memoryUsage().rss - beforeBytes).toBeLessThan(GROWTH_MAX_BYTES);
});

it("a peer that shows another key, admits before it proves, or admits a thousand times, gets nothing", async () => {
  await using film = await makeFilm(FILM_BYTES);
  await using seed = await joinSeed(film, { deviceKey: newKey(), upload: verifier });
  const hello = (fill: number) => {
    const face = { key: new Uint8Array(32).fill(fill), nonce: new Uint8Array(32).fill(fill) };
    const fields = helloFields({ ...face, gatesUploads: true, holdsToken: true });
    const numbers = new Map([[GATE_EXTENSION, 1]]);
    return encodeBencode(new Map<string, Bencodable>([["m", numbers], ...Object.entries(fields)]));
  };
  const admit = Buffer.from("d1:m1:a1:t1:xe");
  const attacks: readonly ((raw: RawClient) => void)[] = [
    (raw) => {
      for (const fill of [1, 2]) raw.extended(0, hello(fill));
      raw.extended(1, admit);
    },
    (raw) => raw.extended(1, admit),
    (raw) => {
      raw.extended(0, hello(1));
      for (let time = 0; time < 1_000; time += 1) raw.extended(1, admit);
    },
  ];
  for (const attack of attacks) {
    using raw = new RawClient(seed.listener.port);
    raw.handshake(film.torrent.infohash);
    attack(raw);
    for (let index = 0; index < 4; index += 1) raw.message(6, index, 0, 16_384);
    await until(() => raw.isClosed, "the wire was closed");
    expect(raw.payloadBytes).toBe(0);
  }
  expect(seed.swarm.stats()).toMatchObject({ bytesUp: 0, ungatedBytesUp: 0 });
});
