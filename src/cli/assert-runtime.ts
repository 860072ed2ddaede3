/**
 * The versions this code was written for, asserted before native modules load: under others they
 * crash, or quietly give other results than the rest of the network.
 *
 * Errors  `NODE_VERSION_WRONG`, `DEPENDENCY_VERSION_WRONG`, naming what was found and wanted.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { AceError } from "../lib/errors.ts";
import { pinnedVersions } from "./version.ts";

/** V8 decides what contracts compute, so its major version counts besides Node's. */
const NODE_MAJOR = "26";
const V8_MAJOR = "14";
const CHECKED = ["isolated-vm", "better-sqlite3", "@stellar/stellar-sdk", "cborg"] as const;

export interface VersionFinding {
  readonly name: string;
  readonly found: string;
  readonly wanted: string;
  readonly isRight: boolean;
}

export function assertRuntime(): void {
  for (const { name, found, wanted, isRight } of versionFindings()) {
    if (isRight) continue;
    const code =
      name === "node" || name === "v8" ? "NODE_VERSION_WRONG" : "DEPENDENCY_VERSION_WRONG";
    throw new AceError(code, `${name} is ${found}; this version of ace needs ${wanted}`);
  }
}

export function versionFindings(): readonly VersionFinding[] {
  const pins = pinnedVersions();
  return [
    majorFinding("node", process.versions.node, NODE_MAJOR),
    majorFinding("v8", process.versions.v8, V8_MAJOR),
    ...CHECKED.map((name) => {
      const found = installedVersion(name);
      const wanted = pins.get(name) ?? "a version that package.json names";
      return { name, found, wanted, isRight: found === wanted };
    }),
  ];
}

function majorFinding(name: string, found: string, wanted: string): VersionFinding {
  return { name, found, wanted, isRight: found.split(".")[0] === wanted };
}

/** Read from the package's own file: loading the package is what must not happen yet. */
function installedVersion(name: string): string {
  for (const folder of createRequire(import.meta.url).resolve.paths(name) ?? []) {
    const version = versionIn(join(folder, name, "package.json"));
    if (version !== undefined) return version;
  }
  return "not installed";
}

function versionIn(path: string): string | undefined {
  try {
    const document: unknown = JSON.parse(readFileSync(path, "utf8"));
    const found = Object.entries(document ?? {}).find(([key]) => key === "version");
    return found === undefined ? undefined : String(found[1]);
  } catch {
    // Not in this folder: the next one may hold it.
    return undefined;
  }
}
