/** The package we are part of: its version, and the versions it pins. */
import { readFileSync } from "node:fs";

interface Package {
  readonly version: string;
  readonly pins: ReadonlyMap<string, string>;
}

/** The same distance from `src/cli` in a checkout and from `dist/cli` in an installation. */
const PACKAGE_FILE = new URL("../../package.json", import.meta.url);

export function packageVersion(): string {
  return ownPackage().version;
}

/** Exact versions that package.json asks for, by package name. */
export function pinnedVersions(): ReadonlyMap<string, string> {
  return ownPackage().pins;
}

function ownPackage(): Package {
  const document: unknown = JSON.parse(readFileSync(PACKAGE_FILE, "utf8"));
  const pins = new Map<string, string>();
  for (const field of ["dependencies", "optionalDependencies"]) {
    for (const [name, version] of Object.entries(property(document, field) ?? {})) {
      pins.set(name, String(version));
    }
  }
  return { version: String(property(document, "version")), pins };
}

function property(document: unknown, name: string): unknown {
  return Object.entries(document ?? {}).find(([key]) => key === name)?.[1];
}
