/**
 * What each part of a ledger touched of state, and whether the parts were apart: then they did what they
 * would have done one after the other, in any order.
 *
 * Errors  A `TypeError` for notes that are none: they come from the contract process.
 */
import { z } from "zod";

/** Of the calls of one contract, with all that they called. */
export interface Footprint {
  readonly contract: number;
  readonly gasUsed: number;
  /** Contracts whose entries were read or written. */
  readonly contracts: readonly number[];
  /** Keys of the system's own entries. */
  readonly read: readonly string[];
  readonly written: readonly string[];
  /** Beginnings of keys: a scan reads what is not there as well. */
  readonly scanned: readonly string[];
}

/** The registry. */
const SYSTEM = 0;

const WireFootprints = z.array(
  z.tuple([
    z.string().regex(/^\d+$/),
    z.int().min(0),
    z.array(z.number()),
    z.array(z.string()),
    z.array(z.string()),
    z.array(z.string()),
  ]),
);

/** Reads what `FootprintNotes` wrote, as byte text. */
export function readFootprints(text: string): readonly Footprint[] {
  const found = WireFootprints.safeParse(text === "" ? [] : JSON.parse(text));
  if (!found.success) throw new TypeError("notes of what a ledger touched");
  return found.data.map(([contract, gasUsed, contracts, read, written, scanned]) => ({
    contract: Number(contract),
    gasUsed,
    contracts,
    read,
    written,
    scanned,
  }));
}

/** Two contracts that must run in one part from now on. */
export type Edge = readonly [left: number, right: number];

/** Where parts met; empty when they were apart. */
export function meetings(parts: readonly (readonly Footprint[])[]): readonly Edge[] {
  const owned = new Map<number, Toucher>();
  const written = new Map<string, Toucher>();
  const met: Edge[] = [];
  const demandOwn = <Place>(places: Map<Place, Toucher>, place: Place, by: Toucher): void => {
    const other = places.get(place);
    if (other === undefined) places.set(place, by);
    else if (other.part !== by.part) met.push([other.contract, by.contract]);
  };
  for (const { by, footprint } of touchers(parts)) {
    for (const number of [by.contract, ...footprint.contracts]) demandOwn(owned, number, by);
    for (const key of footprint.written) demandOwn(written, key, by);
  }
  for (const { by, footprint } of touchers(parts)) {
    for (const writer of writersOf(footprint, written)) {
      if (writer.part !== by.part) met.push([writer.contract, by.contract]);
    }
  }
  return met;
}

interface Toucher {
  readonly part: number;
  readonly contract: number;
}

function* touchers(parts: readonly (readonly Footprint[])[]) {
  for (const [part, footprints] of parts.entries()) {
    for (const footprint of footprints) {
      yield { by: { part, contract: footprint.contract }, footprint };
    }
  }
}

/** Whoever wrote what these calls read. */
function* writersOf(
  { read, scanned }: Footprint,
  written: ReadonlyMap<string, Toucher>,
): Generator<Toucher> {
  for (const key of read) {
    const writer = written.get(key);
    if (writer !== undefined) yield writer;
  }
  for (const prefix of scanned) {
    for (const [key, writer] of written) if (key.startsWith(prefix)) yield writer;
  }
}

/** Who called whom, or paid whom, as far as it is no matter of one ledger. */
export function edgesOf(footprints: readonly Footprint[]): readonly Edge[] {
  return footprints.flatMap(({ contract, contracts }) =>
    contract === SYSTEM ? [] : contracts.map((other): Edge => [contract, other]),
  );
}
