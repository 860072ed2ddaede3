/**
 * The roll of issuers on disk: the words that it rests on. What is read is heard anew, word by word, so
 * the file is believed no more than whoever sent them.
 *
 * Errors  None: a file that cannot be read is told and left out; one that cannot be written, too.
 */
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { IssuerRoll } from "../access/issuer-roll.ts";
import type { IssuerEntry } from "../access/issuer-set.ts";
import type { SignedWord } from "../access/issuer-word.ts";
import { IssuerWordsJson } from "../client/content-schemas.ts";
import type { Events } from "../lib/events.ts";
import { replaceFile } from "./whole-file.ts";

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

/** Nothing in it is secret. */
const FILE_MODE = 0o644;

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
        replaceFile(path, JSON.stringify({ v: 1, words: roll.words() }), FILE_MODE);
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
