/**
 * The profile: settings kept in `config.json` of the home folder.
 *
 * Errors  `CONFIG_INVALID` naming every fault of the file at once.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { AceError } from "../lib/errors.ts";
import { type Profile, urlFault } from "./settings.ts";

const url = z.string().superRefine((value, check) => {
  const fault = urlFault(value);
  if (fault !== "") check.addIssue({ code: "custom", message: fault });
});

const ProfileFile = z.strictObject({
  network: z.string().min(1).optional(),
  rpcUrl: url.optional(),
  nodeUrl: url.optional(),
  identity: z.string().min(1).optional(),
});

export function profilePath(home: string): string {
  return join(home, "config.json");
}

/** Empty when there is no file. */
export function readProfile(home: string): Profile {
  const path = profilePath(home);
  const text = readIfThere(path);
  return text === undefined ? {} : checkProfile(path, parseJson(path, text));
}

export function writeProfile(home: string, profile: Profile): void {
  const path = profilePath(home);
  const checked = checkProfile(path, profile);
  mkdirSync(home, { recursive: true, mode: 0o700 });
  const draft = `${path}.${process.pid}.draft`;
  writeFileSync(draft, `${JSON.stringify(checked, undefined, 2)}\n`, { mode: 0o600 });
  renameSync(draft, path);
}

function checkProfile(path: string, document: unknown): Profile {
  const result = ProfileFile.safeParse(document);
  if (result.success) return result.data;
  throw new AceError("CONFIG_INVALID", `${path}\n${z.prettifyError(result.error)}`);
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw new AceError("CONFIG_INVALID", `${path} cannot be read`, { cause: error });
  }
}

function parseJson(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new AceError("CONFIG_INVALID", `${path} is not JSON`, { cause });
  }
}
