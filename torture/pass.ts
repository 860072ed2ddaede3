/** Every script once, in one sandbox, in the order that is given: what one pass over a corpus tells. */
import type { Rig } from "./rig.ts";
import { type Once, runOnce } from "./run-script.ts";
import type { Script } from "./script.ts";

export type Pass = ReadonlyMap<string, Once>;

export async function passOver(scripts: readonly Script[], rig: Rig): Promise<Pass> {
  const found = new Map<string, Once>();
  for (const script of scripts) found.set(script.name, await runOnce(script, rig));
  return found;
}

/** Names of scripts that did anything else in one of the other passes, or ended in a node fault. */
export function differences(first: Pass, others: readonly Pass[]): readonly string[] {
  const isSame = (name: string, { verdict, trace }: Once): boolean =>
    verdict.outcome !== "node-fault" &&
    others.every((pass) => pass.get(name)?.trace === trace && pass.size === first.size);
  return [...first].filter(([name, once]) => !isSame(name, once)).map(([name]) => name);
}
