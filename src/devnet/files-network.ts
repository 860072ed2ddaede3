/**
 * A devnet that outlives its process: its folder holds who it is, its journal and its last states.
 *
 * Flow    Every ledger goes into the journal before anybody can read it. From time to time, and at the
 *         end, the state is kept beside it; the next start takes the newest one that can be read and
 *         replays the journal from there.
 * Errors  `DEVNET_DATA` for a folder that is in use, damaged, of another network or no devnet's.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { toHex } from "../lib/bytes.ts";
import { AceError, isAceError } from "../lib/errors.ts";
import { sha256 } from "../lib/hash.ts";
import { createDevnet, type Devnet, type DevnetOptions, type DevnetPast } from "./devnet.ts";
import { type DevnetLedger, readStored } from "./devnet-ledger.ts";
import { writeWhole } from "./files.ts";
import { Journal } from "./files-journal.ts";
import type { LedgerStore } from "./history.ts";
import { type KeptState, readSnapshot, writeSnapshot } from "./snapshot-file.ts";
import { StateReplay } from "./state-replay.ts";

export interface KeptOptions
  extends Omit<DevnetOptions, "passphrase" | "seed" | "resume" | "store"> {
  readonly folder: string;
  /** What the folder says when it is not given; a folder of another network is refused. */
  readonly passphrase?: string | undefined;
  readonly seed?: string | undefined;
  /** For a folder that holds nothing yet. */
  readonly defaults: Identity;
}

export interface KeptDevnet extends Disposable {
  readonly net: Devnet;
  readonly seed: string;
  /** Whether it goes on with what was in the folder. */
  readonly isResumed: boolean;
}

export type Identity = Readonly<z.infer<typeof Identity>>;

const SNAPSHOT_LEDGERS = 1_000;
/** The newest may be the one that a crash damaged. */
const SNAPSHOTS_KEPT = 2;
const IDENTITY_NAME = "devnet.json";
const LOCK_NAME = "lock";
const JOURNAL_NAME = "ledgers";
/** All that a start which was killed at once may leave behind. */
const FIRST_NAMES: readonly string[] = [LOCK_NAME, `${IDENTITY_NAME}.new`];
const SNAPSHOT_NAME = /^state-(\d{10})\.zst$/;

const Identity = z.object({ passphrase: z.string().min(1), seed: z.string() });

/** Errors `DEVNET_DATA`. */
export function openKeptDevnet(options: KeptOptions): KeptDevnet {
  const { folder } = options;
  makeFolder(folder);
  using opening = new DisposableStack();
  opening.defer(lock(folder));
  const { passphrase, seed } = identify(options);
  const journal = opening.use(new Journal(join(folder, JOURNAL_NAME)));
  const isResumed = journal.latestSequence > 0;
  if (!isResumed && snapshotsIn(folder).length > 0) throw damaged(folder, "its ledgers are gone");
  const kept = { ...options, passphrase, seed, store: storeOf(journal, passphrase) };
  const net = isResumed ? resume(folder, kept, journal) : createDevnet(kept);
  if (!isResumed) journal.append(net.latest.sequence, net.latest.meta);

  let keptAt = isResumed ? net.latest.sequence : 0;
  const keep = (): void => {
    if (keptAt === net.latest.sequence) return;
    keptAt = net.latest.sequence;
    keepState(folder, { state: net.copyState(), transactions: net.transactions });
  };
  net.onClose(({ sequence, meta }) => {
    journal.append(sequence, meta);
    if (sequence % SNAPSHOT_LEDGERS === 0) keep();
  });
  opening.defer(() => keepAtEnd(keep));
  const open = opening.move();
  return { net, seed, isResumed, [Symbol.dispose]: () => open.dispose() };
}

/**
 * Removes a kept network, if there is one, and says how many ledgers it had. Errors `DEVNET_DATA` for
 * a folder that holds other things, or is in use.
 */
export function dropKeptDevnet(folder: string): number {
  if (!existsSync(folder)) return 0;
  makeFolder(folder);
  const names = readdirSync(folder);
  if (names.every((name) => FIRST_NAMES.includes(name))) return 0;
  if (!names.includes(IDENTITY_NAME)) {
    throw new AceError("DEVNET_DATA", `${folder} holds other things than a devnet`);
  }
  using _lock = held(lock(folder));
  const ledgers = countLedgers(join(folder, JOURNAL_NAME));
  for (const name of names) {
    if (name === JOURNAL_NAME || SNAPSHOT_NAME.test(name)) {
      rmSync(join(folder, name), { recursive: true });
    }
  }
  // Last, so that what was interrupted can be dropped again.
  rmSync(join(folder, IDENTITY_NAME));
  return ledgers;
}

/** Without the last state the next start only replays more of its ledgers. */
function keepAtEnd(keep: () => void): void {
  try {
    keep();
  } catch (error) {
    if (!isAceError(error, "DEVNET_DATA")) throw error;
  }
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (cause) {
    throw new AceError("DEVNET_DATA", `${folder} cannot be made a folder`, { cause });
  }
}

function held(release: () => void): Disposable {
  return { [Symbol.dispose]: release };
}

/** A journal that cannot be read is dropped all the same. */
function countLedgers(folder: string): number {
  try {
    using journal = new Journal(folder);
    return journal.latestSequence;
  } catch {
    return 0;
  }
}

/** Two devnets in one folder would each overwrite what the other keeps. */
function lock(folder: string): () => void {
  const path = join(folder, LOCK_NAME);
  const release = (): void => rmSync(path, { force: true });
  if (takeLock(path)) return release;
  const holder = Number.parseInt(readFileSync(path, "utf8"), 10);
  if (isAlive(holder)) throw inUse(folder, holder);
  release();
  if (takeLock(path)) return release;
  throw inUse(folder, holder);
}

function takeLock(path: string): boolean {
  try {
    writeFileSync(path, `${process.pid}\n`, { flag: "wx" });
    return true;
  } catch (cause) {
    if (existsSync(path)) return false;
    throw new AceError("DEVNET_DATA", `${path} cannot be written`, { cause });
  }
}

/** A process of our own number is an earlier one: a container starts all of its as the same. */
function isAlive(processId: number): boolean {
  if (Number.isNaN(processId) || processId === process.pid) return false;
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    // Somebody else's process may not be asked, but it is there.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

function inUse(folder: string, holder: number): AceError {
  return new AceError("DEVNET_DATA", `process ${holder} is running the devnet in ${folder}`);
}

function identify({ folder, passphrase, seed, defaults }: KeptOptions): Identity {
  const path = join(folder, IDENTITY_NAME);
  const given = { passphrase: passphrase ?? defaults.passphrase, seed: seed ?? defaults.seed };
  if (!existsSync(path)) {
    if (readdirSync(folder).some((name) => !FIRST_NAMES.includes(name))) {
      throw new AceError("DEVNET_DATA", `${folder} holds other things than a devnet`);
    }
    // The passphrase is judged before anything of it is kept.
    createDevnet({ ...given, closeTime: 0n });
    writeWhole(path, `${JSON.stringify(given, undefined, 2)}\n`);
    return given;
  }
  const known = readIdentity(path);
  const differs =
    (passphrase !== undefined && passphrase !== known.passphrase) ||
    (seed !== undefined && seed !== known.seed);
  if (!differs) return known;
  const what = `"${known.passphrase}" with the seed "${known.seed}"`;
  throw new AceError("DEVNET_DATA", `${folder} holds another devnet: ${what}`);
}

function readIdentity(path: string): Identity {
  try {
    return Identity.parse(JSON.parse(readFileSync(path, "utf8")));
  } catch (cause) {
    throw new AceError("DEVNET_DATA", `${path} is damaged`, { cause });
  }
}

function storeOf(journal: Journal, passphrase: string): LedgerStore {
  const networkId = sha256(Buffer.from(passphrase));
  return {
    oldestSequence: 1,
    ledger: (sequence) => {
      const meta = journal.read(sequence);
      return meta === undefined ? undefined : readStored(meta, networkId);
    },
  };
}

function resume(
  folder: string,
  kept: Omit<DevnetOptions, "resume"> & { readonly store: LedgerStore },
  journal: Journal,
): Devnet {
  try {
    const genesis = storedAt(kept.store, 1);
    const { closeTime, protocol } = genesis;
    if (kept.protocol !== undefined && kept.protocol !== protocol) {
      throw new AceError("DEVNET_DATA", `the devnet in ${folder} began with protocol ${protocol}`);
    }
    const fresh = createDevnet({ ...kept, closeTime, protocol });
    if (fresh.latest.hash !== genesis.hash) throw damaged(folder, "its first ledger is another's");
    const start = newestSnapshot(folder, journal.latestSequence) ?? {
      state: fresh.copyState(),
      transactions: fresh.transactions,
    };
    return createDevnet({ ...kept, resume: replay(start, kept.store, journal.latestSequence) });
  } catch (error) {
    if (isAceError(error, "LEDGER_MALFORMED")) throw damaged(folder, error.message, error);
    throw error;
  }
}

function replay(start: KeptState, store: LedgerStore, latestSequence: number): DevnetPast {
  const known = storedAt(store, start.state.sequence);
  const state = new StateReplay(start.state, known.header.bucketListHash.toBytes());
  const transactions = new Map(start.transactions);
  let latest = known;
  while (latest.sequence < latestSequence) {
    const next = storedAt(store, latest.sequence + 1);
    if (toHex(next.header.previousLedgerHash.toBytes()) !== latest.hash) {
      throw new AceError("LEDGER_MALFORMED", `ledger ${next.sequence} does not link`);
    }
    state.add(next.meta);
    for (const { hash } of next.transactions) transactions.set(hash, next.sequence);
    latest = next;
  }
  return { latest, state: state.copy(), transactions };
}

function storedAt(store: LedgerStore, sequence: number): DevnetLedger {
  const ledger = store.ledger(sequence);
  if (ledger !== undefined) return ledger;
  throw new AceError("LEDGER_MALFORMED", `ledger ${sequence} is missing`);
}

/** One that a crash damaged, or that is ahead of a journal which lost its end, is passed over. */
function newestSnapshot(folder: string, latestSequence: number): KeptState | undefined {
  for (const { name, sequence } of snapshotsIn(folder)) {
    if (sequence > latestSequence) continue;
    try {
      return readSnapshot(readFileSync(join(folder, name)));
    } catch (error) {
      if (!isAceError(error, "LEDGER_MALFORMED")) throw error;
    }
  }
  return undefined;
}

function keepState(folder: string, kept: KeptState): void {
  const key = String(kept.state.sequence).padStart(10, "0");
  writeWhole(join(folder, `state-${key}.zst`), writeSnapshot(kept));
  for (const { name } of snapshotsIn(folder).slice(SNAPSHOTS_KEPT)) rmSync(join(folder, name));
}

/** The newest first. */
function snapshotsIn(folder: string): readonly { name: string; sequence: number }[] {
  return readdirSync(folder)
    .flatMap((name) => {
      const key = SNAPSHOT_NAME.exec(name)?.[1];
      return key === undefined ? [] : [{ name, sequence: Number(key) }];
    })
    .sort((left, right) => right.sequence - left.sequence);
}

function damaged(folder: string, what: string, cause?: unknown): AceError {
  return new AceError("DEVNET_DATA", `the devnet in ${folder} is damaged: ${what}`, { cause });
}
