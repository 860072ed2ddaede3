// Goal: a process that is killed while it commits leaves pages and log that give the root of its last
//       ledger, and rows that give the same.
// Method: real processes, killed at moments that nobody chose; the next one goes on where it ended.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, expect, it } from "vitest";
import { StateTree } from "../../src/runtime/state-tree.ts";
import { openStore } from "../../src/store/store.ts";

/** `ACE_TEST_KILLS` asks for more. */
const KILLS = Number(process.env["ACE_TEST_KILLS"] ?? 6);
const LIFE_MS_MAX = 250;
const ROWS_MAX = 10_000;
const folder = mkdtempSync(join(tmpdir(), "ace-state-kill-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function commitUntilKilled(run: number): Promise<void> {
  // However slow the machine is, the last one has something to lose.
  const sign = run === KILLS - 1 ? "committed" : "begins";
  const child = spawn(process.execPath, ["test/support/tree-commits.ts", folder, String(run)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(child, "exit");
  let told = "";
  child.stdout.on("data", (chunk: Buffer) => {
    told += chunk.toString();
  });
  while (!told.includes(sign) && child.exitCode === null) await sleep(5);
  await sleep(Math.random() * LIFE_MS_MAX);
  child.kill("SIGKILL");
  const [, signal] = await ended;
  expect(signal).toBe("SIGKILL");
}

/** The last ledger, where rows, pages and log agree. */
function wholeTip(): number {
  using store = openStore({ dir: folder, networkId: "ab".repeat(32) });
  const rows = store.state.scan(new Uint8Array(), undefined, ROWS_MAX);
  const fromRows = StateTree.from(rows);
  const { root, size } = store.tree();
  expect([root, size]).toEqual([fromRows.root, fromRows.size]);
  expect(root).toBe(store.tip()?.stateRoot ?? "00".repeat(32));
  while (!store.auditState(ROWS_MAX).isEnd);
  return store.tip()?.sequence ?? 0;
}

it("finds state and tree whole after each kill", { timeout: 60_000 + KILLS * 5_000 }, async () => {
  const tips: number[] = [0];
  for (let run = 0; run < KILLS; run += 1) {
    await commitUntilKilled(run);
    tips.push(wholeTip());
  }
  expect(tips).toEqual(tips.toSorted((left, right) => left - right));
  expect(tips.at(-1)).toBeGreaterThan(0);
});
