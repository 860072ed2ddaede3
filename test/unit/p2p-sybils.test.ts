// Goal: when nine of ten peers of a swarm are made up by one attacker, a player goes on, every byte right.
// Method: eighteen connections that claim to have everything and are silent, refuse, choke, drip or lie, and
//         two honest seeds that come last, over real sockets.
import type { Socket } from "node:net";
import { expect, it } from "vitest";
import { openRawSeed, type RawSeed } from "../support/raw-seed.ts";
import { frame } from "../support/wire-talk.ts";
import { type Film, joinLeech, joinSeed, makeFilm, readAll } from "./p2p-kit.ts";

const FILM_BYTES = 1_000_000;
const SYBILS = 18;
const HONEST = 2;
const PLAY_MS_MAX = 60_000;

type Manner = (request: Buffer, socket: Socket) => void;

/** What a sybil answers to a request; the request's body is index, offset and length. */
const manners: Readonly<Record<string, Manner>> = {
  silent: () => {},
  refusing: (request, socket) => socket.write(frame(16, request)),
  lying: (request, socket) => {
    const block = Buffer.alloc(request.readUInt32BE(8), 0x66);
    socket.write(frame(7, Buffer.concat([request.subarray(0, 8), block])));
  },
  cutting: (_, socket) => socket.destroy(),
  choking: (_, socket) => socket.write(Buffer.concat([frame(0), frame(1)])),
  "late and lying": (request, socket) => {
    const block = Buffer.alloc(request.readUInt32BE(8), 0x67);
    setTimeout(() => socket.write(frame(7, Buffer.concat([request.subarray(0, 8), block]))), 400);
  },
};

const REQUEST = 6;

function openSybil({ torrent }: Film, manner: Manner): Promise<RawSeed> {
  return openRawSeed(torrent.infohash, (message, socket) => {
    if (message[0] === REQUEST && socket.writable) manner(message.subarray(1), socket);
  });
}

const all = Object.values(manners);
const crowds: readonly (readonly [string, readonly Manner[]])[] = [
  ["all kinds at once", all],
  ...Object.entries(manners).map(([name, manner]) => [name, [manner]] as const),
];

// Side by side: such a crowd waits more than it works.
it.concurrent.each(crowds)(
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
