/**
 * The conformance run: a real archive from genesis through the devnet's rules, and what differed.
 *
 * Only computed outcomes count. A contract's outcome is copied and counted apart; what contracts may
 * have changed is read back from the bucket files at each checkpoint, and counted too.
 *
 * Flow    checkpoint by checkpoint: replay its ledgers, put the foreign entries right, compare.
 * Errors  `REPLAY_ARCHIVE` for a folder that is no archive, one that is not whole from genesis,
 *         and one of another network.
 */
import { Replay, type ReplayedLedger } from "../src/devnet/replay.ts";
import { type Archive, openArchive } from "../src/ledger/archive-files.ts";
import { CHECKPOINT_LEDGERS, checkpointOf } from "../src/ledger/archive-layout.ts";
import type { ArchiveState } from "../src/ledger/archive-state.ts";
import { AceError, isAceError } from "../src/lib/errors.ts";
import { CheckpointBuckets } from "./checkpoint-buckets.ts";
import { type Miss, missOf } from "./miss.ts";

export const TESTNET = "Test SDF Network ; September 2015";

export interface ConformanceOptions {
  readonly archive: string;
  readonly passphrase: string;
  /** The last ledger to replay; all when not given. */
  readonly to?: number | undefined;
  /** Entries are compared at every n-th checkpoint of 64 ledgers; at each one when not given. */
  readonly every?: number | undefined;
  readonly onProgress?: (done: number, total: number) => void;
}

export interface Conformance {
  readonly ledgers: number;
  readonly classic: { readonly exact: number; readonly total: number };
  /** Of those that hold a classic transaction. */
  readonly ledgersWithExactResultHash: number;
  readonly ledgersWithClassic: number;
  readonly ledgersWithExactFeePool: number;
  readonly soroban: {
    readonly copied: number;
    /** Keys that contracts may have touched; most are their own data, which the devnet has not. */
    readonly foreignKeys: number;
    /** Of those, entries of the kinds that the devnet keeps. */
    readonly foreignEntries: number;
    /** Foreign entries whose true content was not ours and was put in its place. */
    readonly reloaded: number;
  };
  readonly checkpoints: number;
  /** Over all checkpoints, once the foreign entries were put right. */
  readonly entriesDifferingAtCheckpoints: number;
  readonly entriesComparedAtLast: number;
  readonly misses: Readonly<Record<string, number>>;
  readonly firstMiss: Miss | null;
}

const FIRST_CHECKPOINT = CHECKPOINT_LEDGERS - 1;

export async function runConformance(options: ConformanceOptions): Promise<Conformance> {
  const archive = openArchive(options.archive);
  const state = await stateOf(archive);
  refuseNetwork(state, options);
  const last = Math.min(options.to ?? state.currentLedger, state.currentLedger);
  const replay = new Replay(options.passphrase);
  const tally = new Tally();
  const buckets = new CheckpointBuckets(archive);

  for await (const { checkpoint, ledgers } of checkpointsOf(archive, replay, last)) {
    for (const ledger of ledgers) {
      if (ledger.sequence <= last) tally.add(replay.replayLedger(ledger));
    }
    options.onProgress?.(Math.min(checkpoint, last), last);
    const place = (checkpoint + 1) / CHECKPOINT_LEDGERS;
    const isCompared = checkpoint <= last && place % (options.every ?? 1) === 0;
    if (isCompared) tally.compare(await buckets.compare(replay, checkpoint));
  }
  return tally.result();
}

async function stateOf(archive: Archive): Promise<ArchiveState> {
  try {
    return await archive.state();
  } catch (cause) {
    if (!isAceError(cause, "LEDGER_NO_SOURCE")) throw cause;
    throw new AceError("REPLAY_ARCHIVE", cause.message, { cause });
  }
}

/** One checkpoint is read and its signatures are verified while the one before is replayed. */
async function* checkpointsOf(archive: Archive, replay: Replay, last: number) {
  let next = prepared(archive, replay, FIRST_CHECKPOINT);
  let checkpoint = FIRST_CHECKPOINT;
  while (checkpoint <= checkpointOf(last)) {
    const ledgers = await next;
    const following = checkpoint + CHECKPOINT_LEDGERS;
    if (following <= checkpointOf(last)) {
      next = prepared(archive, replay, following);
      // It fails where it is awaited, and not while the ledgers before it are still replayed.
      next.catch(() => undefined);
    }
    yield { checkpoint, ledgers };
    checkpoint = following;
  }
}

async function prepared(archive: Archive, replay: Replay, checkpoint: number) {
  const ledgers = await ledgersOf(archive, checkpoint);
  await Promise.all(ledgers.map((ledger) => replay.prepare(ledger)));
  return ledgers;
}

async function ledgersOf(archive: Archive, checkpoint: number) {
  const ledgers = await archive.readCheckpoint(checkpoint);
  if (ledgers !== undefined) return ledgers;
  throw new AceError(
    "REPLAY_ARCHIVE",
    `${archive.location} has no checkpoint ${checkpoint}, and a replay needs each one from genesis`,
  );
}

function refuseNetwork(state: ArchiveState, { archive, passphrase }: ConformanceOptions): void {
  const theirs = state.networkPassphrase;
  if (theirs === undefined || theirs === passphrase) return;
  throw new AceError("REPLAY_ARCHIVE", `${archive} is of "${theirs}", not of "${passphrase}"`);
}

class Tally {
  #result: Conformance = {
    ledgers: 0,
    classic: { exact: 0, total: 0 },
    ledgersWithExactResultHash: 0,
    ledgersWithClassic: 0,
    ledgersWithExactFeePool: 0,
    soroban: { copied: 0, foreignKeys: 0, foreignEntries: 0, reloaded: 0 },
    checkpoints: 0,
    entriesDifferingAtCheckpoints: 0,
    entriesComparedAtLast: 0,
    misses: {},
    firstMiss: null,
  };

  result(): Conformance {
    return this.#result;
  }

  add({ sequence, transactions, hasOurResultHash, hasOurFeePool }: ReplayedLedger): void {
    const before = this.#result;
    const classic = transactions.filter(({ kind }) => kind === "classic");
    const misses = classic.filter(({ isExact }) => !isExact).map((each) => missOf(sequence, each));
    const hasClassic = classic.length > 0;
    this.#result = {
      ...before,
      ledgers: before.ledgers + 1,
      classic: {
        exact: before.classic.exact + classic.length - misses.length,
        total: before.classic.total + classic.length,
      },
      ledgersWithClassic: before.ledgersWithClassic + (hasClassic ? 1 : 0),
      ledgersWithExactResultHash:
        before.ledgersWithExactResultHash + (hasClassic && hasOurResultHash ? 1 : 0),
      // Nothing is computed in ledger 1, which has no ledger before it.
      ledgersWithExactFeePool:
        before.ledgersWithExactFeePool + (sequence > 1 && hasOurFeePool ? 1 : 0),
      soroban: {
        ...before.soroban,
        copied: before.soroban.copied + transactions.length - classic.length,
      },
      misses: counted(before.misses, misses),
      firstMiss: before.firstMiss ?? misses[0] ?? null,
    };
  }

  compare(found: Awaited<ReturnType<CheckpointBuckets["compare"]>>): void {
    const before = this.#result;
    this.#result = {
      ...before,
      checkpoints: before.checkpoints + 1,
      soroban: {
        ...before.soroban,
        foreignKeys: found.foreignKeys,
        foreignEntries: found.foreignEntries,
        reloaded: before.soroban.reloaded + found.reloaded,
      },
      entriesDifferingAtCheckpoints: before.entriesDifferingAtCheckpoints + found.differing,
      entriesComparedAtLast: found.compared,
    };
  }
}

function counted(
  before: Readonly<Record<string, number>>,
  misses: readonly Miss[],
): Readonly<Record<string, number>> {
  const after = { ...before };
  for (const { kind } of misses) after[kind] = (after[kind] ?? 0) + 1;
  return after;
}
