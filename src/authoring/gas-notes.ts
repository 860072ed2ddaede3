/**
 * Gas that calls of a test used, for the report of `ace contract test`: it names a folder in the
 * environment, and each network leaves one file there. Without it nothing is written.
 *
 * Units  Gas of calls that succeeded.
 */

import { randomUUID } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Names the folder. */
export const GAS_FOLDER_VARIABLE = "ACE_GAS_FOLDER";

export interface GasNote {
  readonly contract: string;
  readonly method: string;
  readonly gas: number;
}

export class GasNotes {
  readonly #notes: GasNote[] = [];

  add(note: GasNote): void {
    this.#notes.push(note);
  }

  /** What each method used, in the order of the calls. */
  get notes(): readonly GasNote[] {
    return this.#notes;
  }

  save(): void {
    const folder = process.env[GAS_FOLDER_VARIABLE];
    if (folder === undefined || folder === "" || this.#notes.length === 0) return;
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `${randomUUID()}.json`), JSON.stringify(this.#notes));
  }
}
