/** `ace node bans`, `ace stream bans`: who lied to this node or engine, by what evidence, and until when. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { AceError } from "../../lib/errors.ts";
import { BAN_FILE, liftBan, readBans } from "../../p2p/ban-file.ts";
import type { Ban } from "../../p2p/bans.ts";
import type { Context } from "../context.ts";
import type { Flags } from "../flags.ts";
import { examples } from "../help.ts";
import type { Run } from "../run.ts";

interface Whose {
  /** `ace node` or `ace stream`. */
  readonly command: string;
  /** Below the home folder. */
  readonly folder: "node" | "engine";
}

export function registerBans(noun: Command, run: Run, { command, folder }: Whose): void {
  examples(
    noun
      .command("bans")
      .description("peers that are banned for what they provably did, and until when")
      .option("--data <folder>", `whose bans (default: <home>/${folder})`)
      .option("--lift <peer>", "let this one in again; one that runs goes by it in a moment"),
    `${command} bans`,
    `${command} bans --lift 'host 192.0.2.1'`,
  ).action(run(async (context, _args, flags) => bans(context, flags, folder)));
}

function bans({ settings, clock, output }: Context, flags: Flags, folder: string): unknown {
  const named = flags.text("data");
  if (named !== undefined && !existsSync(named)) {
    throw new AceError("USAGE", `--data: there is no folder ${named}`);
  }
  const path = join(named ?? join(settings.home, folder), BAN_FILE);
  const nowMs = clock.nowMs();
  const lifted = flags.text("lift");
  if (lifted !== undefined) {
    if (!liftBan(path, lifted, nowMs)) throw new AceError("USAGE", `"${lifted}" is not banned`);
    output.line(`${lifted} is let in again`, "good");
    return { lifted };
  }
  const found = readBans(path, nowMs);
  if (found.length === 0) output.line("nobody is banned");
  else output.table(found.map(row), ["peer", "until", "times", "why", "evidence"]);
  return { bans: found };
}

function row({ name, untilMs, count, reason, evidence }: Ban): readonly string[] {
  const seen = Object.entries(evidence).map(([key, value]) => `${key} ${value}`);
  const until = new Date(untilMs).toISOString();
  return [name, until, String(count), reason, seen.join(", ")];
}
