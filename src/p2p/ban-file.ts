/**
 * Bans on disk: a log to which bans, and their lifting, are appended, so that they outlive the process.
 *
 * One line is one event; a line that a kill cut in two is left out. Others may append to the file of a
 * running node: it looks for that every `BAN_LOOK_MS`. At the start, and when the file has grown long,
 * what still counts is written anew.
 *
 * Units   Milliseconds of Unix time.
 * Range   At most `BANS_MAX` bans; those that ended a day ago, or longer, are forgotten. Of a file that is
 *         far too long the end is read.
 * Errors  A file that cannot be read or written is told once as `p2p.bans_unsaved`; bans then hold in
 *         memory. To a person who asks for it, it is `FILE_UNREADABLE`.
 */
import {
  appendFileSync,
  closeSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";
import { z } from "zod";
import type { Clock } from "../lib/clock.ts";
import { AceError } from "../lib/errors.ts";
import type { Events } from "../lib/events.ts";
import type { Ban, BanBook } from "./bans.ts";
import {
  BAN_FILE_MAX_BYTES,
  BAN_LOOK_MS,
  BAN_MS_MAX,
  BAN_READ_MAX_BYTES,
} from "./engine-limits.ts";
import { BANS_MAX } from "./limits.ts";

/** The name in the data folder of a node, or of an engine. */
export const BAN_FILE = "bans.jsonl";

const BanSchema = z.strictObject({
  name: z.string().min(1).max(200),
  atMs: z.number(),
  untilMs: z.number(),
  count: z.int().positive(),
  reason: z.string().max(64),
  evidence: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
});
const LineSchema = z.union([
  z.strictObject({ ban: BanSchema }),
  z.strictObject({ lift: z.string().min(1).max(200) }),
]);

export interface BanFileParts {
  readonly clock: Clock;
  readonly events: Events;
  /** Whether another process has written is looked for so often. */
  readonly lookMs?: number;
}

export function openBanFile(path: string, parts: BanFileParts): BanFile {
  return new BanFile(path, parts);
}

/** The bans that hold now, the newest first. */
export function readBans(path: string, nowMs: number): readonly Ban[] {
  const bans = readable(path, () => readLog(path));
  return [...bans.values()].filter(({ untilMs }) => nowMs < untilMs).reverse();
}

/** Answers false when nobody of this name is banned. A running node goes by it a moment later. */
export function liftBan(path: string, name: string, nowMs: number): boolean {
  if (!readBans(path, nowMs).some((ban) => ban.name === name)) return false;
  readable(path, () => appendFileSync(path, lineOf({ lift: name })));
  return true;
}

class BanFile implements BanBook, Disposable {
  readonly #path: string;
  readonly #parts: BanFileParts;
  readonly #timer: NodeJS.Timeout;
  #bans = new Map<string, Ban>();
  /** Those that the file does not have because it could not be written. */
  readonly #unsaved = new Set<string>();
  #sizeBytes = 0;
  #isTold = false;
  #onLifted: (name: string) => void = () => {};

  constructor(path: string, parts: BanFileParts) {
    this.#path = path;
    this.#parts = parts;
    this.#try(() => {
      this.#bans = readLog(path);
      this.#rewrite();
    });
    this.#timer = setInterval(() => this.#look(), parts.lookMs ?? BAN_LOOK_MS).unref();
  }

  all(): Iterable<Ban> {
    return this.#bans.values();
  }

  onLifted(listener: (name: string) => void): void {
    this.#onLifted = listener;
  }

  save(ban: Ban): void {
    this.#bans.delete(ban.name);
    this.#bans.set(ban.name, ban);
    const line = lineOf({ ban });
    this.#unsaved.add(ban.name);
    this.#try(() => {
      mkdirSync(dirname(this.#path), { recursive: true });
      appendFileSync(this.#path, line, { mode: 0o600 });
      this.#sizeBytes += Buffer.byteLength(line);
      this.#unsaved.delete(ban.name);
    });
    if (this.#sizeBytes <= BAN_FILE_MAX_BYTES) return;
    this.#look();
    this.#try(() => this.#rewrite());
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  /** Somebody else has appended, or written the file anew. */
  #look(): void {
    const before = this.#bans;
    this.#try(() => {
      const sizeBytes = sizeOf(this.#path);
      if (sizeBytes === this.#sizeBytes) return;
      const now = readLog(this.#path);
      for (const [name, ban] of before) if (this.#unsaved.has(name)) now.set(name, ban);
      this.#bans = now;
      this.#sizeBytes = sizeBytes;
    });
    for (const name of before.keys()) if (!this.#bans.has(name)) this.#onLifted(name);
  }

  #rewrite(): void {
    this.#bans = this.#lasting(this.#bans);
    if (this.#bans.size === 0 && sizeOf(this.#path) === 0) return;
    const text = [...this.#bans.values()].map((ban) => lineOf({ ban })).join("");
    // Two engines may have been given one folder.
    const draft = `${this.#path}.${process.pid}.new`;
    writeFileSync(draft, text, { mode: 0o600 });
    renameSync(draft, this.#path);
    this.#sizeBytes = Buffer.byteLength(text);
    this.#unsaved.clear();
  }

  /** Those that are over count a while longer: whoever lies again is banned for longer. */
  #lasting(bans: ReadonlyMap<string, Ban>): Map<string, Ban> {
    const nowMs = this.#parts.clock.nowMs();
    const lasting = [...bans].filter(([, { untilMs }]) => nowMs < untilMs + BAN_MS_MAX);
    return new Map(lasting.slice(-BANS_MAX));
  }

  #try(work: () => void): void {
    try {
      work();
    } catch (error) {
      if (this.#isTold) return;
      this.#isTold = true;
      const reason = error instanceof Error ? error.message : String(error);
      this.#parts.events.warn("p2p.bans_unsaved", { path: this.#path, reason });
    }
  }
}

export type { BanFile };

function readLog(path: string): Map<string, Ban> {
  const bans = new Map<string, Ban>();
  for (const line of textOf(path).split("\n")) {
    const parsed = LineSchema.safeParse(jsonOf(line));
    if (!parsed.success) continue;
    if ("lift" in parsed.data) {
      bans.delete(parsed.data.lift);
      continue;
    }
    const { ban } = parsed.data;
    bans.delete(ban.name);
    bans.set(ban.name, ban);
  }
  return bans;
}

/** Begins with the end of a line: the one before may have been cut by a kill. */
function lineOf(line: z.input<typeof LineSchema>): string {
  return `\n${JSON.stringify(line)}`;
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function textOf(path: string): string {
  const sizeBytes = sizeOf(path);
  const bytes = new Uint8Array(Math.min(sizeBytes, BAN_READ_MAX_BYTES));
  if (bytes.length === 0) return "";
  const file = openSync(path, "r");
  try {
    const position = sizeBytes - bytes.length;
    const length = readSync(file, bytes, { position });
    return new TextDecoder().decode(bytes.subarray(0, length));
  } finally {
    closeSync(file);
  }
}

function readable<Result>(path: string, work: () => Result): Result {
  try {
    return work();
  } catch (cause) {
    throw new AceError("FILE_UNREADABLE", `${path} cannot be read and written`, { cause });
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
