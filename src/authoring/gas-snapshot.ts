/**
 * The gas of a contract's methods beside what was written down: `gas.snapshot.json` in the author's
 * folder says what each method needed at most, so that a change of it is seen and meant.
 *
 * Units   Gas; the tolerance is a share in percent.
 * Errors  `FILE_UNREADABLE` for a snapshot that is not one.
 */
import { existsSync, globSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { AceError } from "../lib/errors.ts";

export const SNAPSHOT_FILE = "gas.snapshot.json";

export interface GasRow {
  readonly contract: string;
  readonly method: string;
  readonly calls: number;
  readonly least: number;
  readonly most: number;
  /** What the snapshot says; undefined for what it does not know. */
  readonly before: number | undefined;
  /** More, or less, than the tolerance allows. */
  readonly isChanged: boolean;
}

const Notes = z.array(
  z.object({ contract: z.string(), method: z.string(), gas: z.int().nonnegative() }),
);
const Snapshot = z.record(z.string(), z.record(z.string(), z.int().nonnegative()));
type Snapshot = z.infer<typeof Snapshot>;

/** Rows by contract and method, from what the tests left in `notesFolder`. */
export function gasRows(
  notesFolder: string,
  folder: string,
  tolerancePercent: number,
): readonly GasRow[] {
  const snapshot = readSnapshot(folder);
  const used = new Map<string, number[]>();
  for (const file of globSync("*.json", { cwd: notesFolder })) {
    for (const { contract, method, gas } of notesIn(join(notesFolder, file))) {
      const key = `${contract}.${method}`;
      used.set(key, [...(used.get(key) ?? []), gas]);
    }
  }
  return [...used]
    .toSorted(([left], [right]) => (left < right ? -1 : 1))
    .map(([key, gas]) => {
      const [contract = "", method = ""] = key.split(".");
      const [least, most] = [Math.min(...gas), Math.max(...gas)];
      const before = snapshot[contract]?.[method];
      const isChanged =
        before !== undefined && Math.abs(most - before) > (before * tolerancePercent) / 100;
      return { contract, method, calls: gas.length, least, most, before, isChanged };
    });
}

/** Writes down what is new, and with `isUpdate` what has changed as well. */
export function saveSnapshot(folder: string, rows: readonly GasRow[], isUpdate: boolean): boolean {
  const snapshot = readSnapshot(folder);
  const changed = rows.filter(({ before, most }) =>
    before === undefined ? true : isUpdate && before !== most,
  );
  if (changed.length === 0) return false;
  const next = new Map(Object.entries(snapshot));
  for (const { contract, method, most } of changed) {
    next.set(contract, { ...next.get(contract), [method]: most });
  }
  const text = JSON.stringify(sorted(next), undefined, 2);
  writeFileSync(join(folder, SNAPSHOT_FILE), `${text}\n`);
  return true;
}

function sorted(snapshot: ReadonlyMap<string, Readonly<Record<string, number>>>): Snapshot {
  const byName = (left: readonly [string, unknown], right: readonly [string, unknown]): number =>
    left[0] < right[0] ? -1 : 1;
  return Object.fromEntries(
    [...snapshot]
      .toSorted(byName)
      .map(([name, methods]) => [
        name,
        Object.fromEntries(Object.entries(methods).toSorted(byName)),
      ]),
  );
}

function notesIn(path: string): z.infer<typeof Notes> {
  return Notes.parse(JSON.parse(readFileSync(path, "utf8")));
}

function readSnapshot(folder: string): Snapshot {
  const path = join(folder, SNAPSHOT_FILE);
  if (!existsSync(path)) return {};
  try {
    return Snapshot.parse(JSON.parse(readFileSync(path, "utf8")));
  } catch (cause) {
    throw new AceError("FILE_UNREADABLE", `${path} is no snapshot of gas; remove it`, { cause });
  }
}
