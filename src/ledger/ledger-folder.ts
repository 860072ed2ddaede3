/**
 * What lies at a path: one file of ledgers, a data lake, or a history archive.
 *
 * Names decide, because archives and lakes are read by name. Other files are left alone.
 *
 * Errors  `FILE_UNREADABLE` when the path cannot be read, `LEDGER_MALFORMED` when a folder holds no
 *         ledgers, or a lake and an archive at once.
 */
import { readdir, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { AceError } from "../lib/errors.ts";
import { type CheckpointKind, isCheckpoint, ROOT_STATE_NAME } from "./archive-layout.ts";
import { type ObjectName, parseObjectName } from "./ledger-object.ts";

const CHECKPOINT_FILE =
  /^(ledger|transactions|results|scp|history)\/(?:[0-9a-f]{2}\/){3}\1-([0-9a-f]{8})\.(?:xdr\.gz|json)$/;
/** At the top, or in a partition; what lies deeper is another lake. */
const LAKE_FILE = /^(?:[0-9A-F]{8}--\d{1,10}-\d{1,10}\/)?[^/]+$/;
const BUCKET_FILE = /^bucket\/(?:[0-9a-f]{2}\/){3}bucket-([0-9a-f]{64})\.xdr\.gz$/;

export type LedgerFolder = FileFolder | LakeFolder | ArchiveFolder;

interface FileFolder {
  readonly kind: "file";
  /** The folder that the file is in. */
  readonly root: string;
  readonly objects: readonly LakeObject[];
}

export interface LakeFolder {
  readonly kind: "lake";
  readonly root: string;
  /** Oldest first. */
  readonly objects: readonly NamedObject[];
}

export interface ArchiveFolder {
  readonly kind: "archive";
  readonly root: string;
  readonly checkpoints: Readonly<Record<CheckpointKind | "history", ReadonlySet<number>>>;
  /** Hashes that bucket files are named for. */
  readonly buckets: ReadonlySet<string>;
  /** Whether the file is there that says how far the archive goes. */
  readonly hasState: boolean;
}

export interface LakeObject {
  /** Below the root. */
  readonly name: string;
  /** What its name promises, when it is an object of a lake. */
  readonly promised: ObjectName | undefined;
}

export interface NamedObject extends LakeObject {
  readonly promised: ObjectName;
}

export async function surveyFolder(path: string): Promise<LedgerFolder> {
  const found = await attempt(path, () => stat(path));
  if (!found.isDirectory()) {
    const name = basename(path);
    const objects = [{ name, promised: parseObjectName(name) }];
    return { kind: "file", root: dirname(path), objects };
  }
  const entries = await attempt(path, () => readdir(path, { recursive: true }));
  const names = entries.map((entry) => entry.replaceAll("\\", "/"));
  const archive = archiveOf(path, names);
  const objects = objectsOf(names);
  const isArchive = archive.checkpoints.ledger.size > 0;
  if (isArchive && objects.length > 0) {
    throw new AceError(
      "LEDGER_MALFORMED",
      `${path} holds a history archive and ${objects.length} objects of a data lake: name one folder`,
    );
  }
  if (isArchive) return archive;
  if (objects.length > 0) return { kind: "lake", root: path, objects };
  throw new AceError("LEDGER_MALFORMED", nothingFound(path, archive));
}

function objectsOf(names: readonly string[]): readonly NamedObject[] {
  const objects = names.flatMap((name) => {
    const promised = LAKE_FILE.test(name) ? parseObjectName(name) : undefined;
    return promised === undefined ? [] : [{ name, promised }];
  });
  return objects.sort((left, right) => left.promised.first - right.promised.first);
}

function archiveOf(root: string, names: readonly string[]): ArchiveFolder {
  const checkpoints = {
    ledger: new Set<number>(),
    transactions: new Set<number>(),
    results: new Set<number>(),
    scp: new Set<number>(),
    history: new Set<number>(),
  };
  const buckets = new Set<string>();
  for (const name of names) {
    const [, kind, key] = CHECKPOINT_FILE.exec(name) ?? [];
    const checkpoint = Number.parseInt(key ?? "0", 16);
    if (isKind(kind) && isCheckpoint(checkpoint)) checkpoints[kind].add(checkpoint);
    const [, bucket] = BUCKET_FILE.exec(name) ?? [];
    if (bucket !== undefined) buckets.add(bucket);
  }
  const hasState = names.includes(ROOT_STATE_NAME);
  return { kind: "archive", root, checkpoints, buckets, hasState };
}

function isKind(text: string | undefined): text is CheckpointKind | "history" {
  return text !== undefined && /^(?:ledger|transactions|results|scp|history)$/.test(text);
}

function nothingFound(path: string, { checkpoints, buckets }: ArchiveFolder): string {
  const parts = Object.values(checkpoints).some(({ size }) => size > 0) || buckets.size > 0;
  if (parts) return `${path} is a history archive without any ledger file: name its top folder`;
  return `${path} holds neither objects of a data lake nor a history archive`;
}

async function attempt<Value>(path: string, action: () => Promise<Value>): Promise<Value> {
  try {
    return await action();
  } catch (cause) {
    throw new AceError("FILE_UNREADABLE", `${join(path)} cannot be read`, { cause });
  }
}
