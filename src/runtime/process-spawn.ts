/**
 * Starting the contract process: under Node's permission model, with an empty environment and one pipe.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, lstatSync, realpathSync } from "node:fs";
import { findPackageJSON } from "node:module";
import { dirname, join, sep } from "node:path";
import { Duplex } from "node:stream";
import { fileURLToPath, pathToFileURL } from "node:url";
import { firstRules, type Rules } from "./limits.ts";
import { fenced } from "./process-fence.ts";
import { type FramePart, streamPeer } from "./process-frames.ts";

export interface Child {
  readonly pid: number | undefined;
  /** False once the operating system has told of its end. */
  isAlive(): boolean;
  send(part: FramePart): void;
  kill(): void;
}

export interface ChildEvents {
  readonly onFrame: (part: FramePart) => void;
  /**
   * The process or its pipe is of no use any more. May come more than once. Whoever was killed did not
   * end by itself.
   */
  readonly onEnd: (reason: string, isKilled?: boolean) => void;
}

const ERROR_TEXT_MAX = 4_096;

export interface SpawnOptions {
  /** Go to the engine as they are: the same outcomes are demanded with and without them. */
  readonly engineFlags?: readonly string[];
  readonly rules?: Rules;
  /** Of all its data together; beyond it the process ends. */
  readonly dataMb?: number;
}

export function spawnContractProcess(
  { onFrame, onEnd }: ChildEvents,
  { engineFlags = [], rules = firstRules, dataMb }: SpawnOptions = {},
): Child {
  const memory = dataMb === undefined ? {} : { dataMb };
  const own = rules === firstRules ? [] : [JSON.stringify(rules)];
  const shared = sharedModules();
  const readable = readableFolders(shared);
  const links = shared === undefined ? [] : ["--preserve-symlinks"];
  const words = [...permissions(readable), ...links, ...engineFlags, entryPath(), ...own];
  const entered = [...readable, ...readable.map((path) => realpathSync(path))];
  const fence = fenced(process.execPath, words, { readable: entered, ...memory });
  const child: ChildProcess = spawn(fence.command, fence.words, {
    env: {},
    ...fence.user,
    stdio: ["ignore", "ignore", "pipe", "pipe"],
  });
  const pipe = child.stdio[3];
  if (!(pipe instanceof Duplex)) throw new Error("the contract process has no pipe");
  let lastWords = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    lastWords = (lastWords + chunk.toString()).slice(-ERROR_TEXT_MAX);
  });
  const write = streamPeer(pipe, onFrame, () => onEnd("the pipe carried garbage"));
  pipe.on("error", () => {});
  child.on("error", (error) => onEnd(error.message));
  child.on("exit", (code, signal) => {
    onEnd(`it ended (${signal ?? code}) ${lastWords}`, signal !== null);
  });
  return {
    pid: child.pid,
    isAlive: () => child.exitCode === null && child.signalCode === null,
    send: ({ type, payload }) => write(type, payload),
    kill: () => {
      child.kill("SIGKILL");
    },
  };
}

/** Its own code, and the packages of `shared` or wherever they are found. */
function readableFolders(shared: string | undefined): readonly string[] {
  const room = dirname(fileURLToPath(import.meta.url));
  const packages =
    shared === undefined ? moduleFolders() : PACKAGES.map((name) => join(shared, name));
  const folders = [...new Set([dirname(room), ...packages])];
  // Node forgets a folder that is granted as soon as one below it is, too.
  return folders.filter((path) => !folders.some((other) => path.startsWith(`${other}${sep}`)));
}

/** What the contract process loads, and what isolated-vm finds its binary through. */
const PACKAGES = ["isolated-vm", "acorn", "cborg", "node-gyp-build"] as const;

/**
 * The `node_modules` that several checkouts share, where this one has a link to it. Leave to read that
 * link is leave to read all packages behind it: so the process follows none, and each of its packages
 * is granted by the way that it takes. Undefined where there is no such link, or not all are behind it.
 */
function sharedModules(): string | undefined {
  const room = dirname(fileURLToPath(import.meta.url));
  for (let folder = room; ; folder = dirname(folder)) {
    const modules = join(folder, "node_modules");
    if (existsSync(join(modules, PACKAGES[0]))) {
      const hasAll = PACKAGES.every((name) => existsSync(join(modules, name)));
      return hasAll && lstatSync(modules).isSymbolicLink() ? modules : undefined;
    }
    if (folder === dirname(folder)) return undefined;
  }
}

/** Read access to its own code and nothing else: no file, no network, no other process. */
function permissions(readable: readonly string[]): readonly string[] {
  return [
    "--permission",
    "--allow-addons",
    "--allow-worker",
    // isolated-vm looks there for the kind of system.
    ...[...readable, "/etc/alpine-release"].map((path) => `--allow-fs-read=${path}`),
    "--no-node-snapshot",
    // The code of that stage finds the place of an error in time that grows with the function.
    "--no-sparkplug",
    "--disable-warning=ExperimentalWarning",
    "--disable-warning=SecurityWarning",
    ...STACK,
  ];
}

/** Room for the deepest call that the limits allow, many times over. */
const STACK = process.platform === "win32" ? [] : ["--stack-size=3900"];

/** The folders that hold the few packages which the contract process loads. */
function moduleFolders(): readonly string[] {
  const find = (name: string, from: string): readonly string[] => {
    const manifest = findPackageJSON(name, from);
    if (manifest === undefined) return [];
    const folder = dirname(manifest);
    return [folder, realpathSync(folder), ...linksTo(name, dirname(fileURLToPath(from)))];
  };
  const [sandbox, ...others] = ["isolated-vm", "acorn", "cborg"].flatMap((name) =>
    find(name, import.meta.url),
  );
  if (sandbox === undefined) return others;
  // isolated-vm finds its binary through this package, wherever npm has put it.
  const loader = find("node-gyp-build", pathToFileURL(join(sandbox, "package.json")).href);
  return [sandbox, ...others, ...loader];
}

/** The way to a package may lead over links, such as packages that are one: on it each link is read. */
function linksTo(name: string, folder: string): readonly string[] {
  const modules = join(folder, "node_modules");
  const links = [modules, join(modules, name)].filter(
    (path) => lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true,
  );
  const above = dirname(folder);
  return above === folder ? links : [...links, ...linksTo(name, above)];
}

function entryPath(): string {
  const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
  return fileURLToPath(new URL(`./process-child.${extension}`, import.meta.url));
}
