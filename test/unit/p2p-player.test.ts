// Goal: any player that speaks HTTP gets the film, its ranges, or a reason in the first second.
// Method: a real engine over a real swarm on loopback, asked with fetch and raw requests.
import { request } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../../src/lib/clock.ts";
import { AceError } from "../../src/lib/errors.ts";
import type { ContentSource } from "../../src/p2p/contents.ts";
import { type Listener, openListener } from "../../src/p2p/listener.ts";
import type { Player, PlayerOptions } from "../../src/p2p/player.ts";
import {
  type Film,
  hexOf,
  joinSeed,
  makeFilm,
  newKey,
  type Party,
  until,
  verifier,
} from "./p2p-kit.ts";
import { getJson, joinFilm, startPlaying, withPlayer } from "./player-kit.ts";

const FILM_BYTES = 400_000;
const seedKey = newKey();
const stack = new AsyncDisposableStack();
let film: Film;
let gatedFilm: Film;
let seed: Party;
let gatedSeed: Party;
let listener: Listener;
let joined = 0;

beforeAll(async () => {
  film = stack.use(await makeFilm(FILM_BYTES));
  gatedFilm = stack.use(await makeFilm(FILM_BYTES));
  listener = stack.use(await openListener({ host: "127.0.0.1", port: 0, clock: systemClock }));
  seed = stack.use(await joinSeed(film));
  gatedSeed = stack.use(await joinSeed(gatedFilm, { deviceKey: seedKey, upload: verifier }));
});
afterAll(() => stack.disposeAsync());

const source: ContentSource = {
  find: async (name) => {
    const known = [film, gatedFilm].find(
      ({ torrent }) => torrent.infohash === name.value || torrent.contentId === name.value,
    );
    if (known !== undefined) return { infohash: known.torrent.infohash };
    throw new AceError("CONTENT_NOT_FOUND", `${name.value} is not in the catalogue`);
  },
  join: async (infohash) => {
    joined += 1;
    const isGated = infohash === gatedFilm.torrent.infohash;
    const { torrent } = isGated ? gatedFilm : film;
    const token = async () => {
      throw new AceError("LICENCE_MISSING", "no licence for this film");
    };
    const download = { tokens: { token }, serverKeys: [hexOf(seedKey)] };
    return await joinFilm({
      torrent,
      listener,
      peers: [isGated ? gatedSeed.address : seed.address],
      ...(isGated ? { gate: { deviceKey: newKey(), download } } : {}),
    });
  },
};

const withEngine = <T>(use: (player: Player) => Promise<T>, more: Partial<PlayerOptions> = {}) =>
  withPlayer(source, use, more);

const start = (player: Player) => startPlaying(player, `id=${film.torrent.contentId}`);

it("a player is led to the film by its content id, its infohash, or id", async () => {
  await withEngine(async ({ url }) => {
    const { contentId, infohash } = film.torrent;
    for (const name of [`content_id=${contentId}`, `infohash=${infohash}`, `id=${contentId}`]) {
      const response = await fetch(`${url}/ace/getstream?${name}`);
      expect(response.redirected).toBe(true);
      expect(response.headers.get("content-type")).toBe("video/mp4");
      expect(Buffer.from(await response.arrayBuffer()).equals(film.bytes)).toBe(true);
    }
  });
});

it("a player is told where to play, to look and to stop", async () => {
  await withEngine(async (player) => {
    const session = await start(player);
    expect(session).toMatchObject({
      infohash: film.torrent.infohash,
      is_live: 0,
      is_encrypted: 0,
      playback_session_id: expect.stringMatching(/^[0-9a-f]{32}$/),
    });
    const { playback_url, stat_url, command_url } = session;
    await (await fetch(playback_url)).arrayBuffer();
    expect((await getJson(stat_url)).body).toMatchObject({
      response: { status: "dl", peers: 1, downloaded: FILM_BYTES, access: { state: "none" } },
      error: null,
    });
    expect((await getJson(`${command_url}?method=stop`)).body).toMatchObject({ response: "ok" });
    expect((await getJson(playback_url)).status).toBe(404);
  });
});

it("a player gets exactly the ranges it asks for", async () => {
  await withEngine(async (player) => {
    const { playback_url } = await start(player);
    const get = (range: string, more = {}) => fetch(playback_url, { headers: { range, ...more } });
    const part = await get("bytes=100000-100099");
    expect(part.status).toBe(206);
    expect(part.headers.get("content-range")).toBe(`bytes 100000-100099/${FILM_BYTES}`);
    const bytes = Buffer.from(await part.arrayBuffer());
    expect(bytes.equals(film.bytes.subarray(100_000, 100_100))).toBe(true);
    const tail = Buffer.from(await (await get("bytes=-5")).arrayBuffer());
    expect(tail.equals(film.bytes.subarray(-5))).toBe(true);
    const outside = await get(`bytes=${FILM_BYTES}-`);
    expect(outside.status).toBe(416);
    expect(outside.headers.get("content-range")).toBe(`bytes */${FILM_BYTES}`);
    const old = await get("bytes=0-9", { "if-range": '"another film"' });
    expect([old.status, (await old.arrayBuffer()).byteLength]).toEqual([200, FILM_BYTES]);
  });
});

it("a player may look before it plays: HEAD has the headers and no bytes", async () => {
  await withEngine(async (player) => {
    const { playback_url } = await start(player);
    const head = await fetch(playback_url, { method: "HEAD" });
    expect(head.status).toBe(200);
    expect(head.headers.get("content-length")).toBe(String(FILM_BYTES));
    expect(head.headers.get("accept-ranges")).toBe("bytes");
    const etag = head.headers.get("etag") ?? "";
    const same = await fetch(playback_url, { headers: { "if-none-match": etag } });
    expect(same.status).toBe(304);
  });
});

it("a player shares one swarm with others, which is left when the last is gone", async () => {
  await withEngine(async (player) => {
    joined = 0;
    const sessions = await Promise.all([start(player), start(player), start(player)]);
    expect(joined).toBe(1);
    expect(new Set(sessions.map((session) => session.playback_session_id)).size).toBe(3);
    for (const { command_url } of sessions) await fetch(`${command_url}?method=stop`);
    await new Promise((resolve) => setTimeout(resolve, 150));
    await start(player);
    expect(joined).toBe(2);
  });
});

it("a player that went away is forgotten", async () => {
  const options = { sessionIdleMs: 30 };
  await withEngine(async (player) => {
    const { stat_url } = await start(player);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect((await getJson(stat_url)).status).toBe(404);
  }, options);
});

describe("a player is refused", () => {
  it("a gated film without a licence, at once and with the place to buy one", async () => {
    const options: Partial<PlayerOptions> = { offerUrl: () => "http://127.0.0.1/offers/412" };
    await withEngine(async ({ url }) => {
      const { infohash } = gatedFilm.torrent;
      for (const format of ["", "&format=json"]) {
        const answer = await getJson(`${url}/ace/getstream?infohash=${infohash}${format}`);
        expect(answer).toMatchObject({
          status: 403,
          body: {
            response: null,
            error: "LICENCE_MISSING",
            hint: expect.any(String),
            offer_url: "http://127.0.0.1/offers/412",
          },
        });
      }
      expect(gatedSeed.swarm.stats().bytesUp).toBe(0);
    }, options);
  });

  it.each<[string, string, number, string]>([
    ["nothing named", "", 400, "REQUEST_INVALID"],
    ["half an infohash", "infohash=abc", 400, "REQUEST_INVALID"],
    ["a torrent nobody has", "url=http://films.example/a.torrent", 404, "CONTENT_NOT_FOUND"],
    ["a film nobody knows", `infohash=${"b".repeat(40)}`, 404, "CONTENT_NOT_FOUND"],
  ])("%s", async (_what, query, status, error) => {
    await withEngine(async ({ url }) => {
      const answer = await getJson(`${url}/ace/getstream?${query}`);
      expect(answer).toMatchObject({ status, body: { response: null, error } });
    });
  });

  it("another host name, another site's page, a guessed session, another method", async () => {
    await withEngine(async ({ url }) => {
      const { port } = new URL(url);
      const rebound = await new Promise<number | undefined>((resolve) => {
        const headers = { host: `evil.example:${port}` };
        request(`${url}/webui/api/service?method=get_version`, { headers }, (response) => {
          response.resume();
          resolve(response.statusCode);
        }).end();
      });
      expect(rebound).toBe(421);
      const service = `${url}/webui/api/service?method=get_version`;
      const foreign = await getJson(service, { headers: { origin: "https://evil.example" } });
      expect(foreign).toMatchObject({ status: 403, body: { error: "FORBIDDEN" } });
      expect((await getJson(`${url}/ace/r/${"0".repeat(32)}/film.mp4`)).status).toBe(404);
      expect((await getJson(service, { method: "POST" })).status).toBe(400);
      expect((await getJson(service)).body).toMatchObject({ result: { version: "1.2.3" } });
    });
  });

  it("a picture or a frame on another site's page, but not a link that is followed", async () => {
    await withEngine(async ({ url }) => {
      const ask = (dest: string, site: string) =>
        getJson(`${url}/webui/api/service?method=get_version`, {
          headers: { "sec-fetch-site": site, "sec-fetch-dest": dest, "sec-fetch-mode": "no-cors" },
        });
      expect(await ask("video", "cross-site")).toMatchObject({ status: 403 });
      expect(await ask("iframe", "cross-site")).toMatchObject({ status: 403 });
      expect(await ask("video", "same-site")).toMatchObject({ status: 200 });
      expect(await ask("document", "cross-site")).toMatchObject({ status: 200 });
    });
  });

  it("from another machine: the engine listens on loopback only", async () => {
    const opening = withEngine(async () => {}, { host: "0.0.0.0" });
    await expect(opening).rejects.toMatchObject({ code: "CONFIG_INVALID" });
  });

  it("sessions without end", async () => {
    await withEngine(async (player) => {
      const first = await start(player);
      for (let count = 0; count < 32; count += 1) await start(player);
      const stat = await getJson(first.stat_url);
      expect(stat).toMatchObject({ body: { error: "unknown playback session id" } });
    });
  });
});

it("says which port is taken", async () => {
  await withEngine(async ({ url }) => {
    const opening = withEngine(async () => {}, { port: Number(new URL(url).port) });
    await expect(opening).rejects.toMatchObject({ code: "PORT_IN_USE" });
  });
});

it("ends what it was sending when it is closed", async () => {
  let broken: Promise<unknown> = Promise.resolve();
  await withEngine(async (player) => {
    const { playback_url } = await start(player);
    const response = await fetch(playback_url);
    broken = response.arrayBuffer().catch(() => "broken off");
    await until(() => seed.swarm.stats().bytesUp > 0, "bytes flow");
  });
  await broken;
});
