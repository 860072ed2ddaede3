// Goal: how fast one seed feeds eight leeches that know one another, beside libtorrent.
// Method: nine processes on loopback, files in memory; every leech is told of the seed and of all the
//         other leeches. The figure is the time until the last one has it all. The engines take turns
//         at going first, after a turn each that does not count: memory that the machine has not given
//         to anybody yet costs whoever takes it first up to as much time again.
import { type Figure, median } from "./figure.ts";
import type { MovieInput } from "./p2p-input.ts";
import { beside } from "./p2p-pair.ts";
import { type Engine, Party } from "./p2p-party.ts";

type Contestant = Extract<Engine, "ours" | "libtorrent">;

const LEECHES = 8;
const ROUNDS = 4;

export async function fanoutFigures(movie: MovieInput): Promise<readonly Figure[]> {
  const times: Readonly<Record<Contestant, number[]>> = { ours: [], libtorrent: [] };
  for (let round = 0; round <= ROUNDS; round += 1) {
    const order: readonly Contestant[] =
      round % 2 === 0 ? ["libtorrent", "ours"] : ["ours", "libtorrent"];
    for (const engine of order) {
      const timeS = await fanoutS(engine, movie);
      if (round > 0) times[engine].push(timeS);
    }
  }
  return [
    {
      name: "p2p.fanout8_vs_libtorrent",
      unit: "s until all have it",
      ...beside(median(times.ours), median(times.libtorrent)),
      input: `${movie.sizeBytes / 1e6} MB, pieces of 1 MiB`,
    },
  ];
}

async function fanoutS(engine: Engine, movie: MovieInput): Promise<number> {
  await using parts = new AsyncDisposableStack();
  const [seed, { port }] = await Party.start(engine, ["seed", movie.torrentPath, movie.folder]);
  parts.use(seed);
  const leeches: { readonly party: Party; readonly address: string }[] = [];
  for (let count = 0; count < LEECHES; count += 1) {
    const out = movie.outFolder();
    parts.defer(() => movie.drop(out));
    const [party, answer] = await Party.start(engine, ["leech", movie.torrentPath, out]);
    leeches.push({ party: parts.use(party), address: `127.0.0.1:${answer["port"]}` });
  }
  const startMs = performance.now();
  await Promise.all(
    leeches.map(({ party, address }) => {
      const others = leeches.map((leech) => leech.address).filter((other) => other !== address);
      return party.ask({ kind: "fetch", peers: [`127.0.0.1:${port}`, ...others] });
    }),
  );
  return (performance.now() - startMs) / 1_000;
}
