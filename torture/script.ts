/** One script of a corpus, as a line of JSON describes it. */
import { z } from "zod";

const asset = z.string().min(3).max(69);
const gasLimit = z.int().min(1).max(5_000_000);
const amount = z
  .union([z.int().positive(), z.string().regex(/^[1-9]\d{0,18}$/)])
  .transform((value) => BigInt(value));

const Line = z.object({
  name: z.string().min(1),
  source: z.string(),
  method: z.string(),
  args: z.array(z.unknown()).default([]),
  /** Contracts that are deployed before, in this order. */
  others: z
    .array(z.object({ source: z.string() }))
    .max(8)
    .default([]),
  /** Payments that come with the call. */
  pays: z.array(z.object({ asset, amount })).max(16).default([]),
  gasLimit: gasLimit.default(1_000_000),
  /** What must come out, for a corpus that is pinned. Of another form it is somebody else's. */
  expect: z
    .object({ outcome: z.enum(["ok", "refused", "failed"]), code: z.string().default("") })
    .optional()
    .catch(undefined),
});

export type Script = Readonly<z.infer<typeof Line>>;

/** The script, or what is wrong with the line. */
export function readScript(text: string): Script | string {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    return `this is not JSON (${error instanceof Error ? error.message : "unreadable"})`;
  }
  const read = Line.safeParse(json);
  return read.success ? read.data : z.prettifyError(read.error).replaceAll(/\s*\n\s*/g, " ");
}
