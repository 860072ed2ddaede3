// Goal: what it costs to carry a file from one aria2 to another, beside ours.
// Method: as for a pair, but aria2 cannot be told of a peer: they find each other by a tracker here.
//         Processor time is sampled until the leech ends by itself; its start is in it.
import { type ChildProcess, spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { silentEvents } from "../src/lib/events.ts";
import { makeTorrent } from "../src/p2p/torrent.ts";
import { openTrackerServer } from "../src/p2p/tracker-server.ts";
import { type Figure, median } from "./figure.ts";
import type { MovieInput } from "./p2p-input.ts";
import { beside, type Run, runPair } from "./p2p-pair.ts";
import { cpuSecondsOf } from "./p2p-party.ts";

const ROUNDS = 3;
const SAMPLE_MS = 20;
const PIECE_LENGTH = 1_048_576;
const QUIET = [
  "--no-conf=true",
  "--enable-dht=false",
  "--enable-dht6=false",
  "--bt-enable-lpd=false",
  "--console-log-level=error",
  "--summary-interval=0",
  "--file-allocation=none",
  "--listen-port=26881-26999",
];

export async function aria2Figures(movie: MovieInput): Promise<readonly Figure[]> {
  await using tracker = await openTrackerServer({
    host: "127.0.0.1",
    port: 0,
    isServed: () => true,
    events: silentEvents,
  });
  const torrent = join(movie.folder, "aria2.torrent");
  const terms = { announce: [tracker.announceUrl], pieceLength: PIECE_LENGTH };
  writeFileSync(torrent, await makeTorrent(join(movie.folder, "movie.bin"), terms));
  const ours: Run[] = [];
  const theirs: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    ours.push(await runPair("ours", movie));
    theirs.push(await cpuSPerGb(movie, torrent));
  }
  return [
    {
      name: "p2p.cpu_vs_aria2",
      unit: "CPU s/GB, both sides",
      ...beside(median(ours.map((run) => run.cpuSPerGb)), median(theirs)),
      input: `${movie.sizeBytes / 1e6} MB, pieces of 1 MiB`,
    },
  ];
}

async function cpuSPerGb(movie: MovieInput, torrent: string): Promise<number> {
  const out = movie.outFolder();
  using parts = new DisposableStack();
  parts.defer(() => movie.drop(out));
  const start = (...args: readonly string[]): ChildProcess => {
    const child = spawn("aria2c", [...QUIET, ...args, torrent], { stdio: "ignore" });
    parts.defer(() => void child.kill("SIGKILL"));
    return child;
  };
  const seed = start(`--dir=${movie.folder}`, "--bt-seed-unverified=true", "--seed-ratio=0.0");
  // It must be known to the tracker before the leech asks.
  await sleep(2_000);
  const leech = start(`--dir=${out}`, "--seed-time=0");
  let spentS = 0;
  while (leech.exitCode === null && leech.signalCode === null) {
    spentS = spentBy(leech) ?? spentS;
    await sleep(SAMPLE_MS);
  }
  if (leech.exitCode !== 0) throw new Error(`aria2c ended with ${leech.exitCode}`);
  return (spentS + (spentBy(seed) ?? 0)) / (movie.sizeBytes / 1e9);
}

function spentBy({ pid }: ChildProcess): number | undefined {
  try {
    return cpuSecondsOf(pid ?? 0);
  } catch {
    // It has ended since: what was seen last stands.
    return undefined;
  }
}
