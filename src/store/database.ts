/**
 * A SQLite file held by this process alone, opened so that what it acknowledges is on disk, or can
 * be had again.
 *
 * Errors  `DB_LOCKED` when another process holds the file, `DB_CORRUPT` when it is damaged,
 *         `DB_SCHEMA_VERSION` when another version wrote it, `DISK_FULL`, `DB_PRAGMA_REFUSED`,
 *         `FILE_UNREADABLE` where the folder cannot be written.
 * Source  SQLite: WAL survives a kill at any moment; `synchronous=FULL` a power cut as well.
 */
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import SqliteDatabase, { type Database } from "better-sqlite3";
import { AceError, type ErrorCode } from "../lib/errors.ts";

export type { Database } from "better-sqlite3";

interface Options {
  /** Statements that make the tables of an empty file. */
  readonly schema: string;
  /** Written into the file; a file with another number is refused, unless it can be brought here. */
  readonly schemaVersion: number;
  /** By version: statements that bring a file to the next one. */
  readonly upgrades?: Readonly<Record<number, string>>;
  /**
   * `FULL` when left out. `NORMAL` is for what can be had again: a power cut may take the last
   * transactions, whole ones and never the file.
   */
  readonly synchronous?: "FULL" | "NORMAL";
  /** Most pages the file may have; tests use it to meet a full disk. */
  readonly pagesMax?: number;
}

const SYNCHRONOUS = { FULL: 2, NORMAL: 1 } as const;
const CACHE_KB = 64 * 1024;
/** Between two checkpoints a page that changes in each ledger is written to the file once. */
const CHECKPOINT_PAGES = 10_000;
const JOURNAL_BYTES_MAX = 64 * 1024 * 1024;

export function openDatabase(path: string, options: Options): Database {
  return guarded(path, () => {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const database = new SqliteDatabase(path, { timeout: 0 });
    try {
      prepare(database, path, options);
    } catch (error) {
      database.close();
      throw error;
    }
    return database;
  });
}

/** Runs `work` and turns SQLite's faults into errors with a code and a hint. */
export function guarded<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    const code = cause instanceof AceError ? undefined : errorCodeOf(cause);
    if (code === undefined) throw cause;
    throw new AceError(code, `${path}: ${cause instanceof Error ? cause.message : code}`, {
      cause,
    });
  }
}

/** Closes the file again when what is made over it fails. */
export function over<T>(database: Database, path: string, make: () => T): T {
  try {
    return guarded(path, make);
  } catch (error) {
    database.close();
    throw error;
  }
}

/** What was read does not hold together. */
export function damaged(path: string, what: string): AceError {
  return new AceError("DB_CORRUPT", `${path}: ${what}`);
}

function prepare(database: Database, path: string, options: Options): void {
  database.pragma("locking_mode = EXCLUSIVE");
  database.pragma("journal_mode = WAL");
  const { synchronous = "FULL" } = options;
  database.pragma(`synchronous = ${synchronous}`);
  database.pragma(`cache_size = -${CACHE_KB}`);
  database.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
  database.pragma(`journal_size_limit = ${JOURNAL_BYTES_MAX}`);
  const isWal = database.pragma("journal_mode", { simple: true }) === "wal";
  const found = database.pragma("synchronous", { simple: true });
  const isTaken = found === SYNCHRONOUS[synchronous];
  if (!isWal || !isTaken) throw new AceError("DB_PRAGMA_REFUSED", `${path} does not take WAL`);
  if (options.pagesMax !== undefined) database.pragma(`max_page_count = ${options.pagesMax}`);

  const version = database.pragma("user_version", { simple: true });
  if (version !== options.schemaVersion) {
    const steps = stepsFrom(Number(version), options);
    if (steps === undefined) {
      const versions = `schema ${String(version)}, this version reads ${options.schemaVersion}`;
      throw new AceError("DB_SCHEMA_VERSION", `${path} has ${versions}`);
    }
    database.transaction(() => {
      for (const step of steps) database.exec(step);
      database.pragma(`user_version = ${options.schemaVersion}`);
    })();
  }
  // The first write takes the exclusive lock and keeps it: a second process meets DB_LOCKED now.
  database.exec("BEGIN EXCLUSIVE; COMMIT");
}

/** Statements that make a file of version `found`, 0 when it is empty, one of ours. */
function stepsFrom(found: number, options: Options): readonly string[] | undefined {
  const { schema, schemaVersion, upgrades = {} } = options;
  if (found === 0) return [schema];
  if (found < 0 || found > schemaVersion) return undefined;
  const steps: string[] = [];
  for (let version = found; version < schemaVersion; version += 1) {
    const step = upgrades[version];
    if (step === undefined) return undefined;
    steps.push(step);
  }
  return steps;
}

/** By the beginning of SQLite's or the system's name for the fault. */
const CODES: readonly (readonly [begin: string, code: ErrorCode])[] = [
  ["SQLITE_BUSY", "DB_LOCKED"],
  ["SQLITE_LOCKED", "DB_LOCKED"],
  ["SQLITE_FULL", "DISK_FULL"],
  ["SQLITE_IOERR_WRITE", "DISK_FULL"],
  ["SQLITE_IOERR_FSYNC", "DISK_FULL"],
  ["SQLITE_IOERR_TRUNCATE", "DISK_FULL"],
  ["ENOSPC", "DISK_FULL"],
  ["SQLITE_IOERR", "DB_CORRUPT"],
  ["SQLITE_CORRUPT", "DB_CORRUPT"],
  ["SQLITE_NOTADB", "DB_CORRUPT"],
  // The statements are fixed: when one does not fit the tables, the tables are not ours any more.
  ["SQLITE_ERROR", "DB_CORRUPT"],
  ["SQLITE_CONSTRAINT", "DB_CORRUPT"],
  ["SQLITE_MISMATCH", "DB_CORRUPT"],
  ["SQLITE_TOOBIG", "DB_CORRUPT"],
  ["SQLITE_CANTOPEN", "FILE_UNREADABLE"],
  ["SQLITE_READONLY", "FILE_UNREADABLE"],
  ["EACCES", "FILE_UNREADABLE"],
  ["EPERM", "FILE_UNREADABLE"],
  ["EROFS", "FILE_UNREADABLE"],
  ["ENOTDIR", "FILE_UNREADABLE"],
  ["EEXIST", "FILE_UNREADABLE"],
];

function errorCodeOf(error: unknown): ErrorCode | undefined {
  if (!(error instanceof Error && "code" in error)) return undefined;
  const found = String(error.code);
  return CODES.find(([begin]) => found.startsWith(begin))?.[1];
}
