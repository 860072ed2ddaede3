/** The last act: a node that starts now, from the genesis ledger, arrives at the same state. */
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { AceError } from "../../lib/errors.ts";
import { until, type World } from "./world.ts";

const Ready = z.object({ httpUrl: z.string() });
const Link = z.object({
  sequence: z.int(),
  headerHash: z.string(),
  ledgerHash: z.string(),
  stateRoot: z.string(),
});
const Status = z.object({ tip: Link.optional() });

export async function secondNodeAct(world: World, nodeUrl: string): Promise<void> {
  const { stage, narrator, signal } = world;
  const data = join(stage.folder, "second");
  const second = await stage.start(Ready, [
    "node",
    "--data",
    data,
    "--port",
    "0",
    "--peer-port",
    "0",
    "--tracker-port",
    "0",
    "--follow-only",
    "--log",
    "error",
  ]);
  const { tip: goal } = await read(nodeUrl, "/v1/status", Status);
  if (goal === undefined) throw new AceError("CHECK_FAILED", "the first node has no state");
  const link = await until(
    async () => {
      const { tip } = await read(second.ready.httpUrl, "/v1/status", Status);
      if (tip === undefined || tip.sequence < goal.sequence) return undefined;
      return await read(second.ready.httpUrl, `/v1/ledgers/${goal.sequence}`, Link);
    },
    () => sleep(200, undefined, { signal }).then(() => undefined),
  );
  await second.stop();
  if (link.ledgerHash !== goal.ledgerHash || link.stateRoot !== goal.stateRoot) {
    throw new AceError("CHECK_FAILED", `the second node arrived at ${link.ledgerHash}`);
  }
  narrator.tell(
    "second-node",
    "A second node starts from the genesis ledger and arrives at the same state.",
    { ...link, ledger: link.sequence, equal: true },
    [
      `Stellar ledger ${link.sequence}, header hash ${link.headerHash}`,
      `ledger hash ${link.ledgerHash}`,
      `state root ${link.stateRoot}`,
    ],
  );
}

async function read<T>(base: string, path: string, schema: z.ZodType<T>): Promise<T> {
  const response = await fetch(new URL(path, base), { headers: { connection: "close" } });
  return schema.parse(await response.json());
}
