// Goal: clients written by strangers exchange a public film with us both ways, and get not one byte of
//       a gated one or of a gated live stream, nor learn what it holds.
// Method: aria2, libtorrent and transmission as they are, against a node here, on loopback.
import { describe, expect, it } from "vitest";
import { broadcaster, descriptorOf, HandSource, joinLive, pieceBytes } from "../unit/live-kit.ts";
import {
  type Film,
  joinLeech,
  joinSeed,
  makeFilm,
  newKey,
  until,
  verifier,
} from "../unit/p2p-kit.ts";
import {
  type Client,
  filesBelow,
  hasWhole,
  openTracker,
  type Run,
  runClient,
} from "./foreign-kit.ts";

const FILM_BYTES = 3_000_000;
/** Runs of this many bytes of the film are looked for in all that a client wrote. */
const TRACE_BYTES = 32;
const WAIT_MS = 90_000;
const clients: readonly Client[] = ["aria2", "libtorrent", "transmission"];

/** Our node calls too: who announced first is not told of the other, and transmission never dials loopback. */
function introduce(run: Run, swarm: { addPeer(address: string): void }): () => void {
  const timer = setInterval(() => swarm.addPeer(run.address), 500);
  return () => clearInterval(timer);
}

function magnetOf({ torrent }: Film, tracker: string): string {
  return `magnet:?xt=urn:btih:${torrent.infohash}&tr=${encodeURIComponent(tracker)}`;
}

describe.each(clients)("%s", (client) => {
  it("gets a public film from us, identical to the last byte", async () => {
    await using tracker = await openTracker();
    await using film = await makeFilm(FILM_BYTES, { announce: [tracker.announceUrl] });
    await using seed = await joinSeed(film);
    await using run = await runClient(client, film);
    using parts = new DisposableStack();
    parts.defer(introduce(run, seed.swarm));
    await until(() => hasWhole(run, film), `${client} had the film`, WAIT_MS);
    expect(seed.swarm.stats().bytesUp).toBeGreaterThanOrEqual(FILM_BYTES);
  });

  it("learns from us what a magnet link means, and gets the film", async () => {
    await using tracker = await openTracker();
    await using film = await makeFilm(FILM_BYTES, { announce: [tracker.announceUrl] });
    await using seed = await joinSeed(film);
    const magnet = magnetOf(film, tracker.announceUrl);
    await using run = await runClient(client, film, { magnet });
    using parts = new DisposableStack();
    parts.defer(introduce(run, seed.swarm));
    await until(() => hasWhole(run, film), `${client} had the film`, WAIT_MS);
  });

  it("gives us a public film, identical to the last byte", async () => {
    await using tracker = await openTracker();
    await using film = await makeFilm(FILM_BYTES, { announce: [tracker.announceUrl] });
    await using run = await runClient(client, film, { hasFilm: true });
    await using leech = await joinLeech(film, []);
    using parts = new DisposableStack();
    parts.defer(introduce(run, leech.swarm));
    await leech.swarm.download(AbortSignal.timeout(WAIT_MS));
    expect(leech.swarm.stats().bytesDown).toBeGreaterThanOrEqual(FILM_BYTES);
  });

  it.each(["torrent", "magnet link"])("gets nothing of a gated film with its %s", async (form) => {
    await using tracker = await openTracker();
    await using film = await makeFilm(FILM_BYTES, { announce: [tracker.announceUrl] });
    const announce = [tracker.announceUrl];
    const gate = { deviceKey: newKey(), upload: verifier };
    await using seed = await joinSeed(film, gate, { announce });
    const link = magnetOf(film, tracker.announceUrl);
    const isMagnet = form === "magnet link";
    await using run = await runClient(client, film, isMagnet ? { magnet: link } : {});
    using parts = new DisposableStack();
    parts.defer(introduce(run, seed.swarm));
    const refusals = () => seed.swarm.stats().closed["GATE_REQUIRED"] ?? 0;
    await until(() => refusals() > 0, `${client} was refused`, WAIT_MS);
    // It has been told no; give it time to try whatever else it knows.
    await Promise.race([run.ended, new Promise((resolve) => setTimeout(resolve, 3_000))]);
    expect(seed.swarm.stats()).toMatchObject({ bytesUp: 0, ungatedBytesUp: 0 });
    for (const [name, bytes] of filesBelow(run.folder)) {
      for (let at = 0; at + TRACE_BYTES <= FILM_BYTES; at += 65_536) {
        const trace = film.bytes.subarray(at, at + TRACE_BYTES);
        expect(bytes.includes(trace), `${name} holds bytes of the film`).toBe(false);
      }
    }
    if (isMagnet) expectNothingLearnt(run, film.torrent.pieceHashes[0]);
  });
});

it.each(clients)(
  "%s gets nothing of a gated live stream with the magnet link of its id",
  async (client) => {
    await using tracker = await openTracker();
    await using film = await makeFilm(100_000);
    const descriptor = descriptorOf(`foreign ${client}`);
    const gate = { deviceKey: newKey(), upload: verifier };
    const trackers = [tracker.announceUrl];
    await using source = await joinLive({ descriptor, role: "source", gate, trackers });
    const hand = new HandSource(descriptor);
    using parts = new DisposableStack();
    const sending = setInterval(() => hand.publish(source.swarm, 1), 100);
    parts.defer(() => clearInterval(sending));
    const { streamId } = descriptor;
    const magnet = `magnet:?xt=urn:btih:${streamId}&tr=${encodeURIComponent(tracker.announceUrl)}`;
    await using run = await runClient(client, film, { magnet });
    parts.defer(introduce(run, source.swarm));
    const refusals = () => source.swarm.stats().closed["EXTENSION_MISSING"] ?? 0;
    await until(() => refusals() > 0, `${client} was refused`, WAIT_MS);
    await Promise.race([run.ended, new Promise((resolve) => setTimeout(resolve, 3_000))]);
    expect(source.swarm.stats()).toMatchObject({ bytesUp: 0, ungatedBytesUp: 0 });
    // Pieces made by hand begin with their number and repeat it.
    const traces = Array.from({ length: hand.seq }, (_, seq) => pieceBytes(seq, 64)).slice(1);
    for (const [name, bytes] of filesBelow(run.folder)) {
      const found = traces.filter((trace) => bytes.includes(trace));
      expect(found, `${name} holds bytes of the stream`).toEqual([]);
    }
    expectNothingLearnt(run, broadcaster.publicKey);
  },
);

/** Who knows a hash of a piece has read the torrent. */
function expectNothingLearnt(run: Run, pieceHash: Uint8Array = new Uint8Array()): void {
  expect(run.output()).not.toContain("metadata\n");
  for (const [name, bytes] of [...filesBelow(run.folder), ...filesBelow(run.settings)]) {
    expect(bytes.includes(pieceHash), `${name} holds metadata`).toBe(false);
  }
}
