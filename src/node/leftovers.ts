/**
 * What is left of publications that never came to an end: ciphertext beside the node that no record
 * names, because the command that made it was killed. It is removed a day later; a publication that is
 * being made is younger.
 *
 * Units   Milliseconds of Unix time.
 */
import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";

export const LEFTOVER_MS = 86_400_000;

/** As `ace content publish --encrypt` names its folders. */
const MADE = /^[0-9a-f]{16}$/;

export async function removeLeftovers(
  dataDir: string,
  { paths, nowMs }: { readonly paths: readonly (string | undefined)[]; readonly nowMs: number },
): Promise<void> {
  const folder = join(dataDir, "encrypted");
  const names = await readdir(folder).catch(() => []);
  // By its name alone, which is random: the same folder may be reached by several paths.
  const kept = new Set(paths.flatMap((path) => path?.split(/[/\\]/) ?? []));
  for (const name of names.filter((made) => MADE.test(made) && !kept.has(made))) {
    const path = join(folder, name);
    // What cannot be looked at or removed stays, and the node starts all the same.
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: nowMs }));
    if (nowMs - mtimeMs > LEFTOVER_MS) await rm(path, { recursive: true }).catch(() => {});
  }
}
