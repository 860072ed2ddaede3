/** `ace key`: keys of one's own, and identities of stellar-cli used in place. */
import { randomBytes } from "node:crypto";
import type { Command } from "commander";
import { AceError } from "../../lib/errors.ts";
import { confirm } from "../confirm.ts";
import type { Context } from "../context.ts";
import type { Flags } from "../flags.ts";
import { examples } from "../help.ts";
import type { KeyEntry } from "../keystore.ts";
import { isDevelopmentNetwork } from "../network-kind.ts";
import { fundAccount } from "../rpc-probe.ts";
import type { Run } from "../run.ts";
import { seedFromSecret } from "../seed.ts";

const SEED_BYTES = 32;
const SECRET_BYTES_MAX = 256;
const PLAINTEXT = "without a passphrase; for throw-away keys on development networks";

export function register(noun: Command, run: Run): void {
  addMaking(noun, run);
  examples(
    noun.command("list").summary("show the keys there are").action(run(list)),
    "ace key list",
  );
  examples(
    noun
      .command("address")
      .summary("print a key's address")
      .argument("<name>")
      .action(run(address)),
    "ace key address alice",
  );
  examples(
    noun
      .command("fund")
      .summary("get test lumens from the network's friendbot")
      .argument("<name>", "key, or an address")
      .action(run((context, [name = ""]) => fund(context, name))),
    "ace key fund alice",
  );
  examples(
    noun
      .command("remove")
      .summary("delete a key for ever; of a linked identity, only the link")
      .argument("<name>")
      .action(run(remove)),
    "ace key remove alice",
    "ace key remove alice --yes",
  );
}

function addMaking(noun: Command, run: Run): void {
  examples(
    noun
      .command("new")
      .summary("make a key, or several")
      .argument("<names...>", "each 1 to 32 of a-z, A-Z, 0-9, _ and -")
      .option("--plaintext", PLAINTEXT)
      .option("--fund", "get test lumens for it as well")
      .action(run(make)),
    "ace key new alice",
    "ace key new alice bob carol --plaintext --fund",
  );
  examples(
    noun
      .command("import")
      .summary("keep an existing secret; it is read from stdin or typed, never a flag")
      .argument("<name>")
      .option("--secret-stdin", "read the secret (S…) from stdin")
      .option("--plaintext", PLAINTEXT)
      .action(run(importKey)),
    "ace key import alice",
    "ace key import alice --secret-stdin < secret.txt",
  );
  examples(
    noun
      .command("link")
      .summary("use an identity of stellar-cli; its file is read in place, never written")
      .argument("<name>", "name that stellar-cli knows it by")
      .action(run(link)),
    "ace key link alice",
  );
}

async function make(context: Context, names: readonly string[], flags: Flags): Promise<void> {
  const { output } = context;
  const made: KeyEntry[] = [];
  for (const name of names) {
    made.push(await keep(context, { name, seed: randomBytes(SEED_BYTES), flags }));
  }
  const [only, ...others] = made;
  if (others.length === 0) output.line(only?.address ?? "");
  else output.table(made.map(({ name, address: account }) => [name, account]));
  const fundings = flags.isOn("fund") ? await fundMade(context, made) : [];
  const items = made.map((entry, index) => ({ ...entry, ...fundings[index] }));
  output.result(others.length === 0 ? items[0] : { items });
}

async function fundMade(context: Context, made: readonly KeyEntry[]) {
  try {
    return await Promise.all(made.map(({ name }) => fund(context, name)));
  } catch (error) {
    const names = made.map(({ name }) => name);
    const verb = names.length === 1 ? "is" : "are";
    const again = names.map((name) => `ace key fund ${name}`).join("; ");
    context.output.warn(`${names.join(", ")} ${verb} made, but not funded; later: ${again}`);
    context.output.result(made.length === 1 ? made[0] : { items: made });
    throw error;
  }
}

async function importKey(
  context: Context,
  [name = ""]: readonly string[],
  flags: Flags,
): Promise<unknown> {
  const secret = await typedSecret(context, flags);
  const entry = await keep(context, { name, seed: await seedFromSecret(secret), flags });
  context.output.line(entry.address);
  return entry;
}

async function keep(
  context: Context,
  { name, seed, flags }: { name: string; seed: Uint8Array; flags: Flags },
): Promise<KeyEntry> {
  const { keystore, output } = context;
  if (!flags.isOn("plaintext")) return keystore.add(name, seed, "encrypted");
  if (!(await isDevelopmentNetwork(context))) {
    throw new AceError("KEY_PLAINTEXT_REFUSED", "this is not a development network");
  }
  const entry = await keystore.add(name, seed, "plaintext");
  output.warn(`"${name}" lies unprotected on this disk; use it on development networks only`);
  return entry;
}

async function typedSecret({ terminal }: Context, flags: Flags): Promise<string> {
  if (flags.isOn("secretStdin")) return (await terminal.readAll(SECRET_BYTES_MAX)).trim();
  if (terminal.canAsk) return (await terminal.askSecret("Secret (S…):")).trim();
  throw new AceError("USAGE", "nobody can be asked for the secret; pipe it in with --secret-stdin");
}

async function link(context: Context, [name = ""]: readonly string[]): Promise<unknown> {
  const entry = await context.keystore.link(name);
  context.output.line(entry.address);
  context.output.warn(`stellar-cli keeps "${name}" unprotected on this disk`);
  return entry;
}

async function list({ keystore, output }: Context): Promise<unknown> {
  const items = (await keystore.list()).map((key) => {
    if (key.kind !== "broken") return key;
    return { kind: key.kind, name: key.name, fault: key.fault.message };
  });
  output.table(
    items.map((key) => [
      key.name,
      key.kind === "broken" ? key.fault : output.address(key.address),
      key.kind,
    ]),
    ["name", "address", "kept"],
  );
  return { items };
}

async function address(context: Context, [name = ""]: readonly string[]): Promise<unknown> {
  const entry = await context.keystore.find(name);
  context.output.line(entry.address);
  return entry;
}

async function fund(context: Context, name: string) {
  const { keystore, output, settings, signal } = context;
  const isAddress = /^G[A-Z2-7]{55}$/.test(name);
  const account = isAddress ? name : (await keystore.find(name)).address;
  const funding = await fundAccount({ url: settings.rpcUrl, signal }, account);
  const shown = output.address(account);
  output.note(funding === undefined ? `${shown} had been funded before` : `${shown} is funded`);
  return { address: account, isNew: funding !== undefined, ...funding };
}

async function remove(context: Context, [name = ""]: readonly string[]): Promise<unknown> {
  const key = (await context.keystore.list()).find((candidate) => candidate.name === name);
  if (key === undefined) throw new AceError("KEY_MISSING", `there is no key "${name}"`);
  const what = key.kind === "broken" ? "a broken file" : `${key.address}, ${key.kind}`;
  const loss =
    key.kind === "stellar-cli"
      ? "stellar-cli keeps the key itself"
      : "without a copy of the secret, what the account holds is lost";
  await confirm(context, [`remove the key "${name}": ${what}`, loss], { word: name });
  await context.keystore.remove(name);
  context.output.note(`"${name}" is removed`);
  return { name };
}
