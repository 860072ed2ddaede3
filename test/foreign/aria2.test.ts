// Goal: a client written by strangers gets a public film whole and not one byte of a gated one.
// Method: aria2c as it is, against a seeding node here. It must be installed: this test is never
// skipped, because a gate that nobody else has tried is only a claim.
import { spawn } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { silentEvents } from "../../src/lib/events.ts";
import { openTrackerServer } from "../../src/p2p/tracker-server.ts";
import { type Film, joinSeed, makeFilm, newKey, until, verifier } from "../unit/p2p-kit.ts";

const FILM_BYTES = 3_000_000;

interface Run extends AsyncDisposable {
  readonly folder: string;
  /** The exit code, when the client ended by itself. */
  readonly ended: Promise<number | null>;
}

async function runAria2(film: Film): Promise<Run> {
  const folder = await mkdtemp(join(tmpdir(), "ace-aria2-"));
  const torrent = join(folder, "film.torrent");
  await writeFile(torrent, film.torrentBytes);
  const child = spawn(
    "aria2c",
    [
      `--dir=${folder}`,
      "--no-conf=true",
      "--seed-time=0",
      "--enable-dht=false",
      "--enable-dht6=false",
      "--bt-enable-lpd=false",
      "--enable-peer-exchange=true",
      "--listen-port=26881-26999",
      "--bt-tracker-connect-timeout=5",
      "--console-log-level=error",
      "--summary-interval=0",
      "--allow-overwrite=true",
      torrent,
    ],
    { stdio: "ignore" },
  );
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on("error", () => {
      reject(new Error("aria2c cannot be started: install it (apt-get install aria2)"));
    });
    child.on("exit", resolve);
  });
  ended.catch(() => {});
  return {
    folder,
    ended,
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGKILL");
      await ended.catch(() => {});
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function openTracker() {
  return await openTrackerServer({
    host: "127.0.0.1",
    port: 0,
    isServed: () => true,
    events: silentEvents,
  });
}

it("aria2 gets a public film, identical to the last byte", async () => {
  await using tracker = await openTracker();
  await using film = await makeFilm(FILM_BYTES, { announce: [tracker.announceUrl] });
  await using seed = await joinSeed(film);
  await using run = await runAria2(film);
  expect(await run.ended).toBe(0);
  const got = await readFile(join(run.folder, "film.mp4"));
  expect(got.equals(film.bytes)).toBe(true);
  expect(seed.swarm.stats().bytesUp).toBeGreaterThanOrEqual(FILM_BYTES);
});

it("aria2 gets not one byte of a gated film, however often it comes back", async () => {
  await using tracker = await openTracker();
  await using film = await makeFilm(FILM_BYTES, { announce: [tracker.announceUrl] });
  await using seed = await joinSeed(film, { deviceKey: newKey(), upload: verifier });
  await using run = await runAria2(film);
  const refusals = () => seed.swarm.stats().closed["GATE_REQUIRED"] ?? 0;
  await Promise.race([run.ended, until(() => refusals() > 0, "aria2 was refused", 60_000)]);
  expect(refusals()).toBeGreaterThan(0);
  // It has been told no; give it time to try whatever else it knows.
  await Promise.race([run.ended, new Promise((resolve) => setTimeout(resolve, 5_000))]);
  expect(seed.swarm.stats()).toMatchObject({ bytesUp: 0, ungatedBytesUp: 0 });
  const names = (await readdir(run.folder)).filter((name) => name.startsWith("film.mp4"));
  for (const name of names.filter((each) => !each.endsWith(".aria2"))) {
    const { blocks } = await stat(join(run.folder, name));
    const content = blocks === 0 ? Buffer.alloc(0) : await readFile(join(run.folder, name));
    expect(content.every((byte) => byte === 0)).toBe(true);
  }
});
