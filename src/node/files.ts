/**
 * The files a node lives by: its network, its own keys, and an operator's issuer keys.
 *
 * Errors  `NETWORK_FILE_INVALID`, `CONFIG_INVALID` for a broken operator file, `KEY_FILE_MODE` for a
 *         secret that others may read.
 */
import { randomBytes } from "node:crypto";
import {
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { StrKey } from "@stellar/stellar-sdk/base";
import { z } from "zod";
import { parseServiceNetwork, type ServiceNetwork } from "../contracts/service-network.ts";
import { AceError } from "../lib/errors.ts";

const seed = z.string().regex(/^[0-9a-f]{64}$/, "is not a 32-byte seed in hexadecimal");

const OperatorKeys = z.strictObject({
  /** Stellar secret of the issuer account: signs SEP-10 challenges. */
  issuerSecret: z
    .string()
    .refine((text) => StrKey.isValidEd25519SecretSeed(text), "is not a secret"),
  /** Seed of the key that signs access tokens. */
  tokenSeed: seed,
});
export type OperatorKeys = z.infer<typeof OperatorKeys>;

const SECRET_MODE = 0o600;
const OTHERS = 0o077;

export function readServiceNetwork(path: string): ServiceNetwork {
  return parseServiceNetwork(readJson(path, "NETWORK_FILE_INVALID"));
}

export function readOperatorKeys(path: string): OperatorKeys {
  assertPrivate(path);
  const parsed = OperatorKeys.safeParse(readJson(path, "CONFIG_INVALID"));
  if (parsed.success) return parsed.data;
  throw new AceError("CONFIG_INVALID", `${path}: ${z.prettifyError(parsed.error)}`);
}

export function writeOperatorKeys(path: string, keys: OperatorKeys): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeFileSync(path, `${JSON.stringify(keys, undefined, 2)}\n`, { mode: SECRET_MODE, flag: "wx" });
}

/** The 32-byte hexadecimal secret in `dir/name`, made on first use. */
export function ownSecret(dir: string, name: string): string {
  const path = join(dir, name);
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  if (!existsSync(path)) makeSecret(path);
  assertPrivate(path);
  const parsed = seed.safeParse(readFileSync(path, "utf8").trim());
  if (parsed.success) return parsed.data;
  throw new AceError("CONFIG_INVALID", `${path} is not a key of this node`);
}

/** Whole or not at all: a kill between making and writing must not leave an empty key behind. */
function makeSecret(path: string): void {
  const draft = `${path}.${randomBytes(4).toString("hex")}`;
  writeFileSync(draft, randomBytes(32).toString("hex"), { mode: SECRET_MODE, flag: "wx" });
  try {
    linkSync(draft, path);
  } catch (error) {
    // Another process was faster: its key counts.
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  } finally {
    rmSync(draft);
  }
}

function assertPrivate(path: string): void {
  const mode = statSync(path, { throwIfNoEntry: false })?.mode;
  if (mode === undefined) throw new AceError("FILE_UNREADABLE", `${path} is not there`);
  if (process.platform !== "win32" && (mode & OTHERS) !== 0) {
    throw new AceError("KEY_FILE_MODE", `${path} can be read by others`);
  }
}

/** @param code Of the error for a file that is not there, or not JSON. */
export function readJson(
  path: string,
  code: "NETWORK_FILE_INVALID" | "CONFIG_INVALID" | "QUORUM_INVALID",
): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") {
      throw new AceError(code, `there is no ${path}`, { cause });
    }
    const why = cause instanceof Error ? cause.message : "unreadable";
    throw new AceError(code, `${path}: ${why}`, { cause });
  }
}
