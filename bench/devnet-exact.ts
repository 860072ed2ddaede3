/**
 * `devnet.exact`: how many classic transactions of the public testnet come out of the devnet's rules
 * exactly as they did there. `npm run conformance` says more about it.
 */
import { join } from "node:path";
import { runConformance, TESTNET } from "../conformance/conformance.ts";
import type { BenchOptions, Figure } from "./figure.ts";

const WHOLE = "archives/testnet-archive-small";
const BUNDLED = new URL("../test/fixtures/stellar/archive-replay", import.meta.url).pathname;
/** Bucket files of every eighth checkpoint are bundled; that is also often enough for the rest. */
const EVERY_CHECKPOINTS = 8;
const MICROSECONDS_PER_SECOND = 1_000_000;

export async function exactFigures({ dataDir }: BenchOptions): Promise<readonly Figure[]> {
  const archive = dataDir === undefined ? BUNDLED : join(dataDir, WHOLE);
  const before = process.cpuUsage();
  const { classic, ledgers } = await runConformance({
    archive,
    passphrase: TESTNET,
    every: EVERY_CHECKPOINTS,
  });
  const { user, system } = process.cpuUsage(before);
  const spentS = (user + system) / MICROSECONDS_PER_SECOND;
  const input = `testnet, ledgers 1 to ${ledgers}`;
  return [
    { name: "devnet.exact", value: classic.exact, unit: `of ${classic.total}`, input },
    { name: "devnet.replay_s", value: Number(spentS.toFixed(1)), unit: "CPU-seconds", input },
  ];
}
