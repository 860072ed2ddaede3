/** What the acts of the demo pass on to one another. */
import { z } from "zod";
import type { Narrator } from "./narrator.ts";
import type { Stage } from "./stage.ts";

export interface World {
  readonly stage: Stage;
  readonly narrator: Narrator;
  readonly signal: AbortSignal;
  /** The film, and the trailer that shares its licence. */
  readonly filmPath: string;
  /** Known once the node runs. */
  readonly nodeUrl: () => string;
}

/** A transaction that is in a ledger. */
export const InLedger = z.object({ hash: z.string(), ledger: z.int() });
export type InLedger = z.infer<typeof InLedger>;

const ReceiptShape = z.object({
  contract: z.string(),
  ok: z.boolean(),
  code: z.string(),
  result: z.unknown(),
  events: z.array(z.object({ topic: z.string(), data: z.unknown() })),
  pays: z.array(z.object({ to: z.string(), asset: z.string(), amount: z.string() })),
  refunds: z.array(z.object({ to: z.string(), asset: z.string(), amount: z.string() })),
});

export const Called = InLedger.extend({ receipts: z.array(ReceiptShape) });

export const Published = z.object({
  contentId: z.string(),
  infohash: z.string(),
  length: z.int(),
  hash: z.string(),
  ledger: z.int(),
  record: z.object({ record: z.object({ torrent: z.string(), peers: z.array(z.string()) }) }),
});
export type Published = z.infer<typeof Published>;

/** Polls `look` until it gives something. */
export async function until<T>(
  look: () => Promise<T | undefined>,
  pause: () => Promise<void>,
  triesMax = 400,
): Promise<T> {
  for (let attempt = 0; attempt < triesMax; attempt += 1) {
    const found = await look();
    if (found !== undefined) return found;
    await pause();
  }
  throw new Error("what the demo waits for did not happen");
}
