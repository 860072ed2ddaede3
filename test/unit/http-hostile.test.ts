// Goal: what strangers may do to an HTTP server, they may do to the player and to the web seed, and others
//       are served meanwhile.
// Method: raw sockets against both: silence, a byte at a time, headers without end, ranges without end,
//         bodies without end, paths that climb, and words that proxies and servers read differently.
import { connect, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../../src/lib/clock.ts";
import { silentEvents } from "../../src/lib/events.ts";
import {
  HTTP_HEADERS_MS,
  PLAYER_CONNECTIONS_MAX,
  WEB_CONNECTIONS_MAX,
} from "../../src/p2p/limits.ts";
import { filmMedia } from "../../src/p2p/media.ts";
import { openWebSeedServer } from "../../src/p2p/web-seed-server.ts";
import { joinLeech, joinSeed, makeFilm, until } from "./p2p-kit.ts";
import { getJson, sourceOf, withPlayer } from "./player-kit.ts";

interface Server {
  readonly port: number;
  /** What it gives to anybody. */
  readonly path: string;
  readonly connectionsMax: number;
  readonly bytes: Buffer;
}

const NAMES = ["player", "web seed"] as const;
const stack = new AsyncDisposableStack();
const servers = new Map<string, Server>();

beforeAll(async () => {
  const film = stack.use(await makeFilm(300_000));
  const seed = stack.use(await joinSeed(film));
  const { torrent, bytes } = film;
  const { infohash } = torrent;
  const web = stack.use(
    await openWebSeedServer({
      host: "127.0.0.1",
      port: 0,
      find: (wanted) => (wanted === infohash ? { swarm: seed.swarm } : undefined),
      clock: systemClock,
      events: silentEvents,
    }),
  );
  const url = new URL(`${web.baseUrl}${infohash}/film.mp4`);
  const seeded = { port: Number(url.port), path: url.pathname, bytes };
  servers.set("web seed", { ...seeded, connectionsMax: WEB_CONNECTIONS_MAX });
  const join = async () => filmMedia((await joinLeech(film, [seed.address])).swarm);
  const { promise: over, resolve: end } = Promise.withResolvers<void>();
  const { promise: open, resolve: opened } = Promise.withResolvers<void>();
  const playing = withPlayer(sourceOf(new Map([[infohash, join]])), async (player) => {
    const { body } = await getJson(`${player.url}/ace/getstream?format=json&infohash=${infohash}`);
    const { pathname, port } = new URL(String(body.response?.["playback_url"]));
    const connectionsMax = PLAYER_CONNECTIONS_MAX;
    servers.set("player", { port: Number(port), path: pathname, bytes, connectionsMax });
    opened();
    await over;
  });
  stack.defer(async () => {
    end();
    await playing;
  });
  await open;
});
afterAll(() => stack.disposeAsync());

function serverOf(name: string): Server {
  const server = servers.get(name);
  if (server === undefined) throw new Error(`${name} is not open`);
  return server;
}

interface Talk extends Disposable {
  readonly socket: Socket;
  readonly heard: () => Buffer;
  readonly isOver: () => boolean;
}

function talkTo({ port }: Server, words = ""): Talk {
  const socket = connect(port, "127.0.0.1");
  const chunks: Buffer[] = [];
  let isOver = false;
  socket.on("error", () => {});
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  socket.on("close", () => {
    isOver = true;
  });
  if (words !== "") socket.write(words);
  const heard = () => Buffer.concat(chunks);
  return { socket, heard, isOver: () => isOver, [Symbol.dispose]: () => void socket.destroy() };
}

const requestOf = ({ port, path }: Server, more = "", target = path, method = "GET") =>
  `${method} ${target} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: close\r\n${more}\r\n`;

async function answerTo(server: Server, words: string): Promise<{ status: number; body: Buffer }> {
  using talk = talkTo(server, words);
  await until(talk.isOver, "the server has answered", 30_000);
  const heard = talk.heard();
  const [, status = "0"] = /^HTTP\/1\.1 (\d{3})/.exec(heard.toString("latin1", 0, 20)) ?? [];
  return { status: Number(status), body: heard.subarray(heard.indexOf("\r\n\r\n") + 4) };
}

async function expectServes(server: Server): Promise<void> {
  const { status, body } = await answerTo(server, requestOf(server, "Range: bytes=100-299\r\n"));
  expect(status).toBe(206);
  expect(body.equals(server.bytes.subarray(100, 300))).toBe(true);
}

// Both servers at once: such visitors cost time and no work.
describe("a crowd that says nothing", () => {
  it.concurrent.each(NAMES)(
    "the %s is free again soon though silence takes all its places",
    async (name) => {
      const server = serverOf(name);
      using crowd = new DisposableStack();
      const talks = Array.from({ length: server.connectionsMax + 50 }, (_, number) =>
        crowd.use(talkTo(server, number % 2 === 0 ? "" : "GET /")),
      );
      await until(
        () => talks.filter((talk) => talk.isOver()).length >= 50,
        "the rest was sent away",
      );
      await until(
        () => talks.every((talk) => talk.isOver()),
        "all were",
        3 * HTTP_HEADERS_MS + 10_000,
      );
      await expectServes(server);
    },
    60_000,
  );
});

describe("a visitor who is slow", () => {
  it.concurrent.each(NAMES)(
    "the %s ends who speaks a byte at a time",
    async (name) => {
      const server = serverOf(name);
      using talk = talkTo(server);
      const words = requestOf(server, `X-Slow: ${"x".repeat(10_000)}\r\n`);
      let at = 0;
      const drip = setInterval(() => {
        talk.socket.write(words.slice(at, at + 1));
        at += 1;
      }, 50);
      using parts = new DisposableStack();
      parts.defer(() => clearInterval(drip));
      await until(talk.isOver, "it was cut off", 3 * HTTP_HEADERS_MS + 10_000);
      expect(talk.heard().includes(server.bytes.subarray(0, 32))).toBe(false);
      await expectServes(server);
    },
    60_000,
  );
});

describe.each(NAMES)("the %s", (name) => {
  it.each<[string, (server: Server) => string, readonly number[]]>([
    [
      "one header of a megabyte",
      (server) => requestOf(server, `X: ${"x".repeat(1e6)}\r\n`),
      [431, 0],
    ],
    ["ten thousand headers", (server) => requestOf(server, "X: y\r\n".repeat(10_000)), [431, 0]],
    [
      "an address of a megabyte",
      (server) => requestOf(server, "", `/${"x".repeat(1e6)}`),
      [431, 0],
    ],
    [
      "a name of another",
      (server) => requestOf(server).replace(/127[^\r]*/, "evil.example"),
      [404, 421],
    ],
    ["no name", (server) => requestOf(server).replace(/Host[^\n]*\n/, ""), [400]],
    [
      "two lengths",
      (server) => requestOf(server, "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"),
      [400],
    ],
    ["a method of its own", (server) => requestOf(server, "", server.path, "PURGE"), [400, 405]],
    ["a way to write", (server) => requestOf(server, "", server.path, "PUT"), [400, 405]],
    ["no HTTP", () => "\u0016\u0003\u0001\u0002\0\u0001\0\u0001\r\n\r\n", [400, 0]],
  ])("refuses %s", async (_what, words, statuses) => {
    const server = serverOf(name);
    const { status, body } = await answerTo(server, words(server));
    expect(statuses).toContain(status);
    expect(body.includes(server.bytes.subarray(0, 32))).toBe(false);
    await expectServes(server);
  });
});

describe.each(NAMES)("the %s", (name) => {
  it("gives the whole once, however many ranges are asked for", async () => {
    const server = serverOf(name);
    const many = Array.from({ length: 1_000 }, (_, at) => `${at}-`).join(",");
    const { status, body } = await answerTo(server, requestOf(server, `Range: bytes=${many}\r\n`));
    expect([status, body.length]).toEqual([200, server.bytes.length]);
  });

  it("does not climb out of its place", async () => {
    const server = serverOf(name);
    const base = server.path.slice(0, server.path.lastIndexOf("/") + 1);
    const ways = ["../", "..%2f", "%2e%2e/", "..\\", "..%5c", "....//", "%00/", "./../", "..;/"];
    for (const way of ways) {
      for (const target of [`${base}${way.repeat(12)}etc/passwd`, `/${way.repeat(12)}etc/passwd`]) {
        const { status, body } = await answerTo(server, requestOf(server, "", target));
        expect([400, 404], target).toContain(status);
        expect(body.toString("latin1")).not.toContain("root:");
      }
    }
  });

  it("lets no page of another site read what it gives", async () => {
    const server = serverOf(name);
    const from = "Origin: https://evil.example\r\nSec-Fetch-Site: cross-site\r\n";
    using talk = talkTo(server, requestOf(server, `${from}Range: bytes=0-9\r\n`));
    await until(talk.isOver, "the server has answered");
    expect(talk.heard().toString("latin1").toLowerCase()).not.toContain("access-control-allow");
  });
});

it("the player takes no body without end", async () => {
  const server = serverOf("player");
  const { body } = await getJson(
    `http://127.0.0.1:${server.port}/server/api?method=get_api_access_token`,
  );
  const authorization = `Authorization: Bearer ${String(body.result?.["token"])}\r\n`;
  const length = "Content-Length: 1000000000\r\n";
  const words = requestOf(server, `${authorization}${length}`, "/v1/streams", "POST");
  using talk = talkTo(server, words);
  const more = Buffer.alloc(65_536, 0x20);
  let sentBytes = 0;
  const pour = setInterval(() => {
    if (talk.socket.writable && talk.socket.write(more)) sentBytes += more.length;
  }, 1);
  using parts = new DisposableStack();
  parts.defer(() => clearInterval(pour));
  await until(talk.isOver, "it was cut off", 30_000);
  expect(sentBytes).toBeLessThan(50_000_000);
  // A connection that is reset may lose the answer on its way.
  expect(talk.heard().toString("latin1")).toMatch(/^(?:HTTP\/1\.1 4\d\d|$)/);
  await expectServes(server);
});
