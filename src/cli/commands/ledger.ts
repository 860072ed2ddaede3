import type { Command } from "commander";
import type { LedgerReport } from "../../ledger/audit-report.ts";
import { verifyPath } from "../../ledger/verify-path.ts";
import { AceError } from "../../lib/errors.ts";
import type { Context } from "../context.ts";
import type { Flags } from "../flags.ts";
import { examples } from "../help.ts";
import type { Run } from "../run.ts";

/** `ace ledger`: Stellar's own data, checked hash by hash. */
export function register(noun: Command, run: Run): void {
  examples(
    noun
      .command("verify <path>")
      .description("a SEP-54 object, a lake, or a stream of LedgerCloseMeta: every hash in it")
      .option("--passphrase <text>", "network passphrase; a lake's own configuration may give it"),
    "ace ledger verify FCD285FF--53312000.xdr.zstd",
    "ace ledger verify ./lake --json",
  ).action(run((context, [path = ""], flags) => verify(context, path, flags)));
}

async function verify(context: Context, path: string, flags: Flags): Promise<unknown> {
  const { output } = context;
  const progress = output.progress("verifying");
  const report = await verifyPath(path, {
    passphrase: flags.text("passphrase"),
    onProgress: (done, total) => progress.update(done, total),
  });
  progress.done();
  output.result(report);
  printReport(context, report);
  if (report.failures.length === 0) return undefined;
  const [first] = report.failures;
  const more = report.failures.length - 1;
  const rest = more === 0 ? "" : ` (and ${more} more)`;
  throw new AceError(first?.code ?? "LEDGER_HASH_MISMATCH", `${first?.message}${rest}`);
}

function printReport({ output }: Context, report: LedgerReport): void {
  const { hashes, failures } = report;
  const checked = Object.entries(hashes).map(([name, count]) => `${name} ${count}`);
  output.table([
    ["ledgers", `${report.ledgers} (${report.first ?? "none"} to ${report.last ?? "none"})`],
    ["transactions", String(report.transactions)],
    ["hashes", checked.join(", ")],
    ["failures", String(failures.length)],
  ]);
  for (const { message } of failures) output.line(`  ${message}`, "bad");
}
