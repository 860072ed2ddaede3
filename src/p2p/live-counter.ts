/**
 * The place of a source, kept on disk: no number of a piece is ever used twice.
 *
 * Written ahead every `LIVE_COUNTER_PIECES` pieces, so a source that was killed goes on at most
 * `LIVE_COUNTER_GAP` further on. A file that is lost or broken begins a new epoch.
 */
import { mkdir, open, readFile, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { z } from "zod";
import { LIVE_COUNTER_GAP, LIVE_COUNTER_PIECES } from "./limits.ts";

export interface LiveCounter {
  readonly epoch: number;
  /** What `next` answers next. */
  readonly nextSeq: number;
  /** The next number; durable before it is given. */
  next(): Promise<number>;
  /** Closed in order: the next start goes on without a gap. */
  close(): Promise<void>;
}

const Stored = z.strictObject({ epoch: z.int().nonnegative(), seq: z.int().nonnegative() });

/** @param newEpoch What an epoch that begins now is called: greater than any before, such as Unix seconds. */
export async function openLiveCounter(path: string, newEpoch: number): Promise<LiveCounter> {
  const stored = await readStored(path);
  const epoch = stored?.epoch ?? newEpoch;
  let seq = stored?.seq ?? 0;
  let safeSeq = seq;
  return {
    epoch,
    get nextSeq() {
      return seq;
    },
    next: async () => {
      if (seq >= safeSeq) {
        await write(path, { epoch, seq: seq + LIVE_COUNTER_GAP });
        safeSeq = seq + LIVE_COUNTER_PIECES;
      }
      seq += 1;
      return seq - 1;
    },
    close: () => write(path, { epoch, seq }),
  };
}

async function readStored(path: string) {
  try {
    return Stored.parse(JSON.parse(await readFile(path, "utf8")));
  } catch {
    return undefined;
  }
}

async function write(path: string, place: z.infer<typeof Stored>): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const draft = `${path}.new`;
  {
    await using file = await open(draft, "w", 0o600);
    await file.writeFile(JSON.stringify(place));
    await file.sync();
  }
  await rename(draft, path);
}
