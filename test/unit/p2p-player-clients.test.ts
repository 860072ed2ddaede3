// Goal: scripts, proxies and players that were written for such engines work as they are.
// Method: each test does step by step what one kind of public client does: which address it asks, in
// which order, which fields it reads and of which type, when it stops.
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../../src/lib/clock.ts";
import { type Listener, openListener } from "../../src/p2p/listener.ts";
import { liveMedia, type Media } from "../../src/p2p/media.ts";
import type { Player } from "../../src/p2p/player.ts";
import { type Film, joinSeed, makeFilm, type Party } from "./p2p-kit.ts";
import { getJson, joinFilm, MadeLive, sourceOf, withPlayer } from "./player-kit.ts";

const FILM_BYTES = 400_000;
const stack = new AsyncDisposableStack();
let film: Film;
let seed: Party;
let listener: Listener;

beforeAll(async () => {
  film = stack.use(await makeFilm(FILM_BYTES));
  seed = stack.use(await joinSeed(film));
  listener = stack.use(await openListener({ host: "127.0.0.1", port: 0, clock: systemClock }));
});
afterAll(() => stack.disposeAsync());

async function withBoth<T>(use: (player: Player, live: MadeLive) => Promise<T>): Promise<T> {
  const live = new MadeLive();
  live.make(40);
  const { torrent } = film;
  const join = () => joinFilm({ torrent, listener, peers: [seed.address] });
  const contents = sourceOf(
    new Map<string, () => Promise<Media>>([
      [torrent.infohash, join],
      [live.streamId, async () => liveMedia(live)],
    ]),
  );
  return await withPlayer(contents, (player) => use(player, live));
}

describe("a proxy that multiplexes one stream to many", () => {
  // It decodes the answer into fixed types: text, whole numbers, and an error that is text or null.
  it("starts by infohash with a player id, reads the playback address, stops by the command", async () => {
    await withBoth(async ({ url }, live) => {
      const query = `format=json&infohash=${live.streamId}&pid=0b0f6d5e-7a38-4b5c-9f0e-2b1d1c6b7e11`;
      const { body } = await getJson(`${url}/ace/getstream?${query}`);
      const answer = body.response ?? {};
      expect(body["error"]).toBeNull();
      for (const field of [
        "playback_url",
        "stat_url",
        "command_url",
        "infohash",
        "playback_session_id",
      ]) {
        expect(answer[field], field).toBeTypeOf("string");
      }
      for (const field of ["is_live", "is_encrypted", "client_session_id"]) {
        expect(Number.isInteger(answer[field]), field).toBe(true);
      }
      const stream = await fetch(String(answer["playback_url"]));
      expect(stream.status).toBe(200);
      await stream.body?.cancel();
      const stopped = await getJson(`${String(answer["command_url"])}?method=stop`);
      expect(stopped.body).toEqual({ response: "ok", error: null });
    });
  });

  it("or takes HLS, whose list it reads again and again", async () => {
    await withBoth(async ({ url }, live) => {
      const query = `format=json&id=${live.streamId}&pid=1&transcode_audio=0&transcode_ac3=0`;
      const { body } = await getJson(`${url}/ace/manifest.m3u8?${query}`);
      const listUrl = String(body.response?.["playback_url"]);
      const numbers: number[] = [];
      for (let reads = 0; reads < 3; reads += 1) {
        const list = await (await fetch(listUrl)).text();
        numbers.push(Number(/MEDIA-SEQUENCE:(\d+)/.exec(list)?.[1]));
        const last = list.split("\n").findLast((line) => line.startsWith("http")) ?? "";
        expect((await fetch(last)).headers.get("content-type")).toBe("video/mp2t");
        live.make(8);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      expect(numbers).toEqual(numbers.toSorted((left, right) => left - right));
      expect(new Set(numbers).size).toBe(3);
    });
  });
});

describe("a script that starts a player", () => {
  // It opens no connection to the film before the state is `dl`: the engine must begin by itself.
  it.each(["film", "live"])(
    "waits until the state is dl, without having read: %s",
    async (kind) => {
      await withBoth(async ({ url }, live) => {
        const version = await getJson(`${url}/webui/api/service?method=get_version&format=json`);
        expect(version.body).toMatchObject({
          result: { version: "1.2.3", code: 1_020_300, platform: process.platform },
          error: null,
        });
        const id = kind === "film" ? film.torrent.infohash : live.streamId;
        const sid = "da39a3ee5e6b4b0d3255bfef95601890afd80709";
        const { body } = await getJson(`${url}/ace/getstream?format=json&sid=${sid}&id=${id}`);
        const statUrl = String(body.response?.["stat_url"]);
        const states: unknown[] = [];
        while (states.at(-1) !== "dl" && states.length < 500) {
          const { body: stat } = await getJson(statUrl);
          const { status, peers, speed_down, speed_up, downloaded } = Object(stat.response);
          expect([peers, speed_down, speed_up, downloaded].every(Number.isInteger)).toBe(true);
          states.push(status);
          await new Promise((resolve) => setTimeout(resolve, 10));
        }
        expect(["prebuf", "dl"]).toContain(states[0]);
        expect(states.at(-1)).toBe("dl");
        const play = await fetch(String(body.response?.["playback_url"]));
        expect(play.status).toBe(200);
        await play.body?.cancel();
      });
    },
  );

  it("that polls events until the session is unknown ends, whatever came before", async () => {
    await withBoth(async ({ url }, live) => {
      const query = `id=${live.streamId}&format=json&use_api_events=1&use_stop_notifications=1&hlc=1&spv=0`;
      const { body } = await getJson(`${url}/ace/manifest.m3u8?${query}`);
      const seen: unknown[] = [];
      const polling = (async () => {
        while (true) {
          const event = await getJson(String(body.response?.["event_url"]));
          if (event.body["error"] === "unknown playback session id") return;
          seen.push(Object(event.body.response).name);
        }
      })();
      await new Promise((resolve) => setTimeout(resolve, 30));
      await getJson(`${String(body.response?.["command_url"])}?method=stop`);
      await polling;
      expect(seen).toEqual(["download_stopped"]);
    });
  });
});

describe("a media player", () => {
  it("that is given the address itself follows to the film, with HEAD first and then ranges", async () => {
    await withBoth(async ({ url }) => {
      const address = `${url}/ace/getstream?infohash=${film.torrent.infohash}`;
      const head = await fetch(address, { method: "HEAD" });
      expect([head.status, head.headers.get("content-length")]).toEqual([200, String(FILM_BYTES)]);
      // It keeps the first address and asks it again for each range.
      const parts = await Promise.all(
        ["bytes=0-99999", "bytes=390000-", "bytes=100000-389999"].map(async (range) => {
          const part = await fetch(address, { headers: { range } });
          expect(part.status).toBe(206);
          return Buffer.from(await part.arrayBuffer());
        }),
      );
      const [first = Buffer.alloc(0), last = Buffer.alloc(0), middle = Buffer.alloc(0)] = parts;
      expect(Buffer.concat([first, middle, last]).equals(film.bytes)).toBe(true);
    });
  });

  it("that asks for HLS of a film gets the film: it finds out by itself what it is", async () => {
    await withBoth(async ({ url }) => {
      const answer = await fetch(`${url}/ace/manifest.m3u8?id=${film.torrent.infohash}`);
      expect(answer.headers.get("content-type")).toBe("video/mp4");
      expect((await answer.arrayBuffer()).byteLength).toBe(FILM_BYTES);
    });
  });

  it("that speaks HTTP/1.0 and knows no chunks gets a live stream that ends with the connection", async () => {
    await withBoth(async ({ url }, live) => {
      const { body } = await getJson(`${url}/ace/getstream?format=json&id=${live.streamId}`);
      const playUrl = String(body.response?.["playback_url"]);
      const { port, pathname, host } = new URL(playUrl);
      const socket = connect(Number(port), "127.0.0.1");
      socket.write(`GET ${pathname} HTTP/1.0\r\nHost: ${host}\r\n\r\n`);
      const bytes = await new Promise<Buffer>((resolve) => {
        let seen = Buffer.alloc(0);
        socket.on("data", (chunk: Buffer) => {
          seen = Buffer.concat([seen, chunk]);
          if (seen.length > 2_000) resolve(seen);
        });
      });
      socket.destroy();
      const [head = "", ...rest] = bytes.toString("latin1").split("\r\n\r\n");
      expect(head).toContain("200 OK");
      expect(head.toLowerCase()).not.toContain("transfer-encoding");
      // Packets begin at once: no size of a chunk stands before them.
      expect(rest.join("").length).toBeGreaterThan(188);
    });
  });

  it("of a television is told that it may seek", async () => {
    await withBoth(async ({ url }) => {
      const headers = { "getcontentFeatures.dlna.org": "1" };
      const answer = await fetch(`${url}/ace/getstream?infohash=${film.torrent.infohash}`, {
        method: "HEAD",
        headers,
      });
      expect(answer.headers.get("contentfeatures.dlna.org")).toContain("DLNA.ORG_OP=01");
    });
  });
});

describe("an add-on that sends all that it knows of a content", () => {
  it("is played what it names first, whatever else it sends, and what is empty counts for nothing", async () => {
    await withBoth(async ({ url }, live) => {
      const { infohash } = film.torrent;
      const query = `content_id=&id=${infohash}&infohash=${live.streamId}&url=&.mp4&format=json`;
      const { body } = await getJson(`${url}/ace/getstream?${query}`);
      expect(body.response).toMatchObject({ infohash, is_live: 0 });
      const none = await getJson(`${url}/ace/getstream?content_id=&infohash=&format=json`);
      expect([none.status, none.body]).toMatchObject([400, { response: null }]);
    });
  });
});

describe("a list of what a torrent holds", () => {
  it("names the files with their places, and _idx plays one of them", async () => {
    await withBoth(async ({ url }) => {
      const { infohash } = film.torrent;
      const list = `${url}/server/api?api_version=3&method=get_media_files&infohash=${infohash}`;
      expect((await getJson(list)).body.result).toEqual({
        infohash,
        name: "film.mp4",
        type: "vod",
        transport_type: "bt",
        files: [{ index: 0, filename: "film.mp4", mime: "video/mp4", size: FILM_BYTES }],
      });
      for (const [index, status] of [
        ["0", 200],
        ["-1", 200],
        ["", 200],
        ["7", 400],
        ["x", 400],
      ] as const) {
        const address = `${url}/ace/getstream?infohash=${infohash}&_idx=${index}`;
        expect([index, (await fetch(address, { method: "HEAD" })).status]).toEqual([index, status]);
      }
    });
  });
});
