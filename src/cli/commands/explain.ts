/** `ace explain`: what an error code means, from the catalogue that also prints docs/errors.md. */
import type { Command } from "commander";
import { type CatalogueEntry, catalogue } from "../../lib/catalogue.ts";
import { AceError } from "../../lib/errors.ts";
import type { Context } from "../context.ts";
import { exitMeaning } from "../exit-codes.ts";
import { examples } from "../help.ts";
import type { Run } from "../run.ts";

export function register(noun: Command, run: Run): void {
  noun
    .argument("[code]", "an error code; all of them when it is left out")
    .action(run((context, [code]) => (code === undefined ? all(context) : one(context, code))));
  examples(noun, "ace explain KEY_LOCKED", "ace explain");
}

function all({ output }: Context): unknown {
  const codes = Object.entries(catalogue);
  output.table(
    codes.map(([code, { exit, hint }]) => [code, exit, hint]),
    ["code", "exit", "what to do"],
  );
  return { items: codes.map(([code, entry]) => ({ code, ...entry })) };
}

function one({ output }: Context, text: string): unknown {
  const wanted = text.toUpperCase();
  const entries: Readonly<Record<string, CatalogueEntry>> = catalogue;
  const entry = Object.hasOwn(entries, wanted) ? entries[wanted] : undefined;
  if (entry === undefined) {
    throw new AceError("NOT_FOUND", `"${text}" is not an error code; \`ace explain\` lists them`);
  }
  const { status, exit, hint } = entry;
  output.line(wanted, "strong");
  output.table([
    ["what to do", hint],
    ["exit code", `${exit}, ${exitMeaning(exit)}`],
    ["HTTP status", `${status}`],
  ]);
  return { code: wanted, ...entry };
}
