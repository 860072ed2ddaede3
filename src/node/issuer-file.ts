/**
 * The roll of issuers on disk: the words that it rests on. What is read is heard anew, word by word, so
 * the file is believed no more than whoever sent them.
 *
 * Errors  None: a file that cannot be read is told and left out; one that cannot be written, too.
 */
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { IssuerRoll } from "../access/issuer-roll.ts";
import type { IssuerEntry } from "../access/issuer-set.ts";
import type { SignedWord } from "../access/issuer-word.ts";
import { IssuerWordsJson } from "../client/content-schemas.ts";
import type { Events } from "../lib/events.ts";

export interface KeptRoll {
  readonly roll: IssuerRoll;
  /** Hears, and keeps what it took. */
  readonly hear: IssuerRoll["hear"];
}

interface KeptRollOptions {
  readonly net: string;
  /** Those of network.json. */
  readonly founding: readonly IssuerEntry[];
  /** Where the file lies; without it nothing outlives the process. */
  readonly dir: string | undefined;
  readonly events: Events;
}

const Kept = z.strictObject({ v: z.literal(1), words: IssuerWordsJson.shape.words });

export function openKeptRoll({ net, founding, dir, events }: KeptRollOptions): KeptRoll {
  const roll = new IssuerRoll({ net, founding });
  if (dir === undefined) return { roll, hear: (words) => roll.hear(words) };
  const path = join(dir, `issuers-${net}.json`);
  const tell = (name: string, error: unknown) =>
    events.warn(name, { path, reason: error instanceof Error ? error.message : String(error) });
  try {
    roll.hear(readWords(path));
  } catch (error) {
    tell("access.issuers_file_damaged", error);
  }
  return {
    roll,
    hear: (words) => {
      const heard = roll.hear(words);
      if (!heard.includes("taken")) return heard;
      try {
        mkdirSync(dir, { recursive: true });
        writeWhole(path, JSON.stringify({ v: 1, words: roll.words() }));
      } catch (error) {
        tell("access.issuers_file_unwritten", error);
      }
      return heard;
    },
  };
}

function readWords(path: string): readonly SignedWord[] {
  try {
    return Kept.parse(JSON.parse(readFileSync(path, "utf8"))).words;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw error;
  }
}

/** Beside the one before, which then loses its name: there is always a whole one. */
function writeWhole(path: string, text: string): void {
  const next = `${path}.next`;
  const file = openSync(next, "w");
  try {
    writeFileSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(next, path);
}
