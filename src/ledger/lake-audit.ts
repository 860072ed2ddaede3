/**
 * The audit of a lake's names: a reader finds ledgers by them alone, so that a name that is missing,
 * there twice or in another place hides ledgers.
 */
import { AceError } from "../lib/errors.ts";
import type { Tally } from "./audit-report.ts";
import { LAKE_CONFIG_NAME, LAKE_STYLES, lakeObjectName, readLakeConfig } from "./lake-layout.ts";
import type { LakeFolder, NamedObject } from "./ledger-folder.ts";
import type { ObjectStore } from "./object-store.ts";

const CONFIG_BYTES_MAX = 64 * 1024;

export async function auditNames(
  { objects }: LakeFolder,
  store: ObjectStore,
  tally: Tally,
): Promise<void> {
  const placesOf = await namesOf(store);
  let before: NamedObject | undefined;
  for (const object of objects) {
    const { name } = object;
    const fault = misplaced(name, placesOf(object)) ?? (before && faultBetween(before, object));
    if (fault !== undefined) tally.caught(name, new AceError("LEDGER_MALFORMED", fault));
    before = object;
  }
}

function misplaced(name: string, places: readonly string[]): string | undefined {
  if (places.length === 0 || places.includes(name)) return undefined;
  return `${name} is not where readers of this lake look for it, which is ${places[0]}`;
}

function faultBetween(before: NamedObject, { name, promised }: NamedObject): string | undefined {
  const next = before.promised.last + 1;
  if (promised.first === next) return undefined;
  if (promised.first < next) return `${name} and ${before.name} are named for the same ledgers`;
  return `the lake has no object for ledgers ${next} to ${promised.first - 1}`;
}

/** Where the lake's configuration puts an object; nowhere in particular when it does not say. */
async function namesOf(store: ObjectStore): Promise<(object: NamedObject) => readonly string[]> {
  const bytes = await store.fetchObject(LAKE_CONFIG_NAME, { bytesMax: CONFIG_BYTES_MAX });
  const { ledgersPerBatch, batchesPerPartition } = bytes === undefined ? {} : readLakeConfig(bytes);
  if (ledgersPerBatch === undefined || batchesPerPartition === undefined) return () => [];
  const sizes = { ledgersPerBatch, batchesPerPartition };
  return ({ promised }) => LAKE_STYLES.map((style) => lakeObjectName(promised.first, sizes, style));
}
