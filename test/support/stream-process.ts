/** A command that keeps running, as its users run it: a process of its own, ended or killed. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { z } from "zod";
import { ACE } from "./plain-package.ts";

const Line = z.object({ event: z.string(), data: z.record(z.string(), z.unknown()) });

export interface StreamProcess {
  /** Settles with what its event `ready` says; rejects when the process ends before. */
  readonly ready: Promise<Readonly<Record<string, unknown>>>;
  readonly messages: () => string;
  /** Sends a signal and waits for the end: its exit code, or null when the signal ended it. */
  end(signal: NodeJS.Signals): Promise<number | null>;
}

export function startStream(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): StreamProcess {
  const child = spawn(process.execPath, [ACE, "stream", ...args, "--json"], {
    env: { ...process.env, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let messages = "";
  child.stderr.on("data", (bytes: Buffer) => {
    messages += bytes.toString();
  });
  const { promise: ready, resolve, reject } = Promise.withResolvers<Record<string, unknown>>();
  ready.catch(() => undefined);
  createInterface({ input: child.stdout }).on("line", (text) => {
    const line = Line.safeParse(JSON.parse(text));
    if (line.success && line.data.event === "ready") resolve(line.data.data);
  });
  const gone = new Promise<number | null>((settle) => child.once("exit", settle));
  void gone.then((code) => reject(new Error(`ended with ${code}: ${messages}`)));
  return {
    ready,
    messages: () => messages,
    end: async (signal) => {
      child.kill(signal);
      return await gone;
    },
  };
}
