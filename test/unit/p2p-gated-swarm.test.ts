// Goal: over real sockets, a licensed byte reaches the holder of a right and nobody else.
// Method: a seeding node on loopback; payload is counted at both ends of every wire.
import { randomBytes } from "node:crypto";
import { expect, it } from "vitest";
import { AceError } from "../../src/lib/errors.ts";
import type { GatePolicy } from "../../src/p2p/link-gate.ts";
import {
  goodToken,
  hexOf,
  joinGatedSeed,
  joinLeech,
  joinSeed,
  makeFilm,
  newKey,
  type Party,
  RawClient,
  readAll,
  soon,
  until,
  verifier,
  viewerGate,
} from "./p2p-kit.ts";

const FILM_BYTES = 600_000;

function expectNothingLeaked({ swarm }: Party): void {
  const { bytesUp, ungatedBytesUp, admitted } = swarm.stats();
  const nothing = { bytesUp: 0, ungatedBytesUp: 0, admitted: 0 };
  expect({ bytesUp, ungatedBytesUp, admitted }).toEqual(nothing);
}

it("a gated swarm gives a viewer with a token the whole film, byte for byte", async () => {
  await using film = await makeFilm(FILM_BYTES);
  const { key, seed } = await joinGatedSeed(film);
  await using _seed = seed;
  await using viewer = await joinLeech(film, [seed.address], viewerGate(film, key));
  const got = await readAll(viewer.swarm.read(0, FILM_BYTES, soon()));
  expect(got.equals(film.bytes)).toBe(true);
  expect(viewer.swarm.stats()).toMatchObject({ access: "granted", bytesDown: FILM_BYTES });
  expect(seed.swarm.stats()).toMatchObject({ bytesUp: FILM_BYTES, ungatedBytesUp: 0, admitted: 1 });
  expect(seed.swarm.stats().links).toMatchObject([{ account: "viewer", isAdmitted: true }]);
});

it("a gated swarm tells a viewer without a licence so at once, and sends nothing", async () => {
  await using film = await makeFilm(FILM_BYTES);
  const { key, seed } = await joinGatedSeed(film);
  await using _seed = seed;
  const token = async () => {
    throw new AceError("LICENCE_MISSING", "no licence");
  };
  const download = { tokens: { token }, serverKeys: [hexOf(key)] };
  const gate = { deviceKey: newKey(), upload: verifier, download };
  await using viewer = await joinLeech(film, [seed.address], gate);
  const reading = readAll(viewer.swarm.read(0, 10, soon()));
  await expect(reading).rejects.toMatchObject({ code: "LICENCE_MISSING" });
  await expect(viewer.swarm.ready(soon())).rejects.toMatchObject({ code: "LICENCE_MISSING" });
  expect(viewer.swarm.stats()).toMatchObject({
    access: "refused",
    accessCode: "LICENCE_MISSING",
  });
  expectNothingLeaked(seed);
});

it("a gated swarm sends nothing to a client that does not know the gate", async () => {
  await using film = await makeFilm(FILM_BYTES);
  const { seed } = await joinGatedSeed(film);
  await using _seed = seed;
  await using stranger = await joinLeech(film, [seed.address], undefined, { stallMs: 400 });
  const reading = readAll(stranger.swarm.read(0, 10, soon()));
  await expect(reading).rejects.toMatchObject({ code: "CONTENT_UNREACHABLE" });
  expect(stranger.swarm.stats().bytesDown).toBe(0);
  expect(seed.swarm.stats().closed).toHaveProperty("GATE_REQUIRED");
  expectNothingLeaked(seed);
});

it("a gated swarm sends nothing to a client that asks for every block without waiting to be let in", async () => {
  await using film = await makeFilm(FILM_BYTES);
  const { seed } = await joinGatedSeed(film);
  await using _seed = seed;
  using raw = new RawClient(seed.listener.port);
  raw.handshake(film.torrent.infohash);
  raw.message(2);
  let asked = 0;
  for (let index = 0; index < film.torrent.pieceHashes.length; index += 1) {
    for (let offset = 0; offset + 16_384 <= 65_536 && index < 9; offset += 16_384) {
      raw.message(6, index, offset, 16_384);
      asked += 1;
    }
  }
  await until(() => raw.rejects === asked, "every request was rejected");
  expect({ payload: raw.payloadBytes, isUnchoked: raw.isUnchoked }).toEqual({
    payload: 0,
    isUnchoked: false,
  });
  expectNothingLeaked(seed);
});

it("a gated swarm stops serving when the token ends, and serves on when it is renewed", async () => {
  await using film = await makeFilm(FILM_BYTES);
  const key = newKey();
  let skewS = 0;
  const clock = { nowMs: () => Date.now() + skewS * 1_000 };
  const serverKeys = [hexOf(key)];
  await using seed = await joinSeed(film, { deviceKey: key, upload: verifier }, { clock });
  const [lapsingKey, renewingKey] = [newKey(), newKey()];
  const oneToken = goodToken(film.torrent, lapsingKey);
  const stale = { token: async () => oneToken };
  const fresh = { token: async () => goodToken(film.torrent, renewingKey, 300 + skewS) };
  const lapsingGate = { deviceKey: lapsingKey, download: { tokens: stale, serverKeys } };
  const renewingGate = { deviceKey: renewingKey, download: { tokens: fresh, serverKeys } };
  await using lapsing = await joinLeech(film, [seed.address], lapsingGate, { clock });
  await using renewing = await joinLeech(film, [seed.address], renewingGate, { clock });
  await readAll(lapsing.swarm.read(0, 10, soon()));
  await readAll(renewing.swarm.read(0, 10, soon()));
  const untilS = () => seed.swarm.stats().links.map((link) => link.admittedUntilS ?? 0);
  const firstUntilS = Math.max(...untilS());
  skewS = 250;
  await until(() => Math.max(...untilS()) > firstUntilS + 200, "the newer token was taken");
  skewS = 320;
  await until(() => "TOKEN_EXPIRED" in seed.swarm.stats().closed, "the token ended");
  // Each once: one is gone, and a renewal is no second admission.
  expect(seed.swarm.stats()).toMatchObject({ closed: { TOKEN_EXPIRED: 1 }, admitted: 2 });
  expect(seed.swarm.stats().links.filter(({ isAdmitted }) => isAdmitted)).toHaveLength(1);
});

it("a gated swarm lets viewers serve one another when they choose to share", async () => {
  await using film = await makeFilm(FILM_BYTES);
  const { key, seed } = await joinGatedSeed(film);
  await using _seed = seed;
  const sharing = (): GatePolicy => {
    const gate = viewerGate(film, key);
    return gate.download ? { ...gate, download: { ...gate.download, sharing: true } } : gate;
  };
  await using first = await joinLeech(film, [seed.address], sharing());
  await first.swarm.download(soon());
  await using second = await joinLeech(film, [first.address], sharing());
  const got = await readAll(second.swarm.read(0, FILM_BYTES, soon()));
  expect(got.equals(film.bytes)).toBe(true);
  expect(first.swarm.stats()).toMatchObject({ bytesUp: FILM_BYTES, ungatedBytesUp: 0 });
  expect(seed.swarm.stats().bytesUp).toBe(FILM_BYTES);
});

it("a hostile peer is cut off at a frame of 2 GiB, before it can send it", async () => {
  await using film = await makeFilm(FILM_BYTES);
  const { seed } = await joinGatedSeed(film);
  await using _seed = seed;
  for (const announced of [0x7fffffff, 0xffffffff, 262_145]) {
    using raw = new RawClient(seed.listener.port);
    raw.handshake(film.torrent.infohash);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(announced);
    raw.write(length);
    await until(() => raw.isClosed, "the wire was closed");
  }
  expect(seed.swarm.stats().closed).toEqual({ FRAME_TOO_LARGE: 3 });
});

it.each<[string, readonly number[], string]>([
  ["a block of 1 MiB", [0, 0, 1_048_576], "REQUEST_INVALID"],
  ["an empty block", [0, 0, 0], "REQUEST_INVALID"],
  ["a piece that is not there", [1_000, 0, 16_384], "REQUEST_INVALID"],
  ["bytes beyond the end of a piece", [0, 65_000, 16_384], "REQUEST_INVALID"],
  ["a negative piece", [0xffffffff, 0, 16_384], "REQUEST_INVALID"],
])("a hostile peer is cut off when it asks for %s", async (_what, request, code) => {
  await using film = await makeFilm(FILM_BYTES);
  await using seed = await joinSeed(film);
  using raw = new RawClient(seed.listener.port);
  raw.handshake(film.torrent.infohash);
  raw.message(6, ...request);
  await until(() => raw.isClosed, "the wire was closed");
  expect(seed.swarm.stats().closed).toEqual({ [code]: 1 });
});

it("a hostile peer is cut off when it floods the gate with requests", async () => {
  await using film = await makeFilm(FILM_BYTES);
  const { seed } = await joinGatedSeed(film);
  await using _seed = seed;
  using raw = new RawClient(seed.listener.port);
  raw.handshake(film.torrent.infohash);
  for (let count = 0; count < 2_000; count += 1) raw.message(6, 0, 0, 16_384);
  await until(() => raw.isClosed, "the wire was closed");
  expect(raw.payloadBytes).toBe(0);
  expect(seed.swarm.stats().closed).toEqual({ REQUEST_FLOOD: 1 });
});

it.each<[string, (raw: RawClient) => void]>([
  ["a have of a piece beyond the end", (raw) => raw.message(4, 0xffffffff)],
  ["a bitfield of the wrong length", (raw) => raw.write(Buffer.from([0, 0, 0, 2, 5, 255]))],
  ["a request of half a frame", (raw) => raw.write(Buffer.from([0, 0, 0, 2, 6, 0]))],
  ["an extension handshake that is no dictionary", (raw) => raw.extended(0, Buffer.from("i1e"))],
  [
    "an extension handshake nested without end",
    (raw) => raw.extended(0, Buffer.alloc(9_999, 0x6c)),
  ],
  ["a gate message out of order", (raw) => raw.extended(1, Buffer.from("d1:m1:a1:t1:xe"))],
  ["a gate message of random bytes", (raw) => raw.extended(1, randomBytes(500))],
  ["a gate message of 100 KB", (raw) => raw.extended(1, randomBytes(100_000))],
])("a hostile peer is cut off for %s", async (_what, attack) => {
  await using film = await makeFilm(FILM_BYTES);
  const { seed } = await joinGatedSeed(film);
  await using _seed = seed;
  using raw = new RawClient(seed.listener.port);
  raw.handshake(film.torrent.infohash);
  attack(raw);
  await until(() => raw.isClosed, "the wire was closed");
  expectNothingLeaked(seed);
});

it("a hostile peer that sends a bad piece is sent away, and an honest one brings it", async () => {
  await using film = await makeFilm(FILM_BYTES);
  await using honest = await joinSeed(film);
  await using liar = await joinSeed(film);
  await using leech = await joinLeech(film, [liar.address]);
  await until(() => leech.swarm.stats().peers === 1, "the liar is connected");
  const spoilt = Buffer.from(film.bytes);
  spoilt.fill(0, 0, 200_000);
  const { writeFile } = await import("node:fs/promises");
  await writeFile(film.path, spoilt);
  const reading = readAll(leech.swarm.read(0, 100_000, soon()));
  await until(() => "PIECE_BAD" in leech.swarm.stats().closed, "the liar is sent away");
  await writeFile(film.path, film.bytes);
  leech.swarm.addPeer(honest.address);
  expect((await reading).equals(film.bytes.subarray(0, 100_000))).toBe(true);
});

it.each<[string, (raw: RawClient) => void]>([
  ["that it has everything", (raw) => raw.message(14)],
  ["that it has one piece", (raw) => raw.message(4, 0)],
])("a hostile peer is cut off when it says again and again %s", async (_what, say) => {
  await using film = await makeFilm(FILM_BYTES);
  const { seed } = await joinGatedSeed(film);
  await using _seed = seed;
  using raw = new RawClient(seed.listener.port);
  raw.handshake(film.torrent.infohash);
  for (let time = 0; time < 1_100; time += 1) say(raw);
  await until(() => raw.isClosed, "the wire was closed");
  expect(seed.swarm.stats().closed).toEqual({ REQUEST_FLOOD: 1 });
});

it("a gated swarm that strangers fill still lets a viewer in, who then stays", async () => {
  await using film = await makeFilm(FILM_BYTES);
  const { key, seed } = await joinGatedSeed(film);
  await using _seed = seed;
  const strangers = Array.from({ length: 41 }, () => new RawClient(seed.listener.port));
  for (const stranger of strangers) stranger.handshake(film.torrent.infohash);
  await until(() => seed.swarm.stats().closed["SWARM_FULL"] === 1, "one stranger had to go");

  await using viewer = await joinLeech(film, [seed.address], viewerGate(film, key));
  const got = await readAll(viewer.swarm.read(0, FILM_BYTES, soon()));
  expect(got.equals(film.bytes)).toBe(true);
  expect(seed.swarm.stats().links.filter(({ isAdmitted }) => isAdmitted)).toHaveLength(1);
  for (const stranger of strangers) stranger[Symbol.dispose]();
});

it("a viewer is not told by strangers that its token is no good", async () => {
  await using film = await makeFilm(FILM_BYTES);
  const { key, seed } = await joinGatedSeed(film);
  await using _seed = seed;
  await using viewer = await joinLeech(film, [], viewerGate(film, key));
  const reading = readAll(viewer.swarm.read(0, FILM_BYTES, soon()));
  using stranger = new RawClient(viewer.listener.port);
  stranger.handshake(film.torrent.infohash);
  const deny = Buffer.from("d1:c15:LICENCE_MISSING1:m1:d1:wi0ee");
  for (let time = 0; time < 4; time += 1) stranger.extended(1, deny);
  // Out of order, so that the wire closes when all before it was read.
  stranger.extended(1, Buffer.from("d1:m1:a1:t1:xe"));
  await until(() => stranger.isClosed, "the viewer has read it all");
  viewer.swarm.addPeer(seed.address);
  expect((await reading).equals(film.bytes)).toBe(true);
  expect(viewer.swarm.stats().denied).toEqual({});
});
