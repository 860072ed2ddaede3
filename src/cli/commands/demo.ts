import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Command } from "commander";
import { AceError } from "../../lib/errors.ts";
import type { Context } from "../context.ts";
import { buyerAct } from "../demo/act-buyer.ts";
import { executeAct, proposeAct, TOKEN_LIFE_S, voteAct } from "../demo/act-dao.ts";
import { type Founding, foundingAct } from "../demo/act-founding.ts";
import { ownerAct } from "../demo/act-owner.ts";
import { secondNodeAct } from "../demo/act-second-node.ts";
import { type Refused, strangersAct } from "../demo/act-strangers.ts";
import { expiryAct, tokenAct } from "../demo/act-tokens.ts";
import { viewerAct, type Watched } from "../demo/act-viewer.ts";
import { Narrator } from "../demo/narrator.ts";
import { Stage } from "../demo/stage.ts";
import type { World } from "../demo/world.ts";
import type { Flags } from "../flags.ts";
import { jsonText } from "../json.ts";
import type { Run } from "../run.ts";
import { untilAborted } from "../until-aborted.ts";

const FILM = fileURLToPath(new URL("../../../assets/demo.mp4", import.meta.url));

/** `ace demo`: the whole way once, told in plain sentences. */
export function register(noun: Command, run: Run): void {
  noun
    .option("--once", "end after the last step instead of leaving everything running")
    .addHelpText("after", "\nExamples:\n  ace demo\n  ace demo --once --json")
    .action(run((context, _args, flags) => demo(context, flags), { printsOwnJson: true }));
}

async function demo(context: Context, flags: Flags): Promise<unknown> {
  const { output, settings, signal } = context;
  if (!existsSync(FILM)) throw new AceError("FILE_UNREADABLE", `${FILM} is not there`);
  const startedMs = performance.now();
  const narrator = new Narrator(output, settings.json);
  await using stage = new Stage(signal);
  const nodeUrl = () => stage.get("ACE_NODE");
  const world: World = { stage, narrator, signal, filmPath: FILM, nodeUrl };
  const { founding, refused, watched } = await perform(world);
  const seconds = Math.round((performance.now() - startedMs) / 1_000);
  const summary = {
    ...refused,
    sha256: watched.sha256,
    sha256Match: true,
    seconds,
  };
  if (settings.json) process.stdout.write(`${jsonText({ step: "done", ok: true, ...summary })}\n`);
  output.line("");
  output.line(`Done in ${seconds} s: who paid watched, who did not got 0 bytes.`, "good");
  if (flags.isOn("once")) return summary;
  output.line("");
  output.table([
    ["api", founding.nodeUrl],
    ["reference", `${founding.nodeUrl}/docs`],
    ["player", watched.playUrl],
    ["devnet", founding.rpcUrl],
    ["tracker", founding.trackerUrl],
  ]);
  output.note("everything is still running; Ctrl-C stops it and removes what it wrote");
  await untilAborted(signal);
  return summary;
}

async function perform(world: World): Promise<{
  readonly founding: Founding;
  readonly refused: Refused;
  readonly watched: Watched;
}> {
  const founding = await foundingAct(world);
  // The vote takes half a minute, so it begins first and runs beside the owner's work.
  const proposal = await proposeAct(world);
  const [works] = await Promise.all([ownerAct(world, founding), voteAct(world, proposal)]);
  const refused = await strangersAct(world, works);
  const watched = await viewerAct(world, founding, works);
  await tokenAct(world, works, watched.paid);
  await buyerAct(world, founding, works);
  const executed = await executeAct(world, proposal);
  // While the token grows old, a second node catches up.
  await Promise.all([
    expiryAct(world, works, { lifeS: TOKEN_LIFE_S, executed }),
    secondNodeAct(world, founding.nodeUrl),
  ]);
  return { founding, refused, watched };
}
