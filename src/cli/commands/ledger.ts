import type { Command } from "commander";
import type { AuditName, LedgerFailure, LedgerReport } from "../../ledger/audit-report.ts";
import { readQuorumSet } from "../../ledger/quorum.ts";
import { verifyPath } from "../../ledger/verify-path.ts";
import { AceError } from "../../lib/errors.ts";
import { readJson } from "../../node/files.ts";
import type { Context } from "../context.ts";
import type { Flags } from "../flags.ts";
import { examples } from "../help.ts";
import type { Run } from "../run.ts";
import type { Cell } from "../table.ts";

const PROGRESS_MS = 100;
/** More of them are in the data of `--json`. */
const FAILURES_SHOWN = 20;

const SCOPE = `a SEP-54 object, a lake, a stream of LedgerCloseMeta or a history archive: every hash in it.
Metadata of a ledger is under no hash: it is not checked, and nothing in Ace reads it`;

/** `ace ledger`: Stellar's own data, checked hash by hash. */
export function register(noun: Command, run: Run): void {
  examples(
    noun
      .command("verify <path>")
      .description(SCOPE)
      .option("--passphrase <text>", "network passphrase; a lake or an archive may name its own")
      .option("--quorum <file>", "JSON of the quorum set that must have agreed on each checkpoint")
      .option("--no-signatures", "leave out signatures, most of the time an archive takes"),
    "ace ledger verify FCD285FF--53312000.xdr.zstd",
    "ace ledger verify ./lake --json",
    "ace ledger verify ./archive --quorum quorum.json",
  ).action(run((context, [path = ""], flags) => verify(context, path, flags)));
}

async function verify(context: Context, path: string, flags: Flags): Promise<unknown> {
  const { output, signal } = context;
  const quorum = flags.text("quorum");
  const progress = output.progress("verifying");
  const report = await verifyPath(path, {
    passphrase: flags.text("passphrase"),
    quorumSet: quorum === undefined ? undefined : readQuorumSet(readJson(quorum, "QUORUM_INVALID")),
    skipsSignatures: flags.isOff("signatures"),
    onProgress: throttled(context, (done, total) => progress.update(done, total)),
    signal,
  });
  progress.done();
  output.result(report);
  printReport(context, path, report);
  if (report.failureCount === 0) return undefined;
  const [first] = report.failures;
  const more = report.failureCount - 1;
  const rest = more === 0 ? "" : ` (and ${more} more)`;
  throw new AceError(first?.code ?? "LEDGER_HASH_MISMATCH", `${first?.message}${rest}`);
}

function throttled(
  { clock }: Context,
  show: (done: number, total: number | undefined) => void,
): typeof show {
  let nextMs = 0;
  return (done, total) => {
    const nowMs = clock.nowMs();
    if (nowMs < nextMs) return;
    nextMs = nowMs + PROGRESS_MS;
    show(done, total);
  };
}

/** What is checked, in words, in the order of the table. */
const checks = new Map<AuditName, string>([
  ["header", "header hash"],
  ["previous", "hash of the ledger before"],
  ["transactionSet", "transaction set hash"],
  ["setPrevious", "ledger before, in the set"],
  ["results", "result hash"],
  ["feePool", "fee pool"],
  ["applyOrder", "apply order"],
  ["valueSignature", "value signature"],
  ["scpSignature", "SCP signature"],
  ["scpValue", "SCP value"],
  ["quorumSet", "quorum set hash"],
  ["bucketList", "bucket list hash"],
  ["bucketFile", "bucket file hash"],
  ["anchor", "quorum at the checkpoint"],
]);
function printReport({ output }: Context, path: string, report: LedgerReport): void {
  const { ledgers, first, last, transactions, failures, failureCount } = report;
  output.table([
    [report.kind, path],
    ["ledgers", `${ledgers} (${first ?? "none"} to ${last ?? "none"})`],
    ["transactions", String(transactions)],
    ...emptyRows(report),
  ]);
  output.table(checkRows(report), ["check", "held", "failed"]);
  for (const note of report.notes) output.note(`note: ${note}`, "dim");
  if (failureCount === 0) output.line("every check held", "good");
  else output.table(failureRows(failures), ["ledger", "check", "file", "expected", "got"]);
  const hidden = failureCount - Math.min(failures.length, FAILURES_SHOWN);
  if (hidden > 0) output.note(`and ${hidden} more; --json has them all`);
}

function emptyRows({ emptySets }: LedgerReport): readonly (readonly Cell[])[] {
  const forms = Object.entries(emptySets).filter(([, count]) => count > 0);
  if (forms.length === 0) return [];
  return [["proved empty", forms.map(([form, count]) => `${count} ${form}`).join(", ")]];
}

function checkRows({ hashes, failures }: LedgerReport): readonly (readonly Cell[])[] {
  return [...checks].flatMap(([name, words]) => {
    const failed = failures.filter(({ hash }) => hash === name).length;
    return hashes[name] + failed === 0 ? [] : [[words, hashes[name], failed]];
  });
}

function failureRows(failures: readonly LedgerFailure[]): readonly (readonly Cell[])[] {
  return failures.slice(0, FAILURES_SHOWN).map(({ ledger, hash, path, expected, got, message }) => {
    const what = hash === undefined ? message : checks.get(hash);
    return [ledger ?? "-", what, path, shortened(expected), shortened(got)];
  });
}

/** Enough of a hash to tell it from another; whole ones are in the data of `--json`. */
function shortened(text: string | undefined): string {
  if (text === undefined) return "-";
  return text.length <= 20 ? text : `${text.slice(0, 16)}…`;
}
