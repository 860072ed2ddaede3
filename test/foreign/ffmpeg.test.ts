// Goal: a player written by strangers plays the demo film from the engine, and can jump in it.
// Method: ffprobe and ffmpeg as they are, on the playback address; the film arrives over a swarm.
import { spawn } from "node:child_process";
import { expect, it } from "vitest";
import { systemClock } from "../../src/lib/clock.ts";
import { openListener } from "../../src/p2p/listener.ts";
import { seedStore } from "../../src/p2p/piece-store.ts";
import { makeTorrent, readTorrent } from "../../src/p2p/torrent.ts";
import { joinSwarm } from "../unit/p2p-kit.ts";
import { joinFilm, sourceOf, withPlayer } from "../unit/player-kit.ts";

const FILM = "assets/demo.mp4";

async function run(program: string, ...words: readonly string[]) {
  return await new Promise<{ code: number | null; text: string }>((resolve, reject) => {
    const child = spawn(program, words, { stdio: ["ignore", "pipe", "pipe"] });
    const chunks: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => chunks.push(chunk));
    child.on("error", () => {
      reject(new Error(`${program} cannot be started: install it (apt-get install ffmpeg)`));
    });
    child.on("close", (code) => resolve({ code, text: Buffer.concat(chunks).toString() }));
  });
}

it("ffmpeg plays the demo film from the engine, from the start and from the middle", async () => {
  const torrent = readTorrent(await makeTorrent(FILM, { announce: [] }));
  const store = seedStore(torrent, FILM);
  await using seed = await joinSwarm({ torrent, store, role: "seed" });
  await using listener = await openListener({ host: "127.0.0.1", port: 0, clock: systemClock });
  const join = () => joinFilm({ torrent, listener, peers: [seed.address] });
  await withPlayer(sourceOf(new Map([[torrent.infohash, join]])), async ({ url }) => {
    const film = `${url}/ace/getstream?infohash=${torrent.infohash}`;

    const probe = await run("ffprobe", "-v", "error", "-show_entries", "stream=codec_name", film);
    expect(probe.code, probe.text).toBe(0);
    expect(probe.text).toContain("h264");
    expect(probe.text).toContain("aac");

    const whole = await run("ffmpeg", "-v", "error", "-i", film, "-f", "null", "-");
    expect(whole, "played without a complaint").toEqual({ code: 0, text: "" });

    const jump = ["-ss", "15", "-i", film, "-t", "1", "-f", "null", "-"];
    expect(await run("ffmpeg", "-v", "error", ...jump)).toEqual({ code: 0, text: "" });
  });
  // All of it came over the swarm, and hardly a byte of it twice.
  const { length } = torrent;
  expect(seed.swarm.stats().bytesUp).toBeGreaterThanOrEqual(length);
  expect(seed.swarm.stats().bytesUp).toBeLessThan(length * 1.2);
});
