/**
 * The contract process, from the node's side: started under Node's permission model with an empty
 * environment, asked one thing at a time, watched, and replaced when it fails.
 *
 * Errors  `CONTRACT_FAULT` when it fails twice on one request, `DEPENDENCY_VERSION_WRONG` when it will
 *         not start. A failure is never an outcome.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { realpathSync } from "node:fs";
import { findPackageJSON } from "node:module";
import { dirname, join } from "node:path";
import { Duplex } from "node:stream";
import { fileURLToPath, pathToFileURL } from "node:url";
import { AceError } from "../lib/errors.ts";
import type { Events } from "../lib/events.ts";
import type { StateReader } from "./applied.ts";
import { type FramePart, frameTypes, streamPeer } from "./process-frames.ts";
import { decodeScan, encodeRows } from "./wire.ts";

export interface ContractProcess extends AsyncDisposable {
  /** Sends one request and waits for its answer; a process that fails is replaced, and asked once more. */
  ask(request: ProcessRequest): Promise<Uint8Array>;
  /** The operating system's id of the running process, for operators and tests. */
  readonly pid: number | undefined;
}

export interface ProcessRequest {
  readonly type: number;
  readonly payload: Uint8Array;
  /** Time that this request may honestly take beyond the watchdog's own. */
  readonly allowanceMs?: number;
}

export interface ProcessOptions {
  readonly state: StateReader;
  readonly events: Events;
  /** No answer for so long means that the process hangs. */
  readonly watchdogMs: number;
}

const ATTEMPTS = 2;
const ERROR_TEXT_MAX = 4_096;
const START_MS = 30_000;

export function startContractProcess(options: ProcessOptions): ContractProcess {
  let running: Running | undefined;
  let queue: Promise<unknown> = Promise.resolve();
  let isClosed = false;
  const attempt = async (request: ProcessRequest): Promise<Uint8Array> => {
    if (
      running === undefined ||
      running.child.exitCode !== null ||
      running.child.signalCode !== null
    )
      running = await start(options);
    try {
      return await running.ask(request);
    } catch (error) {
      running.kill();
      running = undefined;
      throw error;
    }
  };
  const ask = async (request: ProcessRequest): Promise<Uint8Array> => {
    let cause: unknown;
    for (let tries = 0; tries < ATTEMPTS && !isClosed; tries += 1) {
      try {
        return await attempt(request);
      } catch (error) {
        if (error instanceof AceError) throw error;
        cause = error;
        options.events.warn("contracts.fault", { reason: textOf(error) });
      }
    }
    const reason = isClosed ? "it is closed" : textOf(cause);
    throw new AceError("CONTRACT_FAULT", `the contract process failed: ${reason}`, { cause });
  };
  return {
    get pid() {
      return running?.child.pid;
    },
    ask(request) {
      const answer = queue.then(() => ask(request));
      queue = answer.catch(() => {});
      return answer;
    },
    async [Symbol.asyncDispose]() {
      isClosed = true;
      running?.kill();
      await queue;
      running?.kill();
    },
  };
}

interface Running {
  readonly child: ChildProcess;
  ask(request: ProcessRequest): Promise<Uint8Array>;
  kill(): void;
}

interface Waiting {
  readonly resolve: (payload: Uint8Array) => void;
  readonly reject: (error: Error) => void;
}

async function start({ state, events, watchdogMs }: ProcessOptions): Promise<Running> {
  const child = spawn(process.execPath, [...permissions(), entryPath()], {
    env: {},
    stdio: ["ignore", "ignore", "pipe", "pipe"],
  });
  let waiting: Waiting | undefined;
  let watchdog: NodeJS.Timeout | undefined;
  let lastWords = "";
  const settle = (error: Error | undefined, payload: Uint8Array): void => {
    const settled = waiting;
    waiting = undefined;
    if (error === undefined) settled?.resolve(payload);
    else settled?.reject(error);
  };
  const pipe = child.stdio[3];
  if (!(pipe instanceof Duplex)) throw new Error("the contract process has no pipe");
  const onFrame = ({ type, payload }: FramePart): void => {
    const answer = stateAnswer(state, type, payload);
    // A question is progress: what it costs the node to answer is no sign that the process hangs.
    if (answer !== undefined || type === frameTypes.alive) watchdog?.refresh();
    if (answer !== undefined) write(frameTypes.answer, answer);
    else if (type === frameTypes.alive) return;
    else if (type === frameTypes.fault) settle(new Error(Buffer.from(payload).toString()), payload);
    else settle(undefined, payload);
  };
  const broken = (): void => settle(new Error("the pipe carried garbage"), new Uint8Array());
  const write = streamPeer(pipe, onFrame, broken);
  pipe.on("error", () => {});
  child.stderr?.on("data", (chunk: Buffer) => {
    lastWords = (lastWords + chunk.toString()).slice(-ERROR_TEXT_MAX);
  });
  child.on("error", (error) => settle(error, new Uint8Array()));
  child.on("exit", (code, signal) => {
    settle(new Error(`it ended (${signal ?? code}) ${lastWords}`), new Uint8Array());
  });
  const kill = (): void => {
    child.kill("SIGKILL");
  };
  const answer = (limitMs: number): Promise<Uint8Array> =>
    new Promise((resolve, reject) => {
      watchdog = setTimeout(() => settle(new Error(`no word in ${limitMs} ms`), empty), limitMs);
      waiting = {
        resolve: (payload) => {
          clearTimeout(watchdog);
          resolve(payload);
        },
        reject: (error) => {
          clearTimeout(watchdog);
          reject(error);
        },
      };
    });
  await ready(answer(START_MS), kill);
  events.info("contracts.started", { pid: child.pid });
  return {
    child,
    kill,
    ask: ({ type, payload, allowanceMs = 0 }) => {
      const answered = answer(watchdogMs + allowanceMs);
      write(type, payload);
      return answered;
    },
  };
}

const empty = new Uint8Array();

async function ready(started: Promise<Uint8Array>, kill: () => void): Promise<void> {
  try {
    await started;
  } catch (cause) {
    kill();
    const message = `the contract process did not start: ${textOf(cause)}`;
    throw new AceError("DEPENDENCY_VERSION_WRONG", message, { cause });
  }
}

/** Questions about state are answered at once, from what is committed. */
function stateAnswer(
  state: StateReader,
  type: number,
  payload: Uint8Array,
): Uint8Array | undefined {
  if (type === frameTypes.read) return state.get(Uint8Array.from(payload)) ?? empty;
  if (type !== frameTypes.scan) return undefined;
  const { prefix, after, limit } = decodeScan(payload);
  return encodeRows(state.scan(prefix, after.length === 0 ? undefined : after, limit));
}

/** Read access to its own code and nothing else: no file, no network, no other process. */
function permissions(): readonly string[] {
  const room = dirname(fileURLToPath(import.meta.url));
  const readable = new Set([dirname(room), ...moduleFolders(), "/etc/alpine-release"]);
  return [
    "--permission",
    "--allow-addons",
    "--allow-worker",
    ...[...readable].map((path) => `--allow-fs-read=${path}`),
    "--no-node-snapshot",
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
    return manifest === undefined ? [] : [dirname(manifest), realpathSync(dirname(manifest))];
  };
  const [sandbox, ...others] = ["isolated-vm", "acorn", "cborg"].flatMap((name) =>
    find(name, import.meta.url),
  );
  if (sandbox === undefined) return others;
  // isolated-vm finds its binary through this package, wherever npm has put it.
  const loader = find("node-gyp-build", pathToFileURL(join(sandbox, "package.json")).href);
  return [sandbox, ...others, ...loader];
}

function entryPath(): string {
  const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
  return fileURLToPath(new URL(`./process-child.${extension}`, import.meta.url));
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
