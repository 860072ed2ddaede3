/**
 * This package as its users have it: plain JavaScript below `node_modules`, made from the sources before
 * tests run. A process of a checkout strips the types of every module that it loads, the contract
 * process each time it starts: here that is done once for all processes of all tests.
 */
import { hash } from "node:crypto";
import {
  chmodSync,
  copyFileSync,
  globSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { withoutTypes } from "../../torture/stripped.ts";

const ROOT = join(import.meta.dirname, "..", "..");
/** Copies of a checkout may share its `node_modules`, and nothing that is made of their sources. */
const OWN = hash("sha256", ROOT).slice(0, 8);
const PACKAGE = join(ROOT, "node_modules", ".cache", `ace-tests-${OWN}`);
const DIST = join(PACKAGE, "dist");
/** The contract process may run as a user of its own. */
const READABLE = 0o755;

/** The executable of it. */
export const ACE = join(PACKAGE, "bin", "ace.mjs");
/** What starts a contract process of it. */
export const PROCESS_SPAWN = join(DIST, "runtime", "process-spawn.js");
/** Where Vitest keeps what it bundles for this checkout. */
export const BUNDLES = join(ROOT, "node_modules", ".vite", OWN);

/** Makes anew what is older or newer than its source: several runs of tests may share the folder. */
export function makePlainPackage(): void {
  const sources = globSync("**/*.ts", { cwd: join(ROOT, "src") });
  for (const source of sources) {
    const target = join(DIST, plainName(source));
    take(join(ROOT, "src", source), target, (from, to) => {
      writeFileSync(to, withoutTypes(readFileSync(from, "utf8")));
    });
  }
  const wanted = new Set(sources.map(plainName));
  for (const made of globSync("**/*.js", { cwd: DIST })) {
    if (!wanted.has(made)) rmSync(join(DIST, made), { force: true });
  }
  for (const file of globSync(["package.json", "bin/*", "assets/system/*"], { cwd: ROOT })) {
    take(join(ROOT, file), join(PACKAGE, file), copyFileSync);
  }
  for (const folder of [PACKAGE, DIST]) chmodSync(folder, READABLE);
}

const plainName = (source: string): string => source.replace(/\.ts$/, ".js");

/** Whole or not at all: another run may read it at this moment. */
function take(from: string, to: string, write: (from: string, to: string) => void): void {
  const { mtime } = statSync(from);
  if (statSync(to, { throwIfNoEntry: false })?.mtimeMs === mtime.getTime()) return;
  mkdirSync(dirname(to), { recursive: true });
  const draft = `${to}.${process.pid}`;
  write(from, draft);
  utimesSync(draft, mtime, mtime);
  renameSync(draft, to);
}
