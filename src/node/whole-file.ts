/**
 * Files that are there whole, or as they were: what a node would miss.
 *
 * Errors  Whatever the disk says; the file then is as it was before.
 */
import { closeSync, fsyncSync, openSync, renameSync, writeFileSync } from "node:fs";

/** On the disk when it returns. The draft beside it loses its name, and with that takes the other's place. */
export function replaceFile(path: string, text: string, mode: number): void {
  const draft = `${path}.draft`;
  const file = openSync(draft, "w", mode);
  try {
    // All of it or an error: a single write may take a part without a word when the disk fills up.
    writeFileSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(draft, path);
}
