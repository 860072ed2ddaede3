/** The operator's token: made anew at each start, readable by this user alone. */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { AceError } from "../lib/errors.ts";

const SECRET_MODE = 0o600;

export function writeAdminToken(path: string, token: string): void {
  // A file that is there keeps its mode, so the old one goes first.
  rmSync(path, { force: true });
  writeFileSync(path, token, { mode: SECRET_MODE });
}

export function readAdminToken(path: string): string {
  try {
    return readFileSync(path, "utf8").trim();
  } catch (cause) {
    throw new AceError("FORBIDDEN", `no node of yours keeps its token at ${path}`, { cause });
  }
}
