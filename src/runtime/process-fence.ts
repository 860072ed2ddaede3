/**
 * The operating system's fence around the contract process, beside that of Node: limits of its own, and,
 * when the node runs as root, the user id of nobody.
 *
 * Limits are set by the shell, which then becomes the process: Node itself cannot set them. Where there
 * is no shell (Windows, images without one) the process runs without them, as it does for a user id
 * that could not read its code.
 */
import { existsSync, statSync } from "node:fs";
import { dirname } from "node:path";

export interface Fenced {
  readonly command: string;
  readonly words: readonly string[];
  readonly user: { readonly uid?: number; readonly gid?: number };
}

/** Above what the isolate, the engine and the stack of admission may have together. */
const DATA_MB = 4_096;
/** Of which a running process has about thirty. */
const FILES_MAX = 128;
const NOBODY = 65_534;
const KB_PER_MB = 1_024;

const SHELL = "/bin/sh";
const EMPTY_ENVIRONMENT = "/usr/bin/env";

/** `readable` is what the process must be able to read. */
export function fenced(
  command: string,
  words: readonly string[],
  {
    readable,
    dataMb = DATA_MB,
  }: { readonly readable: readonly string[]; readonly dataMb?: number },
): Fenced {
  const user = nobody([command, ...readable]);
  if (!existsSync(SHELL) || !existsSync(EMPTY_ENVIRONMENT)) return { command, words, user };
  const limits = [
    // No core that would hold state, no file, few descriptors, memory that ends.
    "ulimit -c 0",
    "ulimit -f 0",
    `ulimit -n ${FILES_MAX}`,
    `ulimit -d ${dataMb * KB_PER_MB}`,
  ];
  // Each on its own: a limit that this system does not know leaves the others. The shell has an
  // environment of its own, which the process must not have.
  const script = `${limits.join("; ")}; exec ${EMPTY_ENVIRONMENT} -i "$0" "$@"`;
  return { command: SHELL, words: ["-c", script, command, ...words], user };
}

function nobody(readable: readonly string[]): Fenced["user"] {
  const isRoot = process.getuid?.() === 0;
  return isRoot && readable.every(isOpenToAll) ? { uid: NOBODY, gid: NOBODY } : {};
}

const READ_BY_ALL = 0o004;
const ENTER_BY_ALL = 0o001;

function isOpenToAll(path: string): boolean {
  if ((statSync(path).mode & READ_BY_ALL) === 0) return false;
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    if ((statSync(folder).mode & ENTER_BY_ALL) === 0) return false;
    if (folder === dirname(folder)) return true;
  }
}
