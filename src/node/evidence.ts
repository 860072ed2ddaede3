/**
 * Evidence against sources that lied: what they sent, as they sent it, under the data folder.
 *
 * Range   At most `ITEMS_MAX` lies in all, each of at most `ITEM_BYTES_MAX` bytes: a liar must not fill
 *         the disk. What comes after is only told.
 */
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Evidence, EvidenceItem } from "../ledger/source-panel.ts";
import type { Events } from "../lib/events.ts";
import { sha256Hex } from "../lib/hash.ts";

const FOLDER = "evidence";
const ITEMS_MAX = 32;
const ITEM_BYTES_MAX = 4 * 1024 * 1024;
const PRIVATE_MODE = 0o600;

export function openEvidence(dataDir: string, events: Events): Evidence {
  const folder = join(dataDir, FOLDER);
  return {
    keep: (item) => {
      try {
        write(folder, item);
      } catch (error) {
        // Proof is welcome, but following goes on without it.
        events.warn("ledger.evidence_lost", { source: item.source, message: String(error) });
      }
    },
  };
}

function write(folder: string, { bytes, ...facts }: EvidenceItem): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const kept = readdirSync(folder).filter((name) => name.endsWith(".json"));
  if (kept.length >= ITEMS_MAX) return;
  const stem = `${facts.ledger}-${sha256Hex(Buffer.from(JSON.stringify(facts))).slice(0, 12)}`;
  let leftBytes = ITEM_BYTES_MAX;
  const files: string[] = [];
  for (const [index, part] of bytes.entries()) {
    const name = `${stem}.${index}.xdr`;
    writeFileSync(join(folder, name), part.subarray(0, leftBytes), { mode: PRIVATE_MODE });
    leftBytes -= Math.min(leftBytes, part.length);
    files.push(name);
  }
  const text = JSON.stringify({ ...facts, files }, undefined, 2);
  writeFileSync(join(folder, `${stem}.json`), `${text}\n`, { mode: PRIVATE_MODE });
}
