/**
 * The content keys that this node keeps: one file a content, readable by its user alone.
 *
 * A key is brought here by whoever publishes the content, leaves only wrapped to a licence holder's
 * device, and is in no log.
 *
 * Units   Unix milliseconds.
 * Range   The newest `EPOCHS_KEPT` epochs of a content.
 * Errors  `KEY_CONFLICT` for another key than the one that is kept; `KEY_FILE_INVALID`,
 *         `KEY_FILE_MODE` for a file that is not as it was written.
 */
import { mkdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { KeptEpoch, KeptKeys } from "../access/key-release.ts";
import { fromHex, toHex } from "../lib/bytes.ts";
import { AceError } from "../lib/errors.ts";
import { replaceFile } from "./whole-file.ts";

export interface BroughtKey {
  /** 64 hexadecimal characters. */
  readonly content: string;
  readonly epoch: number;
  readonly key: Uint8Array;
  readonly startsAtMs: number;
}

const EPOCHS_KEPT = 64;
const SECRET_MODE = 0o600;
const OTHERS = 0o077;

const Epoch = z.strictObject({
  epoch: z.int().nonnegative(),
  key: z.string().regex(/^(?:[0-9a-f]{32}|[0-9a-f]{64})$/),
  startsAtMs: z.int().nonnegative(),
});
type Epoch = z.infer<typeof Epoch>;
const File = z.strictObject({ v: z.literal(1), epochs: z.array(Epoch).min(1).max(EPOCHS_KEPT) });

export class ContentKeys implements KeptKeys {
  readonly #folder: string;
  readonly #read = new Map<string, readonly Epoch[]>();

  constructor(dataDir: string) {
    this.#folder = join(dataDir, "content-keys");
  }

  put({ content, epoch, key, startsAtMs }: BroughtKey): void {
    const kept = this.#epochsOf(content);
    const hex = toHex(key);
    const before = kept.find((entry) => entry.epoch === epoch);
    if (before?.key === hex) return;
    if (before !== undefined) {
      throw new AceError("KEY_CONFLICT", `epoch ${epoch} of ${content} has another key already`);
    }
    const all = [...kept, { epoch, key: hex, startsAtMs }];
    const epochs = all.sort((left, right) => left.epoch - right.epoch).slice(-EPOCHS_KEPT);
    this.#write(content, epochs);
    this.#read.set(content, epochs);
  }

  find(content: string, epoch: number): KeptEpoch | undefined {
    const epochs = this.#epochsOf(content);
    const newest = epochs.at(-1);
    if (newest === undefined) return undefined;
    const entry = epochs.find((kept) => kept.epoch === epoch);
    return {
      key: fromHex(entry?.key ?? "-"),
      startsAtMs: entry?.startsAtMs ?? 0,
      isFollowed: epoch < newest.epoch,
    };
  }

  #epochsOf(content: string): readonly Epoch[] {
    const read = this.#read.get(content);
    if (read !== undefined) return read;
    const epochs = this.#load(this.#pathOf(content));
    if (epochs.length > 0) this.#read.set(content, epochs);
    return epochs;
  }

  #load(path: string): readonly Epoch[] {
    const mode = statSync(path, { throwIfNoEntry: false })?.mode;
    if (mode === undefined) return [];
    if (process.platform !== "win32" && (mode & OTHERS) !== 0) {
      throw new AceError("KEY_FILE_MODE", `${path} can be read by others`);
    }
    try {
      return File.parse(JSON.parse(readFileSync(path, "utf8"))).epochs;
    } catch {
      // Not the cause: what cannot be read as JSON is quoted in it.
      throw new AceError("KEY_FILE_INVALID", `${path} does not hold content keys`);
    }
  }

  /** Whole and on the disk, or not at all: without its key a content is lost. */
  #write(content: string, epochs: readonly Epoch[]): void {
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    replaceFile(this.#pathOf(content), JSON.stringify({ v: 1, epochs }), SECRET_MODE);
  }

  #pathOf(content: string): string {
    return join(this.#folder, `${content}.json`);
  }
}
