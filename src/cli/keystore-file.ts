/** The keystore on disk: `keys/<name>.json` in the home folder, one file a key. */
import { mkdir, readdir, unlink } from "node:fs/promises";
import { join } from "node:path";
import { AceError, isAceError } from "../lib/errors.ts";
import { type KeyFile, keyFileText, parseKeyFile, seal, unseal } from "./key-file.ts";
import type { BrokenKey, KeyEntry, Keystore } from "./keystore.ts";
import type { Output } from "./output.ts";
import { choosePassphrase, readPassphrase } from "./passphrase.ts";
import { createPrivateFile, hasCode, readPrivateFile } from "./private-file.ts";
import { addressOfSeed } from "./seed.ts";
import { readStellarIdentity } from "./stellar-identity.ts";
import type { Terminal } from "./terminal.ts";

export interface KeystoreOptions {
  readonly home: string;
  readonly environment: Readonly<NodeJS.ProcessEnv>;
  readonly terminal: Terminal;
  readonly output: Output;
}

/** Shorter than an address, so that a name is never taken for one. */
const NAME = /^[A-Za-z0-9_-]{1,32}$/;
const SUFFIX = ".json";

export function keysFolder(home: string): string {
  return join(home, "keys");
}

export function openKeystore(options: KeystoreOptions): Keystore {
  const { environment } = options;
  const folder = keysFolder(options.home);
  const read = async (name: string): Promise<KeyFile> => {
    const path = pathOf(folder, name);
    const text = await readPrivateFile(path);
    if (text === undefined) throw missing(name);
    return parseKeyFile(path, text);
  };
  const find = async (name: string): Promise<KeyEntry> => {
    const file = await read(name);
    if (file.kind !== "stellar-cli") return { name, address: file.address, kind: file.kind };
    const { address } = await readStellarIdentity(file.identity, environment);
    return { name, address, kind: file.kind };
  };
  // However often one command signs, it asks for the passphrase once.
  const opened = new Map<string, Uint8Array>();
  return {
    find,
    list: async () => {
      const entries: (KeyEntry | BrokenKey)[] = [];
      for (const name of await keyNames(folder)) {
        entries.push(await find(name).catch((error: unknown) => broken(name, error)));
      }
      return entries;
    },
    unlock: async (name) => {
      const file = await read(name);
      switch (file.kind) {
        case "encrypted": {
          const seed =
            opened.get(file.address) ?? (await unseal(file, await readPassphrase(name, options)));
          opened.set(file.address, seed);
          return seed;
        }
        case "plaintext":
          return Uint8Array.fromHex(file.seed);
        case "stellar-cli":
          return (await readStellarIdentity(file.identity, environment)).seed;
      }
    },
    add: async (name, seed, kind) => {
      const path = pathOf(folder, name);
      await refuseTaken(path, name);
      const address = await addressOfSeed(seed);
      const file: KeyFile =
        kind === "plaintext"
          ? { v: 1, kind, plaintext: true, address, seed: seed.toHex() }
          : await seal(seed, { address, passphrase: await choosePassphrase(name, options) });
      await create(path, { name, file });
      return { name, address, kind };
    },
    link: async (name) => {
      const path = pathOf(folder, name);
      await refuseTaken(path, name);
      const { address } = await readStellarIdentity(name, environment);
      await create(path, { name, file: { v: 1, kind: "stellar-cli", identity: name } });
      return { name, address, kind: "stellar-cli" };
    },
    remove: async (name) => {
      const path = pathOf(folder, name);
      await unlink(path).catch((error: unknown) => {
        throw hasCode(error, "ENOENT") ? missing(name) : error;
      });
    },
  };
}

async function keyNames(folder: string): Promise<readonly string[]> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const files = await readdir(folder);
  return files
    .filter((file) => file.endsWith(SUFFIX))
    .map((file) => file.slice(0, -SUFFIX.length))
    .filter((name) => NAME.test(name))
    .sort();
}

function pathOf(folder: string, name: string): string {
  if (NAME.test(name)) return join(folder, `${name}${SUFFIX}`);
  throw new AceError("USAGE", `"${name}" is not a key name: 1 to 32 of a-z, A-Z, 0-9, _ and -`);
}

/** Before a passphrase is asked in vain; `create` is what really never overwrites. */
async function refuseTaken(path: string, name: string): Promise<void> {
  if ((await readPrivateFile(path)) !== undefined) throw taken(name);
}

async function create(
  path: string,
  { name, file }: { readonly name: string; readonly file: KeyFile },
): Promise<void> {
  if (!(await createPrivateFile(path, keyFileText(file)))) throw taken(name);
}

function taken(name: string): AceError {
  return new AceError("KEY_EXISTS", `there is a key "${name}" already`);
}

function missing(name: string): AceError {
  return new AceError("KEY_MISSING", `there is no key "${name}"`);
}

function broken(name: string, error: unknown): BrokenKey {
  if (isAceError(error)) return { kind: "broken", name, fault: error };
  throw error;
}
