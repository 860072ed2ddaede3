// Goal: how much memory catching up takes at its peak, with ledgers of 1.3 MB.
// Method: the objects of a load test are laid out on the disk. A process of its own reads them one at a
//         time, verifies and scans them at grade `full`, over and over, until 330 ledgers are done.
//         The figure is the system's own highest mark for that process, from its start on.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BenchOptions, Figure } from "./figure.ts";
import { type LedgerInput, ledgerInputs } from "./ledger-inputs.ts";

const LEDGERS = 330;
const child = new URL("ledger-memory-child.ts", import.meta.url).pathname;

export async function memoryFigures(options: BenchOptions): Promise<readonly Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), "ace-bench-"));
  using parts = new DisposableStack();
  parts.defer(() => rmSync(folder, { recursive: true, force: true }));
  const input = ledgerInputs(options).find(({ name }) => name === "p27");
  for (const [index, object] of (input?.objects ?? []).entries()) {
    writeFileSync(join(folder, `${String(index).padStart(6, "0")}.xdr.zst`), object);
  }
  // Once for the compile cache, once for the figure.
  const [, value = Number.NaN] = [1, LEDGERS].map((ledgers) => peakMb(folder, input, ledgers));
  return [{ name: "ledger.peak_mb", value, unit: "MB", input: `p27, ${LEDGERS} ledgers, full` }];
}

function peakMb(folder: string, input: LedgerInput | undefined, ledgers: number): number {
  const args = [child, folder, input?.passphrase ?? "", String(ledgers)];
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`the process that catches up failed: ${stderr}`);
  return Number(stdout.trim());
}
