// Goal: what the gate and the decryption of a content cost its viewer.
// Method: one seed and one leech, each a process; the leech reads the whole file as a player would,
//         once public and in clear, once gated and deciphered (AES-CTR) on its way out, in turns. The
//         figure is the share of throughput that is lost: the median of what each pair of turns lost,
//         as a machine is not equally fast from pair to pair.
import { type Figure, median } from "./figure.ts";
import type { MovieInput } from "./p2p-input.ts";
import { digits } from "./p2p-pair.ts";
import { Party } from "./p2p-party.ts";

const ROUNDS = 11;
const ADDRESS = "127.0.0.1";
type Terms = "public" | "gated";

export async function gateFigures(movie: MovieInput): Promise<readonly Figure[]> {
  const rates: Readonly<Record<Terms, number[]>> = { public: [], gated: [] };
  for (let round = 0; round < ROUNDS; round += 1) {
    // The first of a round has the calmer machine: they take turns at it.
    const order: readonly Terms[] = round % 2 === 0 ? ["public", "gated"] : ["gated", "public"];
    for (const terms of order) rates[terms].push(await mbPerS(terms, movie));
  }
  const [open, gated] = [median(rates.public), median(rates.gated)];
  const lost = rates.public.map((rate, round) => 1 - (rates.gated[round] ?? Number.NaN) / rate);
  return [
    {
      name: "p2p.gate_cost_pct",
      value: Number((median(lost) * 100).toFixed(1)),
      unit: "% of throughput lost",
      input: `${digits(gated)} of ${digits(open)} MB/s, gate and AES-CTR`,
    },
  ];
}

async function mbPerS(terms: Terms, movie: MovieInput): Promise<number> {
  await using parts = new AsyncDisposableStack();
  const out = movie.outFolder();
  parts.defer(() => movie.drop(out));
  const start = (role: string, folder: string) =>
    Party.start("ours", [role, movie.torrentPath, folder, terms]);
  const [seed, { port }] = await start("seed", movie.folder);
  parts.use(seed);
  const [leech] = await start("leech", out);
  parts.use(leech);
  const { ms = Number.NaN } = await leech.ask({ kind: "read", peers: [`${ADDRESS}:${port}`] });
  return movie.sizeBytes / 1e6 / (ms / 1_000);
}
