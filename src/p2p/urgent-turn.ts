/** A player waits: which peers are asked for what it needs, and how much of it each. */
import type { Chance } from "./chance.ts";
import { PATIENCE_MS_MIN } from "./engine-limits.ts";
import type { Reading } from "./reading.ts";

interface Asked {
  readonly isServing: boolean;
  readonly capacityBytesPerS: number;
  fill(): void;
  fillUrgent(count: number): void;
}

const LUCK_MAX = 2 ** 30;

/** Some player has been waiting for longer than an answer takes. */
export function isSomebodyLate(readers: readonly Reading[], nowMs: number): boolean {
  return readers.some((reader) => (reader.waitedMs(nowMs) ?? 0) >= PATIENCE_MS_MIN);
}

/** All are asked at once, those that bring more for more, and first. */
export function fillUrgent(all: readonly Asked[], blocks: number, chance: Chance): void {
  const serving = all.filter((link) => link.isServing);
  // Of strangers any may be first: those who came first and are silent would be asked each time.
  const luck = new Map(serving.map((link) => [link, chance.below(LUCK_MAX)]));
  const luckOf = (link: Asked) => luck.get(link) ?? 0;
  const links = serving.toSorted(
    (a, b) => b.capacityBytesPerS - a.capacityBytesPerS || luckOf(a) - luckOf(b),
  );
  const total = links.reduce((sum, { capacityBytesPerS }) => sum + capacityBytesPerS + 1, 0);
  for (const link of links) {
    link.fillUrgent(Math.ceil((blocks * (link.capacityBytesPerS + 1)) / total));
  }
  // What was left because somebody lacks a piece, or has no room.
  for (const link of links) link.fillUrgent(blocks);
  for (const link of links) link.fill();
}
