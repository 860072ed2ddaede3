/** A node as its users run it: a process of its own, started, watched and ended, or killed. */
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { z } from "zod";
import { ACE } from "./plain-package.ts";

const Line = z.object({ event: z.string(), data: z.record(z.string(), z.unknown()) });
const Ready = z.object({ httpUrl: z.string() });

/** One line of its log. */
const APPLIED = /"ledger":(\d+),.*"msg":"ledger\.applied"/;

export interface NodeProcess {
  readonly pid: number | undefined;
  /** Settles with its URL; rejects when the process ends before. */
  readonly url: Promise<string>;
  /** Names of the events it told, in order. */
  readonly events: readonly string[];
  readonly messages: () => string;
  /** The last ledger that it told to have applied; 0 before the first. */
  readonly applied: () => number;
  /** Sends a signal and waits for the end: its exit code, or null when the signal ended it. */
  end(signal: NodeJS.Signals): Promise<number | null>;
}

export function startNode(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): NodeProcess {
  const ports = ["--port", "0", "--peer-port", "0", "--tracker-port", "0"];
  const own = [ACE, "node", ...args, ...ports, "--follow-only", "--log", "info", "--json"];
  const child = spawn(process.execPath, own, {
    env: { ...process.env, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const events: string[] = [];
  let messages = "";
  let applied = 0;
  createInterface({ input: child.stderr }).on("line", (text) => {
    const ledger = APPLIED.exec(text)?.[1];
    if (ledger === undefined) messages += `${text}\n`;
    else applied = Number(ledger);
  });
  const { promise: url, resolve, reject } = Promise.withResolvers<string>();
  url.catch(() => undefined);
  createInterface({ input: child.stdout }).on("line", (text) => {
    const line = Line.safeParse(JSON.parse(text));
    if (!line.success) return;
    events.push(line.data.event);
    if (line.data.event === "ready") resolve(Ready.parse(line.data.data).httpUrl);
  });
  const gone = new Promise<number | null>((settle) => child.once("exit", settle));
  void gone.then((code) => reject(new Error(`the node ended with ${code}: ${messages}`)));
  return {
    pid: child.pid,
    url,
    events,
    messages: () => messages,
    applied: () => applied,
    end: (signal) => end(child, gone, signal),
  };
}

async function end(
  child: ChildProcess,
  gone: Promise<number | null>,
  signal: NodeJS.Signals,
): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) child.kill(signal);
  return await gone;
}
