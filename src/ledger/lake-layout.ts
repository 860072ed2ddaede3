/**
 * Where a data lake keeps which ledger: batches of ledgers as objects, objects in partitions.
 *
 * The keys in front of the names count down, so that a listing by name has the newest first.
 *
 * Source  SEP-54 (0.2.0), "Directory structure" and "Configuration file". A name drops `-end` where a
 *         batch is one ledger, and there is no folder where a partition is one batch.
 */
import { z } from "zod";
import { AceError } from "../lib/errors.ts";

export const LAKE_CONFIG_NAME = ".config.json";
const SEQUENCE_MAX = 0xff_ff_ff_ff;
/** What public lakes use; where a lake lacks its configuration, ours. */
export const LAKE_SIZES: LakeSizes = { ledgersPerBatch: 1, batchesPerPartition: 64_000 };

export interface LakeSizes {
  readonly ledgersPerBatch: number;
  readonly batchesPerPartition: number;
}

/** What the configuration does not say and the files show. */
export interface LakeStyle {
  /** Files of old lakes end in `.zstd`. */
  readonly suffix: "zst" | "zstd";
  /** Some small lakes lie flat, whatever their configuration says. */
  readonly isFlat: boolean;
}

/** What SEP-54 says today. */
export const DEFAULT_STYLE: LakeStyle = { suffix: "zst", isFlat: false };
/** Those that lakes use, the likeliest first. */
export const LAKE_STYLES: readonly LakeStyle[] = [
  DEFAULT_STYLE,
  { suffix: "zstd", isFlat: false },
  { suffix: "zst", isFlat: true },
  { suffix: "zstd", isFlat: true },
];

const Size = z.int().min(1).max(SEQUENCE_MAX);
const LakeConfig = z.object({
  networkPassphrase: z.string().optional(),
  compression: z.literal("zstd").optional(),
  ledgersPerBatch: Size.optional(),
  batchesPerPartition: Size.optional(),
});

export type LakeConfig = Readonly<z.infer<typeof LakeConfig>>;

/** Errors `LEDGER_MALFORMED`. */
export function readLakeConfig(bytes: Uint8Array): LakeConfig {
  try {
    return LakeConfig.parse(JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)));
  } catch (cause) {
    const message = `the lake's ${LAKE_CONFIG_NAME} is broken`;
    throw new AceError("LEDGER_MALFORMED", message, { cause });
  }
}

/** First ledger of the batch that holds `sequence`. */
export function batchStart(sequence: number, { ledgersPerBatch }: LakeSizes): number {
  return sequence - (sequence % ledgersPerBatch);
}

/** Such as `FFFFFFFF--0-63999/FFFFFC18--999.xdr.zst`. */
export function lakeObjectName(
  sequence: number,
  sizes: LakeSizes,
  { suffix, isFlat }: LakeStyle,
): string {
  const { ledgersPerBatch, batchesPerPartition } = sizes;
  const start = batchStart(sequence, sizes);
  const end = ledgersPerBatch === 1 ? "" : `-${start + ledgersPerBatch - 1}`;
  const object = `${keyOf(start)}--${start}${end}.xdr.${suffix}`;
  if (isFlat || batchesPerPartition === 1) return object;
  const partitionLedgers = ledgersPerBatch * batchesPerPartition;
  const partition = sequence - (sequence % partitionLedgers);
  return `${keyOf(partition)}--${partition}-${partition + partitionLedgers - 1}/${object}`;
}

function keyOf(sequence: number): string {
  return (SEQUENCE_MAX - sequence).toString(16).toUpperCase().padStart(8, "0");
}
