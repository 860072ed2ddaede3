// Goal: catching up from genesis may be cut off anywhere, and ends where an undisturbed run ends.
// Method: a devnet's history of calls among many quiet ledgers is published as a lake and an archive. The
//         real `ace node --from genesis` reads it and is killed with SIGKILL again and again, at moments
//         that a seed decides; its chain is compared with that of a calm run over the archive.
// Replay: SIMULATION_SEED=<seed> npx vitest run --project e2e test/e2e/catch-up.test.ts
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, expect, it } from "vitest";
import { openNodeClient } from "../../src/client/http.ts";
import { networkId } from "../../src/contracts/service-network.ts";
import { openStore } from "../../src/store/store.ts";
import { chanceOf, seedsOr } from "../support/chance.ts";
import { makeHistory } from "../support/history.ts";
import { type NodeProcess, startNode } from "../support/node-process.ts";
import { publish } from "../support/published.ts";

const ROUNDS = 40;
const QUIET_LEDGERS = 75;
const KILLS = 10;
const STARTING_MS_MAX = 1_500;
/** How far a life goes at most, before it is ended. */
const STRIDE_LEDGERS = 300;
const CHECKPOINT = 64;

const folder = mkdtempSync(join(tmpdir(), "ace-catch-up-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const history = makeHistory(ROUNDS, QUIET_LEDGERS);
const place = publish(history, folder);
/** The last ledger that is in the archive too. */
const goal = Math.floor((history.last + 1) / CHECKPOINT) * CHECKPOINT - 1;
const { signal } = new AbortController();

function start(name: string, ...args: readonly string[]): NodeProcess {
  const data = ["--data", join(folder, name), "--from", "genesis", "--quorum", place.quorumFile];
  return startNode([...data, ...args], { ACE_HOME: folder, ACE_NETWORK_FILE: place.networkFile });
}

async function reach(node: NodeProcess, sequence: number): Promise<void> {
  const client = openNodeClient(await node.url, signal);
  while (((await client.status()).tip?.sequence ?? 0) < sequence) await sleep(50);
}

function chainOf(name: string): readonly string[] {
  using store = openStore({ dir: join(folder, name), networkId: networkId(history.network) });
  return Array.from({ length: goal - history.first + 1 }, (_, index) => {
    const link = store.link(history.first + index);
    return `${link?.sequence} ${link?.headerHash} ${link?.ledgerHash} ${link?.stateRoot}`;
  });
}

function tipOf(name: string): number {
  using store = openStore({ dir: join(folder, name), networkId: networkId(history.network) });
  return store.tip()?.sequence ?? 0;
}

it("ends with the chain of an undisturbed run, however often it is killed", async () => {
  const [seed = 1] = seedsOr([1]);
  const chance = chanceOf(seed);
  const tips = new Set<number>();
  for (let kill = 0; kill < KILLS; kill += 1) {
    const node = start("killed", "--lake", place.lake, "--archive", place.archive);
    const target = Math.max(...tips, history.first) + Math.floor(chance() * STRIDE_LEDGERS);
    // Every third life ends wherever starting has come to, the others somewhere in catching up.
    const isStarting = kill % 3 === 0;
    while (!isStarting && node.applied() < Math.min(target, goal)) await sleep(1);
    await sleep(chance() * (isStarting ? STARTING_MS_MAX : 20));
    await node.end("SIGKILL");
    tips.add(tipOf("killed"));
  }
  expect(tips.size, "it was killed in the middle").toBeGreaterThan(KILLS / 3);

  const [killed, calm] = [
    start("killed", "--lake", place.lake, "--archive", place.archive),
    start("calm", "--archive", place.archive, "--trust", "2"),
  ];
  await Promise.all([reach(killed, goal), reach(calm, goal)]);
  expect(await Promise.all([killed.end("SIGTERM"), calm.end("SIGINT")])).toEqual([0, 0]);
  expect(chainOf("killed")).toEqual(chainOf("calm"));
});
