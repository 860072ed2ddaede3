// Goal: what streaming costs, beside what others carry it with, all in the same run on loopback.
// Each part says how it measures in its own file.
import type { BenchOptions, Figure } from "./figure.ts";
import { admissionFigures } from "./p2p-admissions.ts";
import { aria2Figures } from "./p2p-aria2.ts";
import { fanoutFigures } from "./p2p-fanout.ts";
import { gateFigures } from "./p2p-gate.ts";
import { makeMovie } from "./p2p-input.ts";
import { liveFigures } from "./p2p-live.ts";
import { memoryFigures } from "./p2p-memory.ts";
import { pairFigures } from "./p2p-pair.ts";
import { seekFigures } from "./p2p-seek.ts";

const SIZE_MB = 500;
/** Of a seek only the first pieces are fetched. */
const SEEK_SHARE = 8;

export async function p2pFigures({ sizeMb = SIZE_MB }: BenchOptions): Promise<readonly Figure[]> {
  using movie = await makeMovie(sizeMb);
  using small = await makeMovie(Math.ceil(sizeMb / SEEK_SHARE));
  return [
    await pairFigures(movie),
    await aria2Figures(movie),
    await gateFigures(movie),
    await fanoutFigures(movie),
    await seekFigures(small),
    await memoryFigures(),
    await admissionFigures(),
    await liveFigures(),
  ].flat();
}
