// Goal: what it costs to carry a file from one node to another, beside libtorrent and webtorrent.
// Method: one seed and one leech, each a process, on loopback, files in memory; rounds alternate
//         between the engines. Processor time is user and system of both from the first request on
//         until every piece is verified and stored.
import { type Figure, median } from "./figure.ts";
import type { MovieInput } from "./p2p-input.ts";
import { type Engine, Party } from "./p2p-party.ts";

export interface Run {
  readonly cpuSPerGb: number;
  readonly mbPerS: number;
}

const ROUNDS = 3;

export async function pairFigures(movie: MovieInput): Promise<readonly Figure[]> {
  const engines: readonly Engine[] = ["ours", "libtorrent", "webtorrent"];
  const runs = new Map<Engine, Run[]>(engines.map((engine) => [engine, []]));
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const engine of engines) runs.get(engine)?.push(await runPair(engine, movie));
  }
  const middle = (engine: Engine, part: keyof Run) =>
    median((runs.get(engine) ?? []).map((run) => run[part]));
  const input = `${movie.sizeBytes / 1e6} MB, pieces of 1 MiB`;
  const cpu = (peer: Engine): Figure => ({
    name: `p2p.cpu_vs_${peer}`,
    unit: "CPU s/GB, both sides",
    ...beside(middle("ours", "cpuSPerGb"), middle(peer, "cpuSPerGb")),
    input,
  });
  const rate = (peer: Engine): Figure => ({
    name: `p2p.rate_vs_${peer}`,
    unit: "MB/s",
    ...beside(middle("ours", "mbPerS"), middle(peer, "mbPerS")),
    input,
  });
  return [cpu("libtorrent"), rate("libtorrent"), cpu("webtorrent"), rate("webtorrent")];
}

export async function runPair(engine: Engine, movie: MovieInput): Promise<Run> {
  const out = movie.outFolder();
  const [seed, { port }] = await Party.start(engine, ["seed", movie.torrentPath, movie.folder]);
  await using _seed = seed;
  const [leech] = await Party.start(engine, ["leech", movie.torrentPath, out]);
  await using _leech = leech;
  seed.mark();
  const { ms = Number.NaN } = await leech.ask({ kind: "fetch", peers: [`127.0.0.1:${port}`] });
  const spentS = seed.spentS + leech.spentS;
  movie.drop(out);
  return {
    cpuSPerGb: spentS / (movie.sizeBytes / 1e9),
    mbPerS: movie.sizeBytes / 1e6 / (ms / 1_000),
  };
}

/** A value, what the peer has in its place, and the ratio, each to three digits. */
export function beside(value: number, peer: number): Pick<Figure, "value" | "peer" | "ratio"> {
  return { value: digits(value), peer: digits(peer), ratio: digits(value / peer) };
}

export function digits(value: number): number {
  return Number(value.toPrecision(3));
}
