// Goal: when nine of ten peers of a swarm are made up by one attacker, a player goes on, every byte right.
// Method: eighteen connections that claim to have everything and are silent, refuse, choke, drip or lie, and
//         two honest seeds that come last, over real sockets.
import { randomBytes } from "node:crypto";
import { createServer, type Socket } from "node:net";
import { expect, it } from "vitest";
import { type Film, joinLeech, joinSeed, makeFilm, readAll } from "./p2p-kit.ts";

const FILM_BYTES = 1_000_000;
const SYBILS = 18;
const HONEST = 2;
const PLAY_MS_MAX = 60_000;

type Manner = (request: Buffer, socket: Socket) => void;

/** What a sybil answers to a request; the request's body is index, offset and length. */
const manners: Readonly<Record<string, Manner>> = {
  silent: () => {},
  refusing: (request, socket) => socket.write(framed(16, request)),
  lying: (request, socket) => {
    const block = Buffer.alloc(request.readUInt32BE(8), 0x66);
    socket.write(framed(7, request.subarray(0, 8), block));
  },
  cutting: (_, socket) => socket.destroy(),
  choking: (_, socket) => socket.write(Buffer.concat([framed(0), framed(1)])),
  "late and lying": (request, socket) => {
    const block = Buffer.alloc(request.readUInt32BE(8), 0x67);
    setTimeout(() => socket.write(framed(7, request.subarray(0, 8), block)), 400);
  },
};

function framed(id: number, ...parts: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(parts);
  const head = Buffer.alloc(5);
  head.writeUInt32BE(1 + body.length);
  head[4] = id;
  return Buffer.concat([head, body]);
}

async function openSybil(film: Film, manner: Manner) {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    const head = Buffer.from("\u0013BitTorrent protocol\0\0\0\0\0\0\0\u0004", "latin1");
    const id = Buffer.concat([Buffer.from("-SY0000-"), randomBytes(12)]);
    socket.write(Buffer.concat([head, Buffer.from(film.torrent.infohash, "hex"), id]));
    socket.write(Buffer.concat([framed(14), framed(1)]));
    let buffer = Buffer.alloc(0);
    let skipped = 68;
    socket.on("data", (data: Buffer) => {
      buffer = Buffer.concat([buffer, data]);
      if (buffer.length < skipped) return;
      buffer = buffer.subarray(skipped);
      skipped = 0;
      while (buffer.length >= 4 && buffer.length >= 4 + buffer.readUInt32BE(0)) {
        const frame = buffer.subarray(4, 4 + buffer.readUInt32BE(0));
        buffer = buffer.subarray(4 + frame.length);
        if (frame[0] === 6 && socket.writable) manner(Buffer.from(frame.subarray(1)), socket);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const bound = server.address();
  return {
    address: `127.0.0.1:${typeof bound === "object" && bound !== null ? bound.port : 0}`,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const all = Object.values(manners);
const crowds: readonly (readonly [string, readonly Manner[]])[] = [
  ["all kinds at once", all],
  ...Object.entries(manners).map(([name, manner]) => [name, [manner]] as const),
];

it.each(crowds)(
  "plays on among nine sybils of ten: %s",
  async (_name, crowd) => {
    await using parts = new AsyncDisposableStack();
    const film = parts.use(await makeFilm(FILM_BYTES, { pieceLength: 65_536 }));
    const sybils: string[] = [];
    for (let number = 0; number < SYBILS; number += 1) {
      const sybil = parts.use(await openSybil(film, crowd[number % crowd.length] ?? (() => {})));
      sybils.push(sybil.address);
    }
    const honest: string[] = [];
    for (let number = 0; number < HONEST; number += 1)
      honest.push(parts.use(await joinSeed(film)).address);
    const leech = parts.use(await joinLeech(film, [...sybils, ...honest]));
    const limit = AbortSignal.timeout(PLAY_MS_MAX);
    const got = await readAll(leech.swarm.read(0, FILM_BYTES, limit));
    expect(got.equals(film.bytes)).toBe(true);
  },
  PLAY_MS_MAX + 20_000,
);
