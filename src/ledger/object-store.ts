/**
 * Object stores: a folder of this machine or a web address, under which data lakes and history
 * archives keep their files. One port for both, so that a test uses the code of production.
 *
 * Range   A location is a path, file://, http:// or https://. Names are computed by us, never read
 *         from a source, and stay below the location.
 * Errors  `CONFIG_INVALID` for a location of another form, `LEDGER_NO_SOURCE` when the store cannot be
 *         reached or read, `LEDGER_MALFORMED` for an object over its limit or a web page in its place.
 */
import { readFileSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { setImmediate } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { AceError } from "../lib/errors.ts";
import { invariant } from "../lib/invariant.ts";
import { type Pace, systemPace } from "../lib/pace.ts";
import { exchange, type HttpBody } from "./http-exchange.ts";

const TIMEOUT_MS = 60_000;
/** Up to this a file is read at once: to ask a thread for it takes longer than to read it. */
const AT_ONCE_BYTES_MAX = 4 * 1024 * 1024;
const NAME = /^(?:[A-Za-z0-9._-]+\/)*[A-Za-z0-9._-]+$/;

export interface ObjectStore {
  /** What a person called it, or the absolute path; for messages and logs. */
  readonly location: string;
  /** Undefined when there is no object of that name. */
  fetchObject(name: string, limits: ObjectLimits): Promise<Uint8Array | undefined>;
  hasObject(name: string, signal?: AbortSignal): Promise<boolean>;
}

export interface ObjectLimits {
  readonly bytesMax: number;
  readonly signal?: AbortSignal | undefined;
}

export interface ObjectStoreOptions {
  readonly fetch?: typeof fetch;
  readonly pace?: Pace;
  /** Of one object, from the question to its last byte. */
  readonly timeoutMs?: number;
  /** How often a busy server is asked before that is an error. */
  readonly busyTriesMax?: number;
}

export function openObjectStore(location: string, options: ObjectStoreOptions = {}): ObjectStore {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(location)?.[1]?.toLowerCase();
  if (scheme === undefined) return openFolder(resolve(location));
  if (scheme === "file") return openFolder(folderOfUrl(location));
  if (scheme === "http" || scheme === "https") return openSite(location, options);
  throw unusable(location, "is not a folder, file://, http:// or https://");
}

function folderOfUrl(location: string): string {
  try {
    return fileURLToPath(location);
  } catch (cause) {
    throw unusable(location, "names no folder of this machine", cause);
  }
}

function openFolder(root: string): ObjectStore {
  return {
    location: root,
    fetchObject: async (name, { bytesMax, signal }) => {
      const path = join(root, checkedName(name));
      const size = await sizeOf(path, { root, signal });
      return size === undefined ? undefined : await readWhole(path, size, bytesMax);
    },
    hasObject: async (name, signal) => {
      const size = await sizeOf(join(root, checkedName(name)), { root, signal });
      return size !== undefined;
    },
  };
}

/** In bytes; undefined when there is no such file. */
async function sizeOf(
  path: string,
  { root, signal }: { readonly root: string; readonly signal: AbortSignal | undefined },
): Promise<number | undefined> {
  // Files that are read at once would leave no turn to anybody else.
  await setImmediate();
  signal?.throwIfAborted();
  try {
    const found = statSync(path, { throwIfNoEntry: false });
    if (found !== undefined) return found.size;
  } catch (cause) {
    if (!isMissing(cause)) throw unreadable(path, cause);
  }
  // A disk that is not mounted must not look like an archive that has not got this far.
  if (statSync(root, { throwIfNoEntry: false })?.isDirectory() === true) return undefined;
  throw new AceError("LEDGER_NO_SOURCE", `there is no folder ${root}`);
}

async function readWhole(path: string, size: number, bytesMax: number): Promise<Uint8Array> {
  if (size > bytesMax) throw new AceError("LEDGER_MALFORMED", `${path} is over ${bytesMax} bytes`);
  try {
    return size <= AT_ONCE_BYTES_MAX ? readFileSync(path) : await readFile(path);
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

function isMissing(cause: unknown): boolean {
  if (!(cause instanceof Error && "code" in cause)) return false;
  return cause.code === "ENOENT" || cause.code === "ENOTDIR";
}

function unreadable(path: string, cause: unknown): AceError {
  return new AceError("LEDGER_NO_SOURCE", `${path} cannot be read`, { cause });
}

function openSite(location: string, options: ObjectStoreOptions): ObjectStore {
  const base = URL.parse(location);
  if (base === null) throw unusable(location, "is not a web address");
  if (base.username !== "" || base.password !== "") {
    throw unusable(`${base.protocol}//${base.host}`, "must not carry a user name or password");
  }
  const settings = {
    fetch: options.fetch ?? fetch,
    pace: options.pace ?? systemPace,
    timeoutMs: options.timeoutMs ?? TIMEOUT_MS,
    ...(options.busyTriesMax !== undefined && { busyTriesMax: options.busyTriesMax }),
  };
  const requestOf = (name: string) => {
    const url = new URL(base);
    url.pathname = `${base.pathname.replace(/\/+$/, "")}/${checkedName(name)}`;
    // Files that are compressed gain nothing; some servers claim to compress them all the same.
    const init = { headers: { "accept-encoding": "identity" } };
    return { url: url.href, init, who: `${url.origin}${url.pathname}` };
  };
  return {
    location: `${base.origin}${base.pathname}`,
    fetchObject: async (name, { bytesMax, signal }) => {
      const request = requestOf(name);
      const body = await exchange({ ...settings, bodyBytesMax: bytesMax }, request, signal);
      if (body !== undefined) checkKind(body, request.who);
      return body?.bytes;
    },
    hasObject: async (name, signal) => {
      const request = requestOf(name);
      const settingsHere = { ...settings, bodyBytesMax: 0, isHeadOnly: true };
      const body = await exchange(settingsHere, request, signal);
      if (body !== undefined) checkKind(body, request.who);
      return body !== undefined;
    },
  };
}

/** Many servers answer with a page, and 200, whatever they are asked for. */
function checkKind({ contentType }: HttpBody, who: string): void {
  if (!contentType.startsWith("text/html")) return;
  throw new AceError("LEDGER_MALFORMED", `${who} is a web page, not data of Stellar`);
}

function checkedName(name: string): string {
  invariant(NAME.test(name) && !name.split("/").includes(".."), "names of objects are ours");
  return name;
}

function unusable(location: string, why: string, cause?: unknown): AceError {
  return new AceError("CONFIG_INVALID", `"${location}" ${why}`, { cause });
}
