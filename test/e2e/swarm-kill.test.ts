// Goal: seed and viewer may be killed at any moment: the film comes whole in the end, what a record
//       claims stays claimed, and no record ever claims a piece that is not good.
// Method: both are processes, killed with SIGKILL at moments drawn from a seed, alone or together.
//         After each death the viewer's record is held against what lies on the disk.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { folderStore } from "../../src/p2p/piece-store.ts";
import { loadResume } from "../../src/p2p/resume-record.ts";
import { isStoredGood } from "../../src/p2p/verify.ts";
import { chanceOf } from "../support/chance.ts";
import { type Film, makeFilm } from "../unit/p2p-kit.ts";

const FILM_BYTES = 24_000_000;
const KILLS = 8;
const LIFE_MS_MAX = 1_200;
const SCRIPT = join(import.meta.dirname, "../support/swarm-process.ts");
const seed = Number(process.env["KILL_SEED"] ?? 5);

class Life {
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  readonly #port = Promise.withResolvers<string>();
  readonly #done = Promise.withResolvers<void>();

  constructor(role: "seed" | "leech", torrent: string, folder: string) {
    const args = ["--no-warnings", SCRIPT, role, torrent, folder];
    this.#child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
    this.#ended = new Promise((resolve) => this.#child.once("exit", resolve));
    this.#child.stdin?.on("error", () => {});
    for (const { promise } of [this.#port, this.#done]) promise.catch(() => {});
    void this.#listen();
  }

  /** Resolves with its address when it is ready; rejects when it ends before. */
  get address(): Promise<string> {
    return this.#port.promise.then((port) => `127.0.0.1:${port}`);
  }

  /** Resolves when it has the whole film. */
  get done(): Promise<void> {
    return this.#done.promise;
  }

  tell(address: string): void {
    this.#child.stdin?.write(`${address}\n`);
  }

  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#ended;
  }

  async #listen(): Promise<void> {
    if (this.#child.stdout === null) return;
    for await (const line of createInterface({ input: this.#child.stdout })) {
      if (line === "done") this.#done.resolve();
      else this.#port.resolve(line);
    }
    this.#port.reject(new Error("a process of the swarm ended"));
    this.#done.reject(new Error("the viewer ended"));
  }
}

/** The pieces that the record claims; each of them must be good on the disk. */
async function claimed(film: Film, folder: string): Promise<readonly number[]> {
  const record = await loadResume(film.torrent, join(folder, "film.resume"));
  const claims = film.torrent.pieceHashes.keys().filter((index) => record?.pieces.has(index));
  const store = await folderStore(film.torrent, folder);
  const pieces = [...claims];
  for (const index of pieces) {
    const isGood = await isStoredGood(film.torrent, store, index);
    expect(isGood, `piece ${index} is as the record says`).toBe(true);
  }
  await store.close();
  return pieces;
}

it("a film comes whole though its seed and its viewer are killed at any moment", async () => {
  await using film = await makeFilm(FILM_BYTES);
  const folder = join(film.folder, "viewer");
  await mkdir(folder);
  const torrent = join(film.folder, "film.torrent");
  await writeFile(torrent, film.torrentBytes);
  const chance = chanceOf(seed);
  const startSeed = () => new Life("seed", torrent, film.folder);
  const startLeech = () => new Life("leech", torrent, folder);
  let [giver, viewer] = [startSeed(), startLeech()];
  try {
    let before: readonly number[] = [];
    for (let kill = 0; kill < KILLS; kill += 1) {
      viewer.tell(await giver.address);
      // Some die while they start.
      if (chance() < 0.8) await viewer.address;
      await Promise.race([sleep(chance() * LIFE_MS_MAX), viewer.done]);
      const victims = chance();
      if (victims < 0.6) {
        await viewer.kill();
        const now = await claimed(film, folder);
        expect(before.filter((index) => !now.includes(index))).toEqual([]);
        before = now;
        viewer = startLeech();
      }
      if (victims > 0.4) {
        await giver.kill();
        giver = startSeed();
      }
    }
    expect(before.length).toBeGreaterThan(0);
    viewer.tell(await giver.address);
    await viewer.done;
    await viewer.kill();
    const got = await readFile(join(folder, film.torrent.infohash, "film.mp4"));
    expect(got.equals(film.bytes)).toBe(true);
  } finally {
    await Promise.all([giver.kill(), viewer.kill()]);
    await rm(folder, { recursive: true, force: true });
  }
});
