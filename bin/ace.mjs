#!/usr/bin/env node
// The executable `ace`. Native modules crash, rather than complain, under another Node than the one
// they were built for. So the version is settled here, before anything else loads: under another
// Node this file runs itself again with the pinned runtime that `npm ci` brought along. It must
// parse on old versions of Node.
import { existsSync, realpathSync } from "node:fs";
import module from "node:module";
import { dirname, join, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { isPinnedNode, pinnedRuntime, refuse, runUnder } from "./pinned-node.mjs";

/** Set for the second run, which must not start a third. */
const RERUN_MARK = "ACE_RERUN";

const self = realpathSync(fileURLToPath(import.meta.url));

if (isPinnedNode) {
  delete process.env[RERUN_MARK];
  // Stripped and compiled once: halves the start of a checkout. Without leave to write it does without.
  module.enableCompileCache(join(modulesFolder(), ".cache", "ace"));
  await import(pathToFileURL(program()).href);
} else {
  const runtime = process.env[RERUN_MARK] === undefined ? pinnedRuntime() : undefined;
  const args = [...process.execArgv, self, ...process.argv.slice(2)];
  if (runtime === undefined) refuse();
  else runUnder(runtime, args, { env: { [RERUN_MARK]: "1" }, onFault: refuse });
}

/** A checkout runs its sources. Node strips no types below node_modules: there the build runs. */
function program() {
  const root = dirname(dirname(self));
  const source = join(root, "src", "cli", "main.ts");
  return !isInstalled() && existsSync(source) ? source : join(root, "dist", "cli", "main.js");
}

/**
 * Where this package's own packages are. An installed one must not get a `node_modules` of its own: the
 * contract process would look there first, where it may not read.
 */
function modulesFolder() {
  const root = dirname(dirname(self));
  return isInstalled() ? dirname(root) : join(root, "node_modules");
}

function isInstalled() {
  return dirname(dirname(self)).split(sep).includes("node_modules");
}
