// Goal: how long a viewer looks at nothing, at the start and after a seek.
// Method: one seed and one leech, each a process, on loopback, with pieces of 1 MiB. The start counts
//         from the moment that the torrent is added: connecting is in it. A seek counts from the
//         request for bytes until the first verified one, in a swarm that is warm.
import { type Figure, median } from "./figure.ts";
import type { MovieInput } from "./p2p-input.ts";
import { beside } from "./p2p-pair.ts";
import { type Engine, Party } from "./p2p-party.ts";

/** Shares of the file, far from each other and from the start. */
const SEEKS = [0.7, 0.2, 0.9, 0.5];
const ROUNDS = 3;
const peers: readonly Engine[] = ["libtorrent", "webtorrent"];

interface Waits {
  readonly firstMs: number;
  readonly seekMs: number;
}

export async function seekFigures(movie: MovieInput): Promise<readonly Figure[]> {
  const waits = new Map<Engine, Waits[]>();
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const engine of ["ours", ...peers] as const) {
      waits.set(engine, [...(waits.get(engine) ?? []), await wait(engine, movie)]);
    }
  }
  const middle = (engine: Engine, part: keyof Waits) =>
    median((waits.get(engine) ?? []).map((each) => each[part]));
  const figure = (name: string, part: keyof Waits, peer: Engine): Figure => ({
    name,
    unit: "ms",
    ...beside(middle("ours", part), middle(peer, part)),
    input: `pieces of 1 MiB, beside ${peer}`,
  });
  return peers.flatMap((peer) => [
    figure("p2p.first_byte_ms", "firstMs", peer),
    figure("p2p.seek_ms", "seekMs", peer),
  ]);
}

async function wait(engine: Engine, movie: MovieInput): Promise<Waits> {
  await using parts = new AsyncDisposableStack();
  const out = movie.outFolder();
  parts.defer(() => movie.drop(out));
  const [seed, { port }] = await Party.start(engine, ["seed", movie.torrentPath, movie.folder]);
  parts.use(seed);
  const [leech] = await Party.start(engine, ["leech", movie.torrentPath, out]);
  parts.use(leech);
  const { firstMs = Number.NaN, ...seeks } = await leech.ask({
    kind: "seek",
    peers: [`127.0.0.1:${port}`],
    offsets: SEEKS.map((share) => Math.floor(share * movie.sizeBytes)),
  });
  return { firstMs, seekMs: median(Object.values(seeks)) };
}
