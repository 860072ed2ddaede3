// Goal: what streaming costs, beside what others carry it with, all in the same run on loopback.
// Each part says how it measures in its own file.
import type { BenchOptions, Figure } from "./figure.ts";
import { pairFigures } from "./p2p-pair.ts";

const SIZE_MB = 500;

export async function p2pFigures({ sizeMb = SIZE_MB }: BenchOptions): Promise<readonly Figure[]> {
  const figures = [await pairFigures(sizeMb)];
  return figures.flat();
}
