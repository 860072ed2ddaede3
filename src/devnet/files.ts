/**
 * The devnet's publications on disk, so that a node can read them by file://.
 *
 * Every file is written under another name first and then renamed: whoever reads meanwhile, and
 * whatever is killed, a file is whole or not there.
 *
 * Errors  `DEVNET_DATA` when the folder cannot be written.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { compareBytes } from "../lib/bytes.ts";
import { AceError } from "../lib/errors.ts";
import type { Devnet } from "./devnet.ts";
import type { Publication } from "./publication.ts";

/** So far another network's first object may lie. */
const FOREIGN_LEDGERS = 64;

export interface Publishing {
  readonly folder: string;
  readonly publication: Publication;
}

/** Writes what is there already and lacks in a folder, then each ledger's files as it closes. */
export function publishTo(net: Devnet, publishings: readonly Publishing[]): () => void {
  for (const { folder, publication } of publishings) {
    refuseForeign(net, folder, publication);
    for (const name of publication.names) writeObject(folder, name, publication);
    for (let sequence = 1; sequence <= net.latest.sequence; sequence += 1) {
      for (const name of publication.completedBy(sequence)) {
        if (!existsSync(join(folder, name))) writeObject(folder, name, publication);
      }
    }
  }
  return net.onClose(({ sequence }) => {
    for (const { folder, publication } of publishings) {
      for (const name of publication.completedBy(sequence)) {
        writeObject(folder, name, publication);
      }
    }
  });
}

/** Ledgers of two networks in one folder would make both unreadable. */
function refuseForeign(net: Devnet, folder: string, publication: Publication): void {
  for (
    let sequence = 1;
    sequence <= Math.max(net.latest.sequence, FOREIGN_LEDGERS);
    sequence += 1
  ) {
    const name = publication.completedBy(sequence).at(0);
    const path = join(folder, name ?? "");
    if (name === undefined || !existsSync(path)) continue;
    const ours = publication.read(name);
    if (ours !== undefined && compareBytes(readFileSync(path), ours) === 0) return;
    throw new AceError("DEVNET_DATA", `${folder} holds ledgers of another network: empty it first`);
  }
}

/** Errors `DEVNET_DATA`. */
export function writeWhole(path: string, bytes: Uint8Array | string): void {
  const draft = `${path}.new`;
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(draft, bytes);
    renameSync(draft, path);
  } catch (cause) {
    throw new AceError("DEVNET_DATA", `${path} cannot be written`, { cause });
  }
}

function writeObject(folder: string, name: string, publication: Publication): void {
  const bytes = publication.read(name);
  if (bytes !== undefined) writeWhole(join(folder, name), bytes);
}
