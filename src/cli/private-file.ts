/**
 * Private files: readable by their owner alone, written whole or not at all, never overwritten.
 *
 * Errors  `KEY_FILE_MODE` when others may read the file.
 */
import { randomBytes } from "node:crypto";
import { chmod, link, mkdir, open, readFile, stat, unlink } from "node:fs/promises";
import { dirname } from "node:path";
import { AceError } from "../lib/errors.ts";

const OTHERS = 0o077;

/** The text, or undefined when there is no such file. */
export async function readPrivateFile(path: string): Promise<string | undefined> {
  try {
    await refuseOpenFile(path);
    return await readFile(path, "utf8");
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
}

/** Writes a new file of mode 0600 in a folder of mode 0700; false when the name is taken. */
export async function createPrivateFile(path: string, text: string): Promise<boolean> {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await chmod(folder, 0o700);
  const draft = `${path}.${randomBytes(6).toString("hex")}.draft`;
  const file = await open(draft, "wx", 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
    await file.close();
    await link(draft, path);
    return true;
  } catch (error) {
    if (hasCode(error, "EEXIST")) return false;
    throw error;
  } finally {
    await unlink(draft);
  }
}

async function refuseOpenFile(path: string): Promise<void> {
  const mode = await openMode(path);
  if (mode === undefined) return;
  throw new AceError("KEY_FILE_MODE", `${path} has mode ${mode}: others may read it`);
}

/** The mode of a file or folder that others than its owner may open; undefined for a private one. */
export async function openMode(path: string): Promise<string | undefined> {
  const { mode } = await stat(path);
  // Windows keeps its permissions elsewhere and reports a mode that says nothing.
  if (process.platform === "win32" || (mode & OTHERS) === 0) return undefined;
  return (mode & 0o777).toString(8).padStart(3, "0");
}

export function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
