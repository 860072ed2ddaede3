/**
 * What the calls of a ledger touch of state, noted in the isolate while they run: the node compares the
 * notes of workers that each ran a part of one ledger.
 *
 * Of contracts' own entries only the contract is noted: it is never shared out. Entries of the system
 * are noted by key. Reads that were taken back count as well, for they may have decided something.
 */
import { keyOwner } from "./key-owner.ts";
import type { WireFootprint } from "./requests.ts";

interface Notes {
  gas: number;
  readonly contracts: Set<number>;
  readonly read: Set<string>;
  readonly written: Set<string>;
  readonly scanned: Set<string>;
}

export class FootprintNotes {
  /** By the contract that was called. */
  readonly #notes = new Map<string, Notes>();
  #current: Notes | undefined;

  /** A call of this contract begins. */
  begin(contract: string): void {
    const known = this.#notes.get(contract);
    this.#current = known ?? newNotes();
    if (known === undefined) this.#notes.set(contract, this.#current);
  }

  used(gas: number): void {
    if (this.#current !== undefined) this.#current.gas += gas;
  }

  read(key: string): void {
    const notes = this.#current;
    if (notes === undefined) return;
    const owner = keyOwner(key);
    if (owner === 0) notes.read.add(key);
    else notes.contracts.add(owner);
  }

  write(key: string): void {
    const notes = this.#current;
    if (notes === undefined) return;
    const owner = keyOwner(key);
    if (owner === 0) notes.written.add(key);
    else notes.contracts.add(owner);
  }

  scan(prefix: string): void {
    const notes = this.#current;
    if (notes === undefined) return;
    const owner = keyOwner(prefix);
    if (owner === 0) notes.scanned.add(prefix);
    else notes.contracts.add(owner);
  }

  /** A list of `WireFootprint` as JSON. */
  text(): string {
    const wire: WireFootprint[] = [];
    for (const [contract, { gas, contracts, read, written, scanned }] of this.#notes) {
      const onlyRead = [...read].filter((key) => !written.has(key));
      wire.push([contract, gas, [...contracts], onlyRead, [...written], [...scanned]]);
    }
    return JSON.stringify(wire);
  }
}

function newNotes(): Notes {
  return {
    gas: 0,
    contracts: new Set(),
    read: new Set(),
    written: new Set(),
    scanned: new Set(),
  };
}
