// Goal: peers find one another by every way that is allowed for the content, and by no other.
// Method: nodes and trackers on loopback; the trackers are bittorrent-tracker's own server.
import Server from "bittorrent-tracker/server";
import { describe, expect, it } from "vitest";
import { silentEvents } from "../../src/lib/events.ts";
import { compactPeers, toCompact } from "../../src/p2p/compact-peers.ts";
import { allowedFinding, allowedTrackers } from "../../src/p2p/discovery.ts";
import { parseMagnet } from "../../src/p2p/magnet.ts";
import { fetchMetadata } from "../../src/p2p/metadata-fetch.ts";
import { readTorrent, torrentOfInfo } from "../../src/p2p/torrent.ts";
import { openTracker } from "../../src/p2p/tracker-tier.ts";
import {
  joinGatedSeed,
  joinLeech,
  joinSeed,
  makeFilm,
  newKey,
  soon,
  until,
  verifier,
  viewerGate,
} from "./p2p-kit.ts";

interface Trackers extends AsyncDisposable {
  readonly http: string;
  readonly udp: string;
  readonly ws: string;
}

async function openTrackers(): Promise<Trackers> {
  const server = new Server({ http: true, udp: true, ws: true, stats: false, interval: 60_000 });
  server.on("warning", () => {});
  server.on("error", () => {});
  const host = "127.0.0.1";
  // Without IPv6 on this machine the third fails, and nobody asks for it.
  server.listen(0, { http: host, udp: host, udp6: "::1" });
  const portOf = (part: { address(): unknown }) => {
    const bound = part.address();
    return typeof bound === "object" && bound !== null && "port" in bound ? bound.port : 0;
  };
  await new Promise<void>((resolve) => server.http.once("listening", resolve));
  return {
    http: `http://127.0.0.1:${portOf(server.http)}/announce`,
    udp: `udp://127.0.0.1:${portOf(server.udp)}/announce`,
    ws: `ws://127.0.0.1:${portOf(server.http)}`,
    [Symbol.asyncDispose]: async () => {
      server.http.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

const announce = (infohash: string) => ({
  infohash,
  peerId: Buffer.from("-AN0100-abcdefghijkl"),
  port: 7_001,
  leftBytes: 5,
  event: "started" as const,
});
const infohash = "ab".repeat(20);

describe("trackers", () => {
  it("a viewer finds its seed by a tracker over UDP, and one over HTTP", async () => {
    await using trackers = await openTrackers();
    for (const url of [trackers.udp, trackers.http]) {
      await using film = await makeFilm(300_000, { announce: [url] });
      await using _seed = await joinSeed(film);
      await using viewer = await joinLeech(film, []);
      await viewer.swarm.download(soon());
      expect(viewer.swarm.stats().piecesHad).toBe(film.torrent.pieceHashes.length);
    }
  });

  it.each(["udp", "http", "ws"] as const)("over %s it counts us, and says so", async (kind) => {
    await using trackers = await openTrackers();
    const link = openTracker(trackers[kind]);
    const signal = soon();
    await link.announce(announce(infohash), signal);
    await link.announce({ ...announce(infohash), leftBytes: 0, event: "completed" }, signal);
    expect(await link.scrape(infohash, signal)).toMatchObject({ seeds: 1, leeches: 0 });
    link.close();
  });

  it("the next of a tier is asked when the first is dead", async () => {
    await using trackers = await openTrackers();
    await using film = await makeFilm(100_000);
    const tier = ["udp://127.0.0.1:9/announce", "http://127.0.0.1:9/announce", trackers.http];
    const torrent = { ...film.torrent, trackerTiers: [tier.slice(1)] };
    await using _seed = await joinSeed({ ...film, torrent });
    await using viewer = await joinLeech({ ...film, torrent }, []);
    await viewer.swarm.download(soon());
    expect(viewer.swarm.stats().piecesHad).toBe(torrent.pieceHashes.length);
  });
});

describe("exchange of peers", () => {
  it("two viewers of one seed learn of each other", async () => {
    await using film = await makeFilm(300_000);
    await using seed = await joinSeed(film);
    await using first = await joinLeech(film, [seed.address]);
    await until(() => first.swarm.stats().peers === 1, "the first viewer is connected");
    await using second = await joinLeech(film, [seed.address]);
    for (const { swarm } of [first, second]) {
      await until(() => swarm.stats().peers === 2, "the viewers are connected");
    }
  });

  it.each([
    { allowed: undefined, peers: 1 },
    { allowed: ["pex"] as const, peers: 2 },
  ])("a gated swarm with $allowed: a viewer ends with $peers peers", async ({ allowed, peers }) => {
    await using film = await makeFilm(300_000);
    const find = { find: allowed === undefined ? {} : { allowed } };
    const { key, seed: owner } = await joinGatedSeed(film, find);
    await using seed = owner;
    const viewer = async (address: string) => {
      const gate = viewerGate(film, key, { sharing: true });
      const party = await joinLeech(film, [address], gate, find);
      await party.swarm.download(soon());
      return party;
    };
    await using _first = await viewer(seed.address);
    await using second = await viewer(seed.address);
    await until(() => second.swarm.stats().peers === peers, `there are ${peers} peers`);
    expect(second.swarm.stats().peers).toBe(peers);
  });
});

describe("magnet links", () => {
  it("give infohash, name, trackers, web seeds and peers; base32 too", () => {
    const magnet = parseMagnet(
      `magnet:?xt=urn:btih:${infohash.toUpperCase()}&dn=A%20film&tr=udp%3A%2F%2Ft.example%3A80` +
        "&tr.1=javascript%3A1&ws=https://cdn.example/film.mp4&x.pe=203.0.113.5:6881&x.pe=nowhere",
    );
    expect(magnet).toEqual({
      infohash,
      name: "A film",
      trackers: ["udp://t.example:80"],
      webSeeds: ["https://cdn.example/film.mp4"],
      peers: ["203.0.113.5:6881"],
    });
    const base32 = "VOV2XK5LVOV2XK5LVOV2XK5LVOV2XK5L";
    expect(parseMagnet(`magnet:?xt=urn:btih:${base32}`).infohash).toBe(infohash);
  });

  it.each(["magnet:?dn=x", "http://x", "magnet:?xt=urn:btmh:1220ab", "magnet:?xt=urn:btih:zz"])(
    "refuses %s",
    (text) => {
      expect(() => parseMagnet(text)).toThrow(/magnet link/);
    },
  );

  it("fetch the torrent from a peer, past one that lies about it", async () => {
    await using film = await makeFilm(3_000_000, { pieceLength: 16_384 });
    await using other = await makeFilm(200_000);
    await using seed = await joinSeed(film);
    // A swarm of the same name whose members give another torrent's dictionary.
    const torrent = { ...film.torrent, info: other.torrent.info };
    await using liar = await joinSeed({ ...film, torrent });
    const { infohash: wanted } = film.torrent;
    const peers = [liar.address, seed.address];
    const search = { infohash: wanted, peers, trackers: [], port: 7_000, events: silentEvents };
    const found = await fetchMetadata(search, soon());
    expect(found.pieceHashes).toEqual(film.torrent.pieceHashes);
    expect(found).toEqual(torrentOfInfo(film.torrent.info, { trackers: [], webSeeds: [] }));
    await expect(
      fetchMetadata({ ...search, peers: [liar.address] }, AbortSignal.timeout(1_500)),
    ).rejects.toMatchObject({ code: "CONTENT_UNREACHABLE" });
  });

  it("get nothing from a gated swarm", async () => {
    await using film = await makeFilm(300_000);
    const find = { allowed: ["metadata"] } as const;
    await using seed = await joinSeed(film, { deviceKey: newKey(), upload: verifier }, { find });
    const search = { peers: [seed.address], trackers: [], port: 7_000, events: silentEvents };
    await expect(
      fetchMetadata({ ...search, infohash: film.torrent.infohash }, AbortSignal.timeout(5_000)),
    ).rejects.toMatchObject({ code: "GATE_REQUIRED" });
  });
});

describe("what may be used", () => {
  const dht = { lookup: async () => {}, announce: async () => 0 };
  const lsd = { join: () => () => {} };
  const torrent = { isPrivate: false, trackerTiers: [["http://own.example/announce"]] };
  const find = { dht, lsd };

  it("everything for public content", () => {
    expect(allowedFinding({ torrent, find })).toEqual({ dht, lsd, pex: true, metadata: true });
    expect(allowedTrackers({ torrent })).toEqual(torrent.trackerTiers);
  });

  it("trackers only for a private torrent, whatever else is said", () => {
    const allowed = ["dht", "pex", "lsd", "metadata"] as const;
    const wished = { torrent: { ...torrent, isPrivate: true }, find: { ...find, allowed } };
    expect(allowedFinding(wished)).toEqual({ pex: false, metadata: true });
  });

  it("for gated content what its record allows, and no tracker that it does not name", () => {
    expect(allowedFinding({ torrent, find, gate: {} })).toEqual({ pex: false, metadata: false });
    const allowed = ["pex"] as const;
    expect(allowedFinding({ torrent, find: { ...find, allowed }, gate: {} }).pex).toBe(true);
    expect(allowedTrackers({ torrent, gate: {} })).toEqual([]);
    const announce = ["http://record.example/announce"];
    expect(allowedTrackers({ torrent, gate: {}, announce })).toEqual([announce]);
  });
});

it("addresses in bytes read back as they were, of both families", () => {
  const peers = ["203.0.113.5:6881", "198.51.100.200:65535"];
  expect(compactPeers(toCompact(peers, 4), 4)).toEqual(peers);
  const mixed = ["[2001:db8::1:0:5]:443", "[::1]:1", ...peers];
  expect(compactPeers(toCompact(mixed, 16), 16)).toEqual([
    "[2001:0db8:0000:0000:0000:0001:0000:0005]:443",
    "[0000:0000:0000:0000:0000:0000:0000:0001]:1",
  ]);
});

it("a torrent keeps its tiers, and its web seeds", () => {
  const info = "d6:lengthi5e4:name1:a12:piece lengthi16384e6:pieces20:aaaaaaaaaaaaaaaaaaaae";
  const tiers = "13:announce-listll10:http://a/a10:http://b/bel10:http://a/a9:udp://c/cee";
  const text = `d${tiers}4:info${info}8:url-list14:https://cdn/f/e`;
  const torrent = readTorrent(Buffer.from(text));
  expect(torrent.trackerTiers).toEqual([["http://a/a", "http://b/b"], ["udp://c/c"]]);
  expect(torrent.webSeeds).toEqual(["https://cdn/f/"]);
});
