/** The device key: what access tokens are bound to. One for each home, made on first use. */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { AceError } from "../lib/errors.ts";
import { createPrivateFile, readPrivateFile } from "./private-file.ts";

const SEED_BYTES = 32;
const SEED = /^[0-9a-f]{64}$/;

/** The 32-byte Ed25519 seed of this device, as hexadecimal text. */
export async function deviceKeyFile(home: string): Promise<string> {
  const path = join(home, "devices", "default.key");
  const kept = await readPrivateFile(path);
  if (kept !== undefined) return checkedSeed(path, kept);
  const seed = randomBytes(SEED_BYTES).toHex();
  if (await createPrivateFile(path, `${seed}\n`)) return seed;
  // Another process was faster: its key counts.
  return checkedSeed(path, (await readPrivateFile(path)) ?? "");
}

function checkedSeed(path: string, text: string): string {
  const seed = text.trim();
  if (SEED.test(seed)) return seed;
  throw new AceError("KEY_FILE_INVALID", `${path} is not a device key`);
}
