// Goal: however wildly many players seek in one film at once, each byte that reaches one is the film's, and
//       nothing of them is left behind.
// Method: twenty players ask one engine over raw HTTP for ranges drawn from a seed, break off at any byte,
//         look with HEAD and come back, while slow seeds bring the film and a small store forgets it again.
import { Agent, type IncomingMessage, request } from "node:http";
import { describe, expect, it } from "vitest";
import { systemClock } from "../../src/lib/clock.ts";
import { READERS_MAX } from "../../src/p2p/limits.ts";
import { openListener } from "../../src/p2p/listener.ts";
import { filmMedia } from "../../src/p2p/media.ts";
import { memoryStore, type PieceStore } from "../../src/p2p/piece-store.ts";
import type { Player } from "../../src/p2p/player.ts";
import type { Swarm } from "../../src/p2p/swarm-port.ts";
import type { Torrent } from "../../src/p2p/torrent.ts";
import { chanceOf } from "../support/chance.ts";
import { type Film, joinSeed, makeFilm, until } from "./p2p-kit.ts";
import { joinAsPlayer, sourceOf, startPlaying, withPlayer } from "./player-kit.ts";

const FILM_BYTES = 6_000_000;
const PLAYERS = 20;
const STEPS = Number(process.env["ACE_SEEKS"] ?? "6");
const GROWTH_MAX_BYTES = 200_000_000;
const seed = Number(process.env["ACE_SEED"] ?? "20");
const SEED_BYTES_PER_S = 20_000_000;

type Chance = () => number;

interface Wish {
  readonly header: string | undefined;
  readonly status: number;
  /** What the answer holds. */
  readonly from: number;
  readonly length: number;
}

/** A range as players, probes and fuzzers write it, and what must come of it. */
function wishOf(chance: Chance): Wish {
  const from = Math.floor(chance() * FILM_BYTES);
  const length = Math.min(FILM_BYTES - from, 1 + Math.floor(chance() ** 3 * 2_000_000));
  const part = { status: 206, from, length };
  const kinds: readonly (() => Wish)[] = [
    () => ({ ...part, header: `bytes=${from}-${from + length - 1}` }),
    () => ({ ...part, header: `bytes=${from}-`, length: FILM_BYTES - from }),
    () => ({ ...part, header: `bytes=-${length}`, from: FILM_BYTES - length }),
    () => ({ ...part, header: `bytes=${from}-99999999999999`, length: FILM_BYTES - from }),
    () => ({ header: undefined, status: 200, from: 0, length: FILM_BYTES }),
    () => ({ header: `bytes=${FILM_BYTES + from}-`, status: 416, from: 0, length: 0 }),
    () => ({ header: "bytes=0-1,5-9", status: 200, from: 0, length: FILM_BYTES }),
  ];
  const place = chance() < 0.7 ? 0 : Math.floor(chance() * kinds.length);
  return (kinds[place] ?? kinds[0] ?? expect.unreachable)();
}

interface Asking {
  readonly url: string;
  readonly agent: Agent;
  readonly method: "GET" | "HEAD";
  /** The player goes away after so many bytes. */
  readonly untilBytes: number;
}

/** Asks, and holds what comes against the film; answers how many bytes of it came. */
async function ask(film: Film, wish: Wish, asking: Asking): Promise<number> {
  const { url, agent, method, untilBytes } = asking;
  const headers = wish.header === undefined ? {} : { range: wish.header };
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const sent = request(url, { agent, method, headers }, resolve);
  sent.on("error", reject);
  sent.end();
  const response = await promise;
  expect(response.statusCode, wish.header).toBe(wish.status);
  if (method === "HEAD" || wish.status === 416) {
    for await (const chunk of response) if (method === "HEAD") expect(chunk).toHaveLength(0);
    return 0;
  }
  expect(Number(response.headers["content-length"])).toBe(wish.length);
  let at = 0;
  for await (const chunk of response) {
    const bytes: Buffer = chunk;
    const isSame = film.bytes.compare(
      bytes,
      0,
      bytes.length,
      wish.from + at,
      wish.from + at + bytes.length,
    );
    expect(isSame, `${wish.header} at ${at}`).toBe(0);
    at += bytes.length;
    if (at >= untilBytes) {
      sent.destroy();
      return at;
    }
  }
  expect(at).toBe(wish.length);
  return at;
}

const start = (player: Player, { torrent }: Film) =>
  startPlaying(player, `id=${torrent.contentId}`);

/** One person with a remote control. */
async function playWildly(player: Player, film: Film, chance: Chance): Promise<number> {
  const agent = new Agent({ keepAlive: chance() < 0.5 });
  let session = await start(player, film);
  let bytes = 0;
  for (let step = 0; step < STEPS; step += 1) {
    if (chance() < 0.15) {
      if (chance() < 0.5) await fetch(`${session.command_url}?method=stop`);
      session = await start(player, film);
    }
    const asking = () => ({
      url: session.playback_url,
      agent,
      method: chance() < 0.1 ? ("HEAD" as const) : ("GET" as const),
      untilBytes: chance() < 0.6 ? 1 + Math.floor(chance() ** 2 * 400_000) : FILM_BYTES,
    });
    // Some open the next place before they leave the last.
    const asked = Array.from({ length: chance() < 0.2 ? 2 : 1 }, () =>
      ask(film, wishOf(chance), asking()),
    );
    for (const got of await Promise.all(asked)) bytes += got;
  }
  await fetch(`${session.command_url}?method=stop`);
  agent.destroy();
  return bytes;
}

const socketCount = () =>
  process.getActiveResourcesInfo().filter((kind) => kind.startsWith("TCP")).length;

describe.each<readonly [string, (torrent: Torrent) => PieceStore]>([
  ["a store that holds all", (torrent) => memoryStore(torrent)],
  ["a store that holds a quarter", (torrent) => memoryStore(torrent, FILM_BYTES / 4)],
])("twenty players of one film, with %s,", (_name, storeOf) => {
  it("get the film's bytes wherever they seek, and leave nothing behind", async () => {
    await using parts = new AsyncDisposableStack();
    const film = parts.use(await makeFilm(FILM_BYTES, { pieceLength: 65_536 }));
    const rates = { swarm: { uploadBytesPerS: SEED_BYTES_PER_S } };
    const seeds = [
      parts.use(await joinSeed(film, undefined, { rates })),
      parts.use(await joinSeed(film, undefined, { rates })),
    ];
    const listener = parts.use(
      await openListener({ host: "127.0.0.1", port: 0, clock: systemClock }),
    );
    let swarm: Swarm | undefined;
    const join = async () => {
      const { torrent } = film;
      const peers = seeds.map(({ address }) => address);
      swarm = await joinAsPlayer({ torrent, store: storeOf(torrent), listener, peers });
      return filmMedia(swarm);
    };
    const { contentId } = film.torrent;
    await withPlayer(sourceOf(new Map([[contentId, join]])), async (player) => {
      await start(player, film);
      const socketsBefore = socketCount();
      const beforeBytes = process.memoryUsage().rss;
      const playing = Array.from({ length: PLAYERS }, (_, number) =>
        playWildly(player, film, chanceOf(seed * 1_000 + number)),
      );
      const bytes = await Promise.all(playing);
      expect(Math.min(...bytes)).toBeGreaterThan(0);
      // Whoever went away reads no more: as many as may read can begin at once, all over the film.
      const agent = new Agent();
      const url = (await start(player, film)).playback_url;
      const again = Array.from({ length: READERS_MAX }, (_, number) => {
        const wish = { status: 206, from: number * 90_000, length: 70_000 };
        const header = `bytes=${wish.from}-${wish.from + wish.length - 1}`;
        const asking = { url, agent, method: "GET" as const, untilBytes: FILM_BYTES };
        return ask(film, { ...wish, header }, asking);
      });
      expect(await Promise.all(again)).toEqual(Array.from({ length: READERS_MAX }, () => 70_000));
      agent.destroy();
      await until(() => socketCount() <= socketsBefore + 2, "the players' sockets are gone");
      expect(process.memoryUsage().rss - beforeBytes).toBeLessThan(GROWTH_MAX_BYTES);
      expect(swarm?.stats().closed ?? {}).toEqual({});
    });
  }, 90_000);
});
