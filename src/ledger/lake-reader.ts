/**
 * Verifying ledgers on disk: one object, one stream of records, or a whole data lake.
 *
 * Nothing stops at the first fault: an auditor wants to know all that is wrong. After a broken file
 * the chain is taken up again at the next ledger.
 *
 * Errors  `FILE_UNREADABLE` when the path cannot be read, `NETWORK_MISMATCH` when the lake names another
 *         network, `LEDGER_MALFORMED` when there is no ledger at all; all else is in `failures`.
 * Source  SEP-54 (0.2.0): `.config.json` may be missing in old lakes.
 */
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { AceError } from "../lib/errors.ts";
import { LedgerAudit, type LedgerReport } from "./ledger-audit.ts";
import { OBJECT_BYTES_MAX, type ObjectName, parseObjectName } from "./ledger-object.ts";

const CONFIG_NAME = ".config.json";
const LakeConfig = z.object({ networkPassphrase: z.string().optional() });

export interface VerifyPathOptions {
  /** With it, envelopes and results are joined too. A lake's own configuration may give it. */
  readonly passphrase?: string | undefined;
  readonly onLedger?: (sequence: number) => void;
  readonly objectBytesMax?: number;
}

export async function verifyPath(
  path: string,
  options: VerifyPathOptions = {},
): Promise<LedgerReport> {
  const isDirectory = (await attempt(path, () => stat(path))).isDirectory();
  const audit = new LedgerAudit({
    ...options,
    passphrase: isDirectory ? await lakePassphrase(path, options.passphrase) : options.passphrase,
  });
  const objects = isDirectory ? await listLake(path) : [{ path, name: undefined }];
  for (const object of objects) {
    try {
      audit.add(object.path, await readObject(object.path), object.name);
    } catch (error) {
      audit.addFailure(object.path, error);
    }
  }
  return audit.report();
}

async function lakePassphrase(
  path: string,
  wanted: string | undefined,
): Promise<string | undefined> {
  const text = await readFile(join(path, CONFIG_NAME), "utf8").catch(() => "{}");
  const named = readConfig(text).networkPassphrase;
  if (wanted !== undefined && named !== undefined && wanted !== named) {
    throw new AceError("NETWORK_MISMATCH", `the lake holds "${named}", not "${wanted}"`);
  }
  return wanted ?? named;
}

function readConfig(text: string): z.infer<typeof LakeConfig> {
  try {
    return LakeConfig.parse(JSON.parse(text));
  } catch (cause) {
    throw new AceError("LEDGER_MALFORMED", `the lake's ${CONFIG_NAME} is broken`, { cause });
  }
}

interface LakeObject {
  readonly path: string;
  readonly name: ObjectName | undefined;
}

/** Every object of the lake, oldest first. */
async function listLake(path: string): Promise<readonly LakeObject[]> {
  const entries = await attempt(path, () => readdir(path, { recursive: true }));
  const objects = entries.flatMap((entry) => {
    const name = parseObjectName(entry);
    return name === undefined ? [] : [{ path: join(path, entry), name }];
  });
  if (objects.length === 0) {
    throw new AceError("LEDGER_MALFORMED", `${path} holds no ledger objects`);
  }
  return objects.sort((left, right) => left.name.first - right.name.first);
}

async function readObject(path: string): Promise<Uint8Array> {
  const { size } = await attempt(path, () => stat(path));
  if (size > OBJECT_BYTES_MAX) {
    throw new AceError("LEDGER_MALFORMED", `${path} has ${size} bytes, which is over the limit`);
  }
  return attempt(path, () => readFile(path));
}

async function attempt<Value>(path: string, action: () => Promise<Value>): Promise<Value> {
  try {
    return await action();
  } catch (cause) {
    throw new AceError("FILE_UNREADABLE", `${path} cannot be read`, { cause });
  }
}
