/** `ace config`: the settings in force, each with its origin, and the profile that keeps them. */
import type { Command } from "commander";
import { AceError } from "../../lib/errors.ts";
import type { Context } from "../context.ts";
import { examples } from "../help.ts";
import { profilePath, readProfile, writeProfile } from "../profile.ts";
import type { Run } from "../run.ts";
import { type Origin, type ProfileName, profileNames } from "../settings.ts";

interface Shown {
  readonly value: string | null;
  readonly origin: Origin;
}

export function register(noun: Command, run: Run): void {
  examples(
    noun.command("show", { isDefault: true }).summary("show every setting").action(run(show)),
    "ace config show",
    "ACE_NODE=http://10.0.0.5:7070 ace config show --json",
  );
  examples(
    noun.command("get").summary("print one setting").argument("<name>").action(run(get)),
    "ace config get rpcUrl",
  );
  examples(
    noun
      .command("set")
      .summary("keep a setting in the profile; without a value, forget it")
      .argument("<name>", profileNames.join(", "))
      .argument("[value]")
      .action(run(set)),
    "ace config set nodeUrl http://127.0.0.1:7071",
    "ace config set identity alice",
  );
  examples(
    noun.command("path").summary("print the path of the profile").action(run(path)),
    "ace config path",
  );
}

function show(context: Context): unknown {
  const settings = shownSettings(context);
  const rows = Object.entries(settings).map(([name, { value, origin }]) => [
    name,
    value ?? "(not set)",
    origin,
  ]);
  context.output.table(rows, ["setting", "value", "origin"]);
  return settings;
}

function get(context: Context, [name = ""]: readonly string[]): unknown {
  const found = Object.entries(shownSettings(context)).find(([known]) => known === name);
  if (found === undefined) throw new AceError("USAGE", `"${name}" is not a setting`);
  context.output.line(found[1].value ?? "");
  return found[1];
}

function set(context: Context, [name = "", value]: readonly string[]): unknown {
  const { home } = context.settings;
  const known = profileNames.find((candidate) => candidate === name);
  if (known === undefined) {
    throw new AceError("USAGE", `"${name}" is not one of ${profileNames.join(", ")}`);
  }
  const changed: Partial<Record<ProfileName, string | undefined>> = { ...readProfile(home) };
  changed[known] = value;
  writeProfile(home, changed);
  context.output.note(value === undefined ? `${known} is forgotten` : `${known} is now ${value}`);
  return { [known]: value ?? null };
}

function path(context: Context): unknown {
  const file = profilePath(context.settings.home);
  context.output.line(file);
  return { path: file };
}

function shownSettings({ settings, origins }: Context): Readonly<Record<string, Shown>> {
  return {
    home: { value: settings.home, origin: origins.home },
    network: { value: settings.network, origin: origins.network },
    rpcUrl: { value: settings.rpcUrl, origin: origins.rpcUrl },
    nodeUrl: { value: settings.nodeUrl, origin: origins.nodeUrl },
    identity: { value: settings.identity ?? null, origin: origins.identity },
  };
}
