/** The digest of a corpus: what every script of it did, as one hash a class. */
import { sha256Hex } from "../src/lib/hash.ts";
import type { Pass } from "./pass.ts";

/** By class, which is the name of a script up to its colon. */
export function digestsOf(pass: Pass): Readonly<Record<string, string>> {
  const told = new Map<string, string[]>();
  for (const [name, { verdict, trace }] of pass) {
    const group = name.split(":")[0] ?? "";
    const { outcome, code, gas } = verdict;
    const line = JSON.stringify([name, outcome, code, `${gas}`, trace]);
    told.set(group, [...(told.get(group) ?? []), line]);
  }
  const digests = [...told].map(([group, lines]) => [group, hashOf(lines)] as const);
  return Object.fromEntries(digests.toSorted(([left], [right]) => (left < right ? -1 : 1)));
}

function hashOf(lines: readonly string[]): string {
  return sha256Hex(Buffer.from(lines.toSorted().join("\n")));
}
