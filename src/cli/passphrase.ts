/**
 * Passphrases: from the file that ACE_PASSPHRASE_FILE names, else typed and not shown.
 *
 * Errors  `KEY_LOCKED` when there is neither, `KEY_FILE_MODE` when others may read the file,
 *         `PASSPHRASE_SHORT` for a new one that is too short.
 */
import { AceError } from "../lib/errors.ts";
import { readPrivateFile } from "./private-file.ts";
import type { Terminal } from "./terminal.ts";

interface PassphraseSources {
  readonly environment: Readonly<NodeJS.ProcessEnv>;
  readonly terminal: Terminal;
}

const LENGTH_MIN = 8;

/** The passphrase of the existing key `name`. */
export async function readPassphrase(name: string, sources: PassphraseSources): Promise<string> {
  const kept = await keptPassphrase(sources);
  if (kept !== undefined) return kept;
  refuseWithoutTerminal(name, sources.terminal);
  return sources.terminal.askSecret(`Passphrase of ${name}:`);
}

/** The passphrase that the new key `name` shall have: typed twice. */
export async function choosePassphrase(name: string, sources: PassphraseSources): Promise<string> {
  const kept = await keptPassphrase(sources);
  if (kept !== undefined) return longEnough(kept);
  const { terminal } = sources;
  refuseWithoutTerminal(name, terminal);
  const passphrase = longEnough(await terminal.askSecret(`New passphrase for ${name}:`));
  if (passphrase === (await terminal.askSecret("The same again:"))) return passphrase;
  throw new AceError("CANCELLED", "the two passphrases differ");
}

async function keptPassphrase({ environment }: PassphraseSources): Promise<string | undefined> {
  const path = environment["ACE_PASSPHRASE_FILE"] ?? "";
  if (path === "") return undefined;
  const text = await readPrivateFile(path);
  if (text !== undefined) return text.replace(/\r?\n$/, "");
  throw new AceError("KEY_LOCKED", `ACE_PASSPHRASE_FILE names ${path}, which is not there`);
}

function refuseWithoutTerminal(name: string, terminal: Terminal): void {
  if (terminal.canAsk) return;
  throw new AceError("KEY_LOCKED", `"${name}" needs a passphrase, and nobody can be asked for it`);
}

function longEnough(passphrase: string): string {
  const length = [...passphrase].length;
  if (length >= LENGTH_MIN) return passphrase;
  throw new AceError("PASSPHRASE_SHORT", `${length} characters are too few`);
}
