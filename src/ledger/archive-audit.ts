/**
 * The audit of a history archive: all that it holds, checkpoint by checkpoint, and then its buckets.
 *
 * Errors  Those of `LedgerSource.read` become failures of the report; nothing stops at the first.
 */
import { toHex } from "../lib/bytes.ts";
import { AceError, isAceError } from "../lib/errors.ts";
import { sha256Hex } from "../lib/hash.ts";
import { type ArchiveEntry, type EntryKind, joinCheckpoint } from "./archive-entries.ts";
import type { Archive } from "./archive-files.ts";
import {
  bucketPath,
  CHECKPOINT_LEDGERS,
  checkpointPath,
  checkpointStatePath,
  firstLedgerOf,
  ROOT_STATE_NAME,
} from "./archive-layout.ts";
import { type ArchiveState, bucketListHash, bucketsOf } from "./archive-state.ts";
import type { AuditName, Tally } from "./audit-report.ts";
import { readLedger } from "./close-meta.ts";
import type { LedgerAudit } from "./ledger-audit.ts";
import type { ArchiveFolder } from "./ledger-folder.ts";
import type { LedgerHeader } from "./ledger-header.ts";
import type { ArchivedLedger } from "./ledger-source.ts";
import type { QuorumSet } from "./quorum.ts";
import { requireAnchor } from "./scp-anchor.ts";
import { auditConsensus } from "./scp-audit.ts";
import { envelopesOf } from "./scp-history.ts";
import { stellarNetworkId } from "./transaction-hash.ts";

export interface ArchiveAuditOptions {
  readonly archive: Archive;
  readonly folder: ArchiveFolder;
  readonly tally: Tally;
  readonly ledgers: LedgerAudit;
  readonly passphrase: string | undefined;
  /** Undefined leaves signatures out, but those by which a quorum agreed. */
  readonly networkId: Uint8Array | undefined;
  /** Whose agreement every checkpoint must show; it needs the passphrase. */
  readonly quorumSet: QuorumSet | undefined;
  readonly signal: AbortSignal | undefined;
}

/** More than the public network has had. */
const CHECKPOINTS_MAX = 4_000_000;

/** Number of ledgers that an audit of `folder` will go through. */
export function ledgersOf({ checkpoints }: ArchiveFolder): number {
  return span(checkpoints).reduce((sum, last) => sum + last - firstLedgerOf(last) + 1, 0);
}

/** Returns what could not be checked, in words. */
export async function auditArchive(options: ArchiveAuditOptions): Promise<readonly string[]> {
  const { folder, signal } = options;
  const named = new Set<string>();
  for (const checkpoint of span(folder.checkpoints)) {
    signal?.throwIfAborted();
    const headers = await auditLedgers(checkpoint, options);
    await auditScp(checkpoint, headers, options);
    const state = await auditState(checkpoint, headers.get(checkpoint), options);
    for (const hash of state === undefined ? [] : bucketsOf(state)) named.add(hash);
  }
  await auditBuckets(named, options);
  return [...(await auditEnd(options)), ...notesOf(options)];
}

/** An archive that says more than it has would pass for whole. */
async function auditEnd({
  archive,
  folder,
  tally,
  signal,
}: ArchiveAuditOptions): Promise<readonly string[]> {
  if (!folder.hasState) return [`without ${ROOT_STATE_NAME} nothing says where the archive ends`];
  const { currentLedger } = await archive.state(signal);
  const last = span(folder.checkpoints).at(-1) ?? 0;
  if (currentLedger > last + CHECKPOINT_LEDGERS - 1) {
    const what = `the archive says ledger ${currentLedger}, but its files end with ledger ${last}`;
    tally.caught(ROOT_STATE_NAME, new AceError("LEDGER_MALFORMED", what));
  }
  return [];
}

/** Every checkpoint from the first to the last that any file is of. */
function span(checkpoints: ArchiveFolder["checkpoints"]): readonly number[] {
  const found = Object.values(checkpoints).flatMap((each) => [...each]);
  const first = found.reduce((least, each) => Math.min(least, each), found[0] ?? 0);
  const last = found.reduce((most, each) => Math.max(most, each), 0);
  const count = found.length === 0 ? 0 : (last - first) / CHECKPOINT_LEDGERS + 1;
  // One stray file far off must not make millions of missing ones.
  if (count > CHECKPOINTS_MAX) return [...new Set(found)].sort((left, right) => left - right);
  return Array.from({ length: count }, (_, index) => first + index * CHECKPOINT_LEDGERS);
}

type Headers = ReadonlyMap<number, LedgerHeader>;

async function auditLedgers(checkpoint: number, options: ArchiveAuditOptions): Promise<Headers> {
  const found = new Map<number, LedgerHeader>();
  const headers = await readFile("ledger", checkpoint, options);
  const sets = await readFile("transactions", checkpoint, options);
  const results = await readFile("results", checkpoint, options);
  if (headers === undefined || sets === undefined || results === undefined) return found;
  const { tally, ledgers } = options;
  try {
    for (const raw of joinCheckpoint(checkpoint, { headers, sets, results })) {
      const header = auditLedger(checkpoint, raw, { tally, ledgers });
      if (header !== undefined) found.set(raw.sequence, header);
    }
  } catch (error) {
    tally.caught(checkpointPath("ledger", checkpoint), error);
  }
  return found;
}

async function readFile(
  kind: EntryKind,
  checkpoint: number,
  { archive, tally, signal }: ArchiveAuditOptions,
): Promise<readonly ArchiveEntry[] | undefined> {
  const path = checkpointPath(kind, checkpoint);
  try {
    const entries = await archive.readEntries(kind, checkpoint, signal);
    if (entries !== undefined) return entries;
    tally.caught(path, new AceError("LEDGER_MALFORMED", `${path} is missing`));
  } catch (error) {
    tally.caught(path, error);
  }
  return undefined;
}

function auditLedger(
  checkpoint: number,
  raw: ArchivedLedger,
  { tally, ledgers }: Pick<ArchiveAuditOptions, "tally" | "ledgers">,
): LedgerHeader | undefined {
  try {
    return ledgers.add((hash) => checkpointPath(fileOf(hash), checkpoint), raw);
  } catch (error) {
    tally.caught(checkpointPath(brokenFile(raw), checkpoint), error, raw.sequence);
    return undefined;
  }
}

/** Which file holds what a check has found fault with. */
function fileOf(hash: AuditName | undefined): EntryKind {
  if (hash === "results" || hash === "feePool") return "results";
  const ofSet = hash === "transactionSet" || hash === "setPrevious" || hash === "applyOrder";
  return ofSet ? "transactions" : "ledger";
}

/** Which file holds the entry that cannot be read: the first without which it can. */
function brokenFile(raw: ArchivedLedger): EntryKind {
  if (!isReadable({ ...raw, set: undefined, results: undefined })) return "ledger";
  return isReadable({ ...raw, results: undefined }) ? "results" : "transactions";
}

function isReadable(raw: ArchivedLedger): boolean {
  try {
    readLedger(raw);
    return true;
  } catch (error) {
    if (!isAceError(error)) throw error;
    return false;
  }
}

async function auditScp(
  checkpoint: number,
  headers: Headers,
  options: ArchiveAuditOptions,
): Promise<void> {
  const { archive, folder, tally, networkId, signal } = options;
  const path = checkpointPath("scp", checkpoint);
  const headerValue = (sequence: number) => headers.get(sequence)?.value.bytes;
  if (!folder.checkpoints.scp.has(checkpoint)) {
    auditAnchor(checkpoint, headerValue(checkpoint), { ...options, entries: [] });
    return;
  }
  try {
    const entries = (await archive.readConsensus(checkpoint, signal)) ?? [];
    auditConsensus(entries, { path, tally, networkId, headerValue });
    auditAnchor(checkpoint, headerValue(checkpoint), { ...options, entries });
  } catch (error) {
    tally.caught(path, error);
  }
}

function auditAnchor(
  sequence: number,
  valueBytes: Uint8Array | undefined,
  options: ArchiveAuditOptions & { readonly entries: readonly Uint8Array[] },
): void {
  const { quorumSet, passphrase, tally, entries } = options;
  // A header that is not there, or is broken, is a failure already.
  if (quorumSet === undefined || passphrase === undefined || valueBytes === undefined) return;
  const networkId = stellarNetworkId(passphrase);
  tally.attempt(checkpointPath("scp", sequence), sequence, () => {
    const envelopes = envelopesOf(entries, sequence);
    requireAnchor({ sequence, valueBytes, networkId, quorumSet, envelopes });
    tally.held("anchor");
  });
}

async function auditState(
  checkpoint: number,
  header: LedgerHeader | undefined,
  options: ArchiveAuditOptions,
): Promise<ArchiveState | undefined> {
  const { archive, folder, tally, passphrase, signal } = options;
  if (!folder.checkpoints.history.has(checkpoint)) return undefined;
  const path = checkpointStatePath(checkpoint);
  try {
    const state = await archive.stateAt(checkpoint, signal);
    if (state === undefined) return undefined;
    checkState(state, checkpoint, passphrase);
    if (header !== undefined && state.currentBuckets.length > 0) {
      auditBucketList(state, header, { tally, path });
    }
    return state;
  } catch (error) {
    tally.caught(path, error, checkpoint);
    return undefined;
  }
}

function checkState(state: ArchiveState, checkpoint: number, passphrase: string | undefined): void {
  const { currentLedger, networkPassphrase: named } = state;
  if (currentLedger !== checkpoint) {
    const what = `the state of checkpoint ${checkpoint} says ledger ${currentLedger}`;
    throw new AceError("LEDGER_MALFORMED", what);
  }
  if (named === undefined || passphrase === undefined || named === passphrase) return;
  const what = `the state of checkpoint ${checkpoint} is of "${named}", not "${passphrase}"`;
  throw new AceError("NETWORK_MISMATCH", what);
}

function auditBucketList(
  state: ArchiveState,
  { sequence, bucketListHash: expectedBytes }: LedgerHeader,
  { tally, path }: { readonly tally: Tally; readonly path: string },
): void {
  const [expected, got] = [toHex(expectedBytes), bucketListHash(state)];
  tally.judge("bucketList", expected === got, () => {
    const message = `ledger ${sequence}: the bucket list hash should be ${expected}, but is ${got}`;
    return { path, ledger: sequence, expected, got, message };
  });
}

/** All that are there, and of those that a checkpoint names, all that should be. */
async function auditBuckets(
  named: ReadonlySet<string>,
  { archive, folder, tally, signal }: ArchiveAuditOptions,
): Promise<void> {
  for (const hash of folder.buckets) {
    signal?.throwIfAborted();
    const path = bucketPath(hash);
    try {
      const got = sha256Hex((await archive.readBucket(hash, signal)) ?? new Uint8Array());
      tally.judge("bucketFile", got === hash, () => {
        const message = `${path} should have the hash ${hash}, but has ${got}`;
        return { path, ledger: undefined, expected: hash, got, message };
      });
    } catch (error) {
      tally.caught(path, error);
    }
  }
  if (folder.buckets.size === 0) return;
  for (const hash of [...named].filter((each) => !folder.buckets.has(each))) {
    const path = bucketPath(hash);
    tally.caught(path, new AceError("LEDGER_MALFORMED", `${path} is missing`));
  }
}

function notesOf({ folder, tally }: ArchiveAuditOptions): readonly string[] {
  const { checkpoints, buckets } = folder;
  const failed = tally.failures.filter(({ hash }) => hash === "bucketList").length;
  const unchecked = checkpoints.history.size - tally.hashes.bucketList - failed;
  const all = checkpoints.ledger.size;
  const without = (kind: "scp" | "history") => all - checkpoints[kind].size;
  return [
    ...(without("scp") > 0 ? [`${without("scp")} of ${all} checkpoints have no scp file`] : []),
    ...(without("history") > 0
      ? [`${without("history")} of ${all} checkpoints have no state`]
      : []),
    ...(unchecked > 0
      ? [`${unchecked} of ${checkpoints.history.size} states could not be held against a header`]
      : []),
    ...(buckets.size === 0 ? ["the archive has no bucket files"] : []),
  ];
}
