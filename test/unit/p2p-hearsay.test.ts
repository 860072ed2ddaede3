// Goal: what a stranger names, a tracker in a link or a torrent, a peer, makes this node reach nothing
//       inside its own network, and nothing that is not a peer.
// Method: trackers of our own on loopback that count who comes; names resolve as the test says.
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type RequestListener } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import Server from "bittorrent-tracker/server";
import { describe, expect, it } from "vitest";
import { systemClock } from "../../src/lib/clock.ts";
import { silentEvents } from "../../src/lib/events.ts";
import { openEngine } from "../../src/node/engine.ts";
import {
  defaultTerms,
  dhtHearsay,
  type EngineTerms,
  linkHearsay,
} from "../../src/node/engine-terms.ts";
import { isPeerDialable } from "../../src/p2p/addresses.ts";
import { encodeBencode } from "../../src/p2p/bencode.ts";
import { toCompact } from "../../src/p2p/compact-peers.ts";
import { openTracker, TrackerTier } from "../../src/p2p/tracker-tier.ts";
import { type Hearsay, isHearsayPeer, pinHearsay, pinUrl } from "../../src/p2p/web-address.ts";
import { descriptorOf, joinLive } from "./live-kit.ts";
import { joinSeed, makeFilm, newKey, soon, until } from "./p2p-kit.ts";

const strangers: Hearsay = { namedBy: "", trustedHosts: [] };
const infohash = "ab".repeat(20);
const peerId = Buffer.from("-AN0100-abcdefghijkl");
const announce = { infohash, peerId, port: 7_001, leftBytes: 5, event: "started" as const };

/** Empty where it may be asked. */
async function codeOf(ask: () => Promise<unknown>): Promise<string> {
  const fault: unknown = await ask().then(
    () => undefined,
    (error: unknown) => error,
  );
  return fault === undefined ? "" : String(Object(fault).code);
}

const answer = (peers: readonly string[]) =>
  encodeBencode(
    new Map<string, number | Uint8Array>([
      ["interval", 1_800],
      ["peers", toCompact(peers, 4)],
    ]),
  );

interface Counted extends AsyncDisposable {
  readonly host: string;
  asked(): number;
}

/** Counts connections, not questions: none may even begin. */
async function openHttp(answerWith: RequestListener): Promise<Counted> {
  let asked = 0;
  const server = createServer(answerWith);
  server.on("connection", () => {
    asked += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    host: `127.0.0.1:${Object(server.address()).port}`,
    asked: () => asked,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise<unknown>((resolve) => server.close(resolve));
    },
  };
}

async function openUdp(): Promise<Counted> {
  let asked = 0;
  const socket = createSocket("udp4");
  socket.on("message", () => {
    asked += 1;
  });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  return {
    host: `127.0.0.1:${socket.address().port}`,
    asked: () => asked,
    [Symbol.asyncDispose]: async () => {
      await new Promise<void>((resolve) => socket.close(resolve));
    },
  };
}

describe("a tracker that a stranger names", () => {
  it("is not asked when it lies inside our network, whatever it speaks", async () => {
    await using http = await openHttp((_, response) => response.end(answer([])));
    await using udp = await openUdp();
    const urls = [`http://${http.host}/announce`, `ws://${http.host}/`, `udp://${udp.host}`];
    for (const url of urls) {
      const tracker = openTracker(url, strangers);
      for (const asked of [tracker.announce(announce, soon()), tracker.scrape(infohash, soon())]) {
        await expect(asked, url).rejects.toMatchObject({ code: "URL_REFUSED" });
      }
      tracker.close();
    }
    expect([http.asked(), udp.asked()]).toEqual([0, 0]);
  });

  const inside = [
    "127.0.0.1",
    "10.1.2.3",
    "172.31.0.1",
    "192.168.1.1",
    "100.64.0.9",
    "169.254.169.254",
    "0.0.0.0",
    "224.0.0.1",
    "[::1]",
    "[::]",
    "[fe80::1]",
    "[fd00::1]",
    "[ff02::1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[64:ff9b::7f00:1]",
    "[2002:7f00:1::1]",
    "[fd00:ec2::254]",
    // These the system's resolver reads as 127.0.0.1.
    "2130706433",
    "0x7f.1",
    "127.1",
    "localhost",
    "localhost.",
  ];

  it.each(["http", "https", "udp", "ws", "wss"])(
    "is not asked over %s at any such address",
    async (scheme) => {
      for (const host of inside) {
        const pinned = pinHearsay(new URL(`${scheme}://${host}:6969/announce`), strangers);
        await expect(pinned, host).rejects.toMatchObject({ code: expect.any(String) });
      }
    },
  );

  it("is asked where its name led when it was judged, and nowhere else", async () => {
    const asked: string[] = [];
    const answers = [["93.184.216.34"], ["127.0.0.1"]];
    const resolve = async (name: string) => {
      asked.push(name);
      return answers.shift() ?? [];
    };
    const url = new URL("udp://tracker.test:6969");
    const pinned = await pinHearsay(url, { ...strangers, resolve });
    expect([pinned.address, asked]).toEqual(["93.184.216.34", ["tracker.test"]]);
    await expect(pinHearsay(url, { ...strangers, resolve })).rejects.toMatchObject({
      code: "URL_REFUSED",
    });
    const mixed = async () => ["93.184.216.34", "10.0.0.1"];
    await expect(pinHearsay(url, { ...strangers, resolve: mixed })).rejects.toThrow("not asked");
  });
});

it("a server that a stranger names is not asked at the port of a mail or name server", async () => {
  const asked = async (url: string, trustedHosts: readonly string[] = []) =>
    await Promise.all([
      codeOf(() => pinHearsay(new URL(url), { ...strangers, trustedHosts })),
      codeOf(() => pinUrl(url.replace(/^\w+/, "https"), trustedHosts)),
    ]);
  for (const port of [0, 22, 25, 53, 445, 587, 993, 1_023]) {
    const url = `http://93.184.216.34:${port}/announce`;
    expect(await asked(url), url).toEqual(["URL_REFUSED", "URL_REFUSED"]);
    expect(await asked(url, [`93.184.216.34:${port}`])).toEqual(["", ""]);
  }
  for (const place of ["http://93.184.216.34", "udp://93.184.216.34", "ws://93.184.216.34"]) {
    for (const port of ["", ":80", ":443", ":451", ":1024", ":6969"]) {
      expect(await asked(`${place}${port}/announce`), place + port).toEqual(["", ""]);
    }
  }
});

describe("a tracker", () => {
  it("that the operator trusts is asked, by the address it was pinned to", async () => {
    const server = new Server({ http: true, udp: true, ws: true, stats: false, interval: 60_000 });
    server.on("warning", () => {}).on("error", () => {});
    server.listen(0, { http: "127.0.0.1", udp: "127.0.0.1", udp6: "::1" });
    await new Promise<void>((resolve) => server.http.once("listening", resolve));
    const [web, udp] = [server.http, server.udp].map((part) => Object(part.address()).port);
    const ports = { http: web, udp, ws: web };
    for (const [scheme, port] of Object.entries(ports)) {
      // Nobody but the test knows this name.
      const resolve = async () => ["127.0.0.1"];
      const hearsay = { namedBy: "", trustedHosts: [`tracker.test:${port}`], resolve };
      const tracker = openTracker(`${scheme}://tracker.test:${port}/announce`, hearsay);
      await tracker.announce(announce, soon());
      const { leeches } = await tracker.scrape(infohash, soon());
      expect(leeches, scheme).toBeGreaterThan(0);
      tracker.close();
    }
    server.http.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  });

  it("leads nobody on to another address", async () => {
    await using inner = await openHttp((_, response) => response.end(answer([])));
    await using outer = await openHttp((_, response) => {
      response.writeHead(302, { location: `http://${inner.host}/announce` }).end();
    });
    const tracker = openTracker(`http://${outer.host}/announce`);
    await expect(tracker.announce(announce, soon())).rejects.toThrow("another address");
    expect([outer.asked(), inner.asked()]).toEqual([1, 0]);
  });

  it("may compress what it says, but not beyond its measure", async () => {
    const plain = answer(["203.0.113.9:6881"]);
    const told: Uint8Array[] = [plain, Buffer.alloc(50_000_000)];
    await using web = await openHttp((_, response) => {
      response.writeHead(200, { "content-encoding": "gzip" });
      response.end(gzipSync(told.shift() ?? plain));
    });
    const tracker = openTracker(`http://${web.host}/announce`);
    const { peers } = await tracker.announce(announce, soon());
    expect(peers).toEqual(["203.0.113.9:6881"]);
    await expect(tracker.announce(announce, soon())).rejects.toThrow();
  });
});

describe("a peer that a stranger names", () => {
  it("is dialled on the public internet, at a port that is no well-known service's", () => {
    const verdicts = {
      "203.0.113.9:6881": false,
      "8.8.8.8:6881": true,
      "8.8.8.8:25": false,
      "8.8.8.8:443": false,
      "8.8.8.8:1024": true,
      "192.168.1.5:6881": false,
      "127.0.0.1:6881": false,
      "[::1]:6881": false,
      "[::ffff:127.0.0.1]:6881": false,
      "[64:ff9b::a00:1]:6881": false,
      "[2606:2800:220:1::1]:6881": true,
      nonsense: false,
    };
    for (const [peer, isDialled] of Object.entries(verdicts)) {
      expect(isHearsayPeer(peer, strangers), peer).toBe(isDialled);
    }
    const trusting = { ...strangers, trustedHosts: ["192.168.1.5", "10.0.0.1:25", "[::1]"] };
    for (const peer of ["192.168.1.5:6881", "10.0.0.1:25", "[::1]:6881"]) {
      expect(isHearsayPeer(peer, trusting), peer).toBe(true);
    }
    expect(isHearsayPeer("10.0.0.1:26", trusting)).toBe(false);
    const own = linkHearsay({ ...defaultTerms, trackers: ["udp://10.0.0.7:6969/announce"] });
    expect(own.trustedHosts).toEqual(["10.0.0.7:6969"]);
  });

  it("is not one where an own tracker has the usual port; nothing else of that host may be named", async () => {
    const trackers = ["http://10.0.0.7/announce", "wss://10.0.0.8", "udp://10.0.0.9"];
    const own = linkHearsay({ ...defaultTerms, trackers });
    for (const url of trackers) {
      await expect(pinHearsay(new URL(url), own)).resolves.toMatchObject({ family: 4 });
    }
    for (const url of ["http://10.0.0.7:22/", "https://10.0.0.7/", "udp://10.0.0.8:5000"]) {
      expect(await codeOf(() => pinHearsay(new URL(url), own)), url).toBe("URL_REFUSED");
    }
    expect(isHearsayPeer("10.0.0.7:6881", own)).toBe(false);
    await expect(pinUrl("https://10.0.0.8/", ["10.0.0.8:443"])).resolves.toMatchObject({});
  });

  it("inside a network may be named by whoever is inside it, at no such port either", () => {
    expect(isPeerDialable({ host: "192.168.1.5", port: 6_881 }, "192.168.1.9")).toBe(true);
    expect(isPeerDialable({ host: "192.168.1.5", port: 22 }, "192.168.1.9")).toBe(false);
    expect(isPeerDialable({ host: "192.168.1.5", port: 6_881 }, "8.8.8.8")).toBe(false);
    const lan = { namedBy: "192.168.1.9", trustedHosts: [] };
    expect(isHearsayPeer("192.168.1.5:6881", lan)).toBe(true);
    expect(isHearsayPeer("127.0.0.1:6881", lan)).toBe(false);
  });

  it("by a tracker is not dialled at the port of a mail server", async () => {
    await using web = await openHttp((_, response) => {
      response.end(answer(["127.0.0.1:25", "127.0.0.1:1023", "127.0.0.1:6881"]));
    });
    const named: string[] = [];
    const tier = new TrackerTier([`http://${web.host}/announce`], {
      infohash,
      peerId,
      port: 7_001,
      events: silentEvents,
      leftBytes: () => 1,
      isAlone: () => true,
      onPeer: (peer) => void named.push(peer),
    });
    tier.announce("started");
    await until(() => named.length > 0, "the tracker has answered");
    await tier.stop();
    expect(named).toEqual(["127.0.0.1:6881"]);
  });
});

describe("a link of a stranger", () => {
  async function openingOf(link: string, terms: Partial<EngineTerms>) {
    const dataDir = await mkdtemp(join(tmpdir(), "ace-hearsay-"));
    const viewer = { device: newKey(), clock: systemClock };
    try {
      await using engine = await openEngine({ viewer, dataDir, events: silentEvents, terms });
      await using media = await engine.open({ kind: "magnet", value: link }, soon());
      return media.infohash;
    } finally {
      await rm(dataDir, { recursive: true, force: true });
    }
  }

  it("that names only what lies inside is refused at once; what the operator names is asked", async () => {
    await using film = await makeFilm(100_000);
    await using seed = await joinSeed(film);
    await using web = await openHttp((_, response) => response.end(answer([seed.address])));
    const link = `magnet:?xt=urn:btih:${film.torrent.infohash}`;
    const tracker = `http://${web.host}/announce`;
    const links = [`${link}&x.pe=${seed.address}`, `${link}&tr=${encodeURIComponent(tracker)}`];
    for (const each of links) {
      await expect(openingOf(each, {})).rejects.toMatchObject({
        code: "URL_REFUSED",
        hint: expect.stringContaining("--trust-host"),
      });
    }
    expect([web.asked(), seed.swarm.stats().peers]).toEqual([0, 0]);
    for (const each of links) {
      expect(await openingOf(each, { trustedHosts: ["127.0.0.1"] })).toBe(film.torrent.infohash);
    }
    const [first = ""] = links;
    expect(await openingOf(first, { trackers: [tracker] })).toBe(film.torrent.infohash);
  });

  it("leads to a torrent whose trackers are as much a stranger's", async () => {
    await using web = await openHttp((_, response) => response.end(answer([])));
    const inner = `http://${web.host}/announce`;
    await using film = await makeFilm(100_000, { announce: [inner] });
    await using files = await openHttp((_, response) => response.end(film.torrentBytes));
    const dataDir = await mkdtemp(join(tmpdir(), "ace-hearsay-"));
    const faults: unknown[] = [];
    const events = {
      info: () => {},
      warn: (name: string, fields = {}) => void faults.push({ name, ...fields }),
    };
    const viewer = { device: newKey(), clock: systemClock };
    {
      const terms = { trustedHosts: [files.host] };
      await using engine = await openEngine({ viewer, dataDir, events, terms });
      const url = `http://${files.host}/film.torrent`;
      await using _media = await engine.open({ kind: "url", value: url }, soon());
      await until(() => faults.length > 0, "the tracker was refused");
    }
    expect(faults).toContainEqual({
      name: "p2p.tracker_failed",
      tracker: inner,
      reason: expect.stringContaining("is not asked"),
    });
    expect(web.asked()).toBe(0);
    await rm(dataDir, { recursive: true, force: true });
  });
});

it("what the DHT says of a live stream may lie where the engine takes part in it, and no further in", async () => {
  await using web = await openHttp((_, response) => response.end(answer([])));
  const descriptor = descriptorOf("a stranger's");
  const trackers = [`http://${web.host}/announce`];
  const verdictOf = async (host: string) => {
    const hearsay = dhtHearsay({ ...defaultTerms, listen: { host, port: 0 } });
    const isDialled = isHearsayPeer("127.0.0.1:7071", hearsay);
    const before = web.asked();
    await using viewer = await joinLive({ descriptor, role: "viewer", trackers, hearsay });
    const { told } = viewer.log;
    const isRefused = () => told.some(({ name }) => name === "p2p.tracker_failed");
    await until(() => isRefused() || web.asked() > before, "the tracker was asked, or refused");
    return { isDialled, isRefused: isRefused() };
  };
  expect(await verdictOf("0.0.0.0")).toEqual({ isDialled: false, isRefused: true });
  expect(web.asked()).toBe(0);
  expect(await verdictOf("127.0.0.1")).toEqual({ isDialled: true, isRefused: false });
});

it.each([
  { bootstrap: ["192.168.1.2:6881"], isDialled: true },
  { bootstrap: ["router.bittorrent.com:6881"], isDialled: false },
  { bootstrap: ["192.168.1.2:6881", "8.8.8.8:6881"], isDialled: false },
])(
  "a record of a DHT that begins at $bootstrap names peers inside: $isDialled",
  ({ bootstrap, isDialled }) => {
    const listen = { host: "192.168.1.5", port: 0 };
    const hearsay = dhtHearsay({ ...defaultTerms, listen, dht: { port: 0, bootstrap } });
    expect(isHearsayPeer("192.168.1.7:6881", hearsay)).toBe(isDialled);
    expect(isHearsayPeer("8.8.8.8:6881", hearsay)).toBe(true);
  },
);
