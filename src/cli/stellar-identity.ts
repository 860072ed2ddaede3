/**
 * Identities of stellar-cli, read in place and never written.
 *
 * Errors  `KEY_MISSING` when there is no such identity, `KEY_FILE_INVALID` for one we cannot sign
 *         with: a hardware key, one in the secure store, a bare address.
 * Source  stellar-cli v27, `config/locator.rs` and `config/secret.rs`: where files lie, what they hold.
 */
import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { AceError } from "../lib/errors.ts";
import { hasCode } from "./private-file.ts";
import { addressOfSeed, seedFromSecret } from "./seed.ts";
import { seedFromPhrase } from "./sep5.ts";

export interface StellarIdentity {
  readonly address: string;
  readonly seed: Uint8Array;
}

const NAME = /^[A-Za-z0-9_-]{1,250}$/;

export async function readStellarIdentity(
  name: string,
  environment: Readonly<NodeJS.ProcessEnv>,
): Promise<StellarIdentity> {
  const path = identityPath(name, environment);
  const fields = tomlFields(await textOf(path, name));
  const seed = await seedOf(fields);
  if (seed === undefined) {
    const found = [...fields.keys()].join(", ") || "nothing";
    const message = `${path} holds ${found}; only secret_key and seed_phrase can be linked`;
    throw new AceError("KEY_FILE_INVALID", message);
  }
  return { seed, address: await addressOfSeed(seed) };
}

function identityPath(name: string, environment: Readonly<NodeJS.ProcessEnv>): string {
  if (!NAME.test(name)) throw new AceError("KEY_MISSING", `"${name}" is not a name of stellar-cli`);
  const { STELLAR_CONFIG_HOME: own = "", XDG_CONFIG_HOME: shared = "" } = environment;
  const folder = own || join(shared || join(homedir(), ".config"), "stellar");
  return join(folder, "identity", `${name}.toml`);
}

async function textOf(path: string, name: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    if (!hasCode(cause, "ENOENT")) throw cause;
    const message = `stellar-cli has no identity "${name}": ${path} is not there`;
    throw new AceError("KEY_MISSING", message, { cause });
  }
}

/** The flat part of TOML that stellar-cli writes: `name = "text"` or `name = number`. */
function tomlFields(text: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const match = /^\s*([a-z_]+)\s*=\s*(?:"([^"\\]*)"|'([^']*)'|(\d+))\s*(?:#.*)?$/.exec(line);
    const [, name, double, single, number] = match ?? [];
    if (name !== undefined) fields.set(name, double ?? single ?? number ?? "");
  }
  return fields;
}

async function seedOf(fields: ReadonlyMap<string, string>): Promise<Uint8Array | undefined> {
  const secret = fields.get("secret_key");
  if (secret !== undefined) return seedFromSecret(secret);
  const phrase = fields.get("seed_phrase");
  if (phrase === undefined) return undefined;
  return seedFromPhrase(phrase, Number(fields.get("hd_path") ?? 0));
}
