/**
 * HistoryArchiveState: what an archive says it holds, and the state's buckets at one checkpoint.
 *
 * Errors  `LEDGER_MALFORMED` for bytes that are no such document.
 * Source  stellar-core HistoryArchive.h, versions 1 and 2; the bucket list hash is that of
 *         BucketListBase.cpp and, from protocol 23 (CAP-62), of both lists together.
 */
import { z } from "zod";
import { concatBytes, fromHex } from "../lib/bytes.ts";
import { AceError } from "../lib/errors.ts";
import { sha256, sha256Hex } from "../lib/hash.ts";
import { invariant } from "../lib/invariant.ts";

const LEVELS_MAX = 11;
const SEQUENCE_MAX = 0xff_ff_ff_ff;
const NO_BUCKET = "0".repeat(64);

const Hash = z.string().regex(/^[0-9a-f]{64}$/);
/** What is still being merged (`next`) is no part of the hash and not needed to read an archive. */
const Level = z.object({ curr: Hash, snap: Hash });
const Levels = z.array(Level).max(LEVELS_MAX);
const ArchiveState = z.object({
  version: z.union([z.literal(1), z.literal(2)]),
  server: z.string().optional(),
  currentLedger: z.int().min(0).max(SEQUENCE_MAX),
  networkPassphrase: z.string().optional(),
  currentBuckets: Levels,
  hotArchiveBuckets: Levels.optional(),
});

export type ArchiveState = Readonly<z.infer<typeof ArchiveState>>;

export function readArchiveState(bytes: Uint8Array): ArchiveState {
  try {
    return ArchiveState.parse(JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)));
  } catch (cause) {
    throw new AceError("LEDGER_MALFORMED", "this is not the state of a history archive", { cause });
  }
}

/** What a checkpoint's header must carry as its bucket list hash, in hexadecimal. */
export function bucketListHash(state: ArchiveState): string {
  const live = hashLevels(state.currentBuckets);
  if (state.hotArchiveBuckets === undefined) return live.toHex();
  return sha256Hex(concatBytes(live, hashLevels(state.hotArchiveBuckets)));
}

/** Hashes of the bucket files that make up the state, each once. */
export function bucketsOf(state: ArchiveState): readonly string[] {
  const levels = [...state.currentBuckets, ...(state.hotArchiveBuckets ?? [])];
  const named = new Set(levels.flatMap(({ curr, snap }) => [curr, snap]));
  named.delete(NO_BUCKET);
  return [...named];
}

function hashLevels(levels: ArchiveState["currentBuckets"]): Uint8Array {
  const hashes = levels.map(({ curr, snap }) => sha256(concatBytes(bytesOf(curr), bytesOf(snap))));
  return sha256(concatBytes(...hashes));
}

function bytesOf(hash: string): Uint8Array {
  const bytes = fromHex(hash);
  invariant(bytes !== undefined, "a hash that was read is hexadecimal");
  return bytes;
}
