/** `ace doctor`: finds out what is missing or wrong, each finding with its remedy. */
import type { Command } from "commander";
import { AceError } from "../../lib/errors.ts";
import type { Context } from "../context.ts";
import { checks, type Finding } from "../doctor-checks.ts";
import { examples } from "../help.ts";
import type { Run } from "../run.ts";
import type { Tone } from "../stream.ts";

const tones = { ok: "good", warn: "warn", fail: "bad" } as const satisfies Record<string, Tone>;

export function register(noun: Command, run: Run): void {
  noun.action(run(examine, { acceptsAnyVersions: true }));
  examples(noun, "ace doctor", "ace doctor --json");
}

async function examine(context: Context): Promise<void> {
  const { output } = context;
  const findings: Finding[] = [];
  for (const check of checks) {
    context.signal.throwIfAborted();
    const found = await check(context);
    findings.push(...found);
    for (const finding of found) show(context, finding);
  }
  output.result({ findings });
  const failed = findings.filter((finding) => finding.state === "fail");
  if (failed.length > 0) {
    const names = failed.map((finding) => finding.name).join(", ");
    throw new AceError("CHECK_FAILED", `not well: ${names}`);
  }
}

function show({ output }: Context, { name, state, found, remedy }: Finding): void {
  output.line(`${state.padEnd(4)}  ${name.padEnd(20)}  ${found}`, tones[state]);
  if (remedy !== "") output.line(`${" ".repeat(28)}-> ${remedy}`);
}
