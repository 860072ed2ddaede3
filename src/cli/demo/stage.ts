/**
 * The stage: a folder of its own, and every actor a process of its own that talks over sockets only.
 *
 * Actors are the command `ace` itself, as a person would type it, with `--json --yes`.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { AceError } from "../../lib/errors.ts";

const Answer = z.object({
  ok: z.boolean(),
  data: z.unknown(),
  error: z.object({ code: z.string(), message: z.string() }).optional(),
});

/** How a command ended. */
export interface Played {
  readonly ok: boolean;
  readonly data: unknown;
  /** Code of the error, when it failed. */
  readonly code: string | undefined;
  readonly message: string;
}

const ACE = fileURLToPath(new URL("../../../bin/ace.mjs", import.meta.url));
const COMMAND_MS = 90_000;
const READY_MS = 30_000;
const STOP_MS = 5_000;

export class Stage implements AsyncDisposable {
  /** Keys, network document, node data and films of this performance. */
  readonly folder: string;
  readonly #environment: Record<string, string | undefined>;
  readonly #running: ChildProcess[] = [];
  readonly #signal: AbortSignal;

  constructor(signal: AbortSignal) {
    this.folder = mkdtempSync(join(tmpdir(), "ace-demo-"));
    this.#signal = signal;
    this.#environment = { ...process.env, ACE_HOME: join(this.folder, "home"), NO_COLOR: "1" };
  }

  /** What later actors find in their environment, such as `ACE_RPC`. */
  set(name: string, value: string): void {
    this.#environment[name] = value;
  }

  get(name: string): string {
    return this.#environment[name] ?? "";
  }

  /** Runs one command to its end, whatever that is. */
  async play(args: readonly string[], environment: Record<string, string> = {}): Promise<Played> {
    this.#signal.throwIfAborted();
    const child = this.#spawn([...args, "--json", "--yes"], environment);
    const timer = setTimeout(() => child.kill("SIGKILL"), COMMAND_MS);
    const lines = await linesOf(child);
    clearTimeout(timer);
    return readAnswer(args, lines);
  }

  /** Runs one command that has to succeed, and gives its data as `schema` reads it. */
  async must<T>(schema: z.ZodType<T>, args: readonly string[]): Promise<T> {
    const played = await this.play(args);
    if (!played.ok) {
      const command = `ace ${args.slice(0, 2).join(" ")}`;
      throw new AceError("CHECK_FAILED", `${command}: ${played.code}: ${played.message}`);
    }
    return schema.parse(played.data);
  }

  /** Starts a command that stays, and waits until it says that it is ready. */
  async start<T>(
    schema: z.ZodType<T>,
    args: readonly string[],
    environment: Record<string, string> = {},
  ): Promise<{ readonly ready: T; stop(): Promise<void> }> {
    const child = this.#spawn([...args, "--json"], environment);
    this.#running.push(child);
    const ready = await readyOf(child, args);
    return { ready: schema.parse(ready), stop: () => stopped(child) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#running.toReversed()) await stopped(child);
    rmSync(this.folder, { recursive: true, force: true });
  }

  #spawn(args: readonly string[], environment: Record<string, string>): ChildProcess {
    const env = { ...this.#environment, ...environment };
    return spawn(process.execPath, [ACE, ...args], { env, stdio: ["ignore", "pipe", "ignore"] });
  }
}

async function linesOf(child: ChildProcess): Promise<readonly string[]> {
  const lines: string[] = [];
  if (child.stdout !== null)
    for await (const line of createInterface(child.stdout)) lines.push(line);
  if (child.exitCode === null) await new Promise((resolve) => child.once("exit", resolve));
  return lines;
}

function readAnswer(args: readonly string[], lines: readonly string[]): Played {
  const answer = Answer.safeParse(parseJson(lines.at(-1) ?? ""));
  if (!answer.success) {
    const message = `ace ${args.join(" ")} answered nothing`;
    return { ok: false, data: undefined, code: "INTERNAL", message };
  }
  const { ok, data, error } = answer.data;
  return { ok, data, code: error?.code, message: error?.message ?? "" };
}

async function readyOf(child: ChildProcess, args: readonly string[]): Promise<unknown> {
  const Ready = z.object({ event: z.literal("ready"), data: z.unknown() });
  const { stdout } = child;
  if (stdout === null) throw new AceError("CHECK_FAILED", "the process has no output");
  const timer = setTimeout(() => child.kill("SIGKILL"), READY_MS);
  const reader = createInterface(stdout);
  let last = "";
  for await (const line of reader) {
    last = line;
    const event = Ready.safeParse(parseJson(line));
    if (!event.success) continue;
    clearTimeout(timer);
    stdout.resume();
    return event.data.data;
  }
  throw new AceError("CHECK_FAILED", `ace ${args.slice(0, 2).join(" ")} did not start: ${last}`);
}

async function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
  await gone;
  clearTimeout(timer);
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
