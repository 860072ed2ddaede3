/**
 * Verifying what lies on disk: one file of ledgers, a data lake or a history archive, every hash in it.
 *
 * Errors  Those of `surveyFolder`; `NETWORK_MISMATCH` when the files are of another network,
 *         `QUORUM_INVALID` when a quorum set is given for data that has no consensus, or that names no
 *         network when no passphrase is given either. All else is in the report's `failures`.
 */
import { AceError } from "../lib/errors.ts";
import { auditArchive, ledgersOf } from "./archive-audit.ts";
import { openArchive } from "./archive-files.ts";
import { ROOT_STATE_NAME } from "./archive-layout.ts";
import { readArchiveState } from "./archive-state.ts";
import { type LedgerReport, Tally } from "./audit-report.ts";
import { auditNames } from "./lake-audit.ts";
import { LAKE_CONFIG_NAME, readLakeConfig } from "./lake-layout.ts";
import { type AuditOptions, LedgerAudit } from "./ledger-audit.ts";
import { type ArchiveFolder, type LakeObject, surveyFolder } from "./ledger-folder.ts";
import { OBJECT_BYTES_MAX, type ObjectName, readLedgerObject } from "./ledger-object.ts";
import { type ObjectStore, openObjectStore } from "./object-store.ts";
import type { QuorumSet } from "./quorum.ts";
import { stellarNetworkId } from "./transaction-hash.ts";

const NAMED_BYTES_MAX = 1024 * 1024;

export interface VerifyPathOptions {
  /** With it, envelopes and results are joined too. A lake or an archive may name it itself. */
  readonly passphrase?: string | undefined;
  /** Whose agreement each checkpoint of an archive must show. */
  readonly quorumSet?: QuorumSet | undefined;
  /** Leaves Ed25519 out, which is most of the time an archive takes. */
  readonly skipsSignatures?: boolean;
  /** @param total Undefined where the number of ledgers is not known before. */
  readonly onProgress?: (done: number, total: number | undefined) => void;
  readonly objectBytesMax?: number;
  readonly signal?: AbortSignal;
}

export async function verifyPath(
  path: string,
  options: VerifyPathOptions = {},
): Promise<LedgerReport> {
  const folder = await surveyFolder(path);
  if (options.quorumSet !== undefined && folder.kind !== "archive") {
    throw new AceError(
      "QUORUM_INVALID",
      `${path} has no messages of consensus: only archives have`,
    );
  }
  const store = openObjectStore(folder.root);
  const passphrase = await passphraseOf(folder.kind, store, options.passphrase);
  if (options.quorumSet !== undefined && passphrase === undefined) {
    throw new AceError("QUORUM_INVALID", `${path} names no network: a quorum needs the passphrase`);
  }
  const audit = begin({ ...options, passphrase }, totalOf(folder));
  if (folder.kind === "lake") await auditNames(folder, store, audit.tally);
  const notes =
    folder.kind === "archive"
      ? await verifyArchive(folder, { store, audit, passphrase, options })
      : await verifyObjects(folder.objects, { store, audit, options });
  const { ledgers, transactions, first, last, emptySets, notes: gaps } = audit.ledgers;
  const { hashes, failures, failureCount } = audit.tally;
  const isPaired = passphrase !== undefined;
  const counts = { ledgers, transactions, first, last, hashes, emptySets, isPaired };
  const allNotes = [...passphraseNotes(passphrase, options), ...notes, ...gaps];
  return { kind: folder.kind, ...counts, notes: allNotes, failureCount, failures };
}

function passphraseNotes(
  passphrase: string | undefined,
  { skipsSignatures = false, quorumSet }: VerifyPathOptions,
): readonly string[] {
  if (passphrase === undefined) {
    return ["no passphrase: signatures, joins and the apply order are not checked"];
  }
  if (!skipsSignatures) return [];
  return [`signatures are left out${quorumSet === undefined ? "" : ", but those of the quorum"}`];
}

interface Audit {
  readonly tally: Tally;
  readonly ledgers: LedgerAudit;
}

function begin(options: AuditOptions & VerifyPathOptions, total: number | undefined): Audit {
  const tally = new Tally();
  const ledgers: LedgerAudit = new LedgerAudit(tally, {
    ...options,
    onLedger: () => options.onProgress?.(ledgers.ledgers, total),
  });
  return { tally, ledgers };
}

function totalOf(folder: Awaited<ReturnType<typeof surveyFolder>>): number | undefined {
  if (folder.kind === "archive") return ledgersOf(folder);
  if (folder.kind === "file") return undefined;
  return folder.objects.reduce((sum, { promised }) => sum + countOf(promised), 0);
}

function countOf(promised: ObjectName | undefined): number {
  return promised === undefined ? 1 : promised.last - promised.first + 1;
}

/** That of the options, or the one that the files name themselves. */
async function passphraseOf(
  kind: LedgerReport["kind"],
  store: ObjectStore,
  wanted: string | undefined,
): Promise<string | undefined> {
  if (kind === "file") return wanted;
  const name = kind === "lake" ? LAKE_CONFIG_NAME : ROOT_STATE_NAME;
  const bytes = await store.fetchObject(name, { bytesMax: NAMED_BYTES_MAX });
  const read = kind === "lake" ? readLakeConfig : readArchiveState;
  const named = bytes === undefined ? undefined : read(bytes).networkPassphrase;
  if (wanted !== undefined && named !== undefined && wanted !== named) {
    throw new AceError("NETWORK_MISMATCH", `the ${kind} holds "${named}", not "${wanted}"`);
  }
  return wanted ?? named;
}

interface Work {
  readonly store: ObjectStore;
  readonly audit: Audit;
  readonly options: VerifyPathOptions;
}

function verifyArchive(
  folder: ArchiveFolder,
  { store, audit, passphrase, options }: Work & { readonly passphrase: string | undefined },
): Promise<readonly string[]> {
  const { quorumSet, skipsSignatures = false, signal } = options;
  const checksSignatures = passphrase !== undefined && !skipsSignatures;
  return auditArchive({
    archive: openArchive(store),
    folder,
    ...audit,
    passphrase,
    networkId: checksSignatures ? stellarNetworkId(passphrase) : undefined,
    quorumSet,
    signal,
  });
}

async function verifyObjects(
  objects: readonly LakeObject[],
  { store, audit, options }: Work,
): Promise<readonly string[]> {
  for (const { name, promised } of objects) {
    options.signal?.throwIfAborted();
    try {
      const bytesMax = OBJECT_BYTES_MAX;
      const file = await store.fetchObject(name, { bytesMax, signal: options.signal });
      if (file === undefined) throw new AceError("FILE_UNREADABLE", `${name} is gone`);
      addObject(name, { file, promised }, { audit, options });
    } catch (error) {
      // What is left of this file cannot be read, but the next file can.
      audit.tally.caught(name, error);
    }
  }
  return [];
}

function addObject(
  name: string,
  { file, promised }: { readonly file: Uint8Array; readonly promised: ObjectName | undefined },
  { audit, options }: Pick<Work, "audit" | "options">,
): void {
  const sequences: number[] = [];
  for (const bytes of readLedgerObject(file, options)) {
    const raw = { kind: "closeMeta", sequence: 0, bytes } as const;
    sequences.push(audit.ledgers.add(() => name, raw).sequence);
  }
  checkName(name, promised, sequences);
}

/** A lake is read by name, so an object that holds other ledgers than it is named for hides some. */
function checkName(
  name: string,
  promised: ObjectName | undefined,
  sequences: readonly number[],
): void {
  if (promised === undefined) return;
  const first = promised.last - sequences.length + 1;
  const isRun = sequences.every((sequence, index) => sequence === first + index);
  // There is no ledger 0, and lakes begin with ledger 2.
  const isWhole = first === promised.first || (promised.first === 0 && first > 0 && first <= 2);
  if (isRun && isWhole) return;
  throw new AceError("LEDGER_MALFORMED", `${name} does not hold the ledgers it is named for`);
}
