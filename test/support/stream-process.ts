/** A command that keeps running, as its users run it: a process of its own, ended or killed. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { z } from "zod";
import { ACE } from "./plain-package.ts";

const Line = z.object({ event: z.string(), data: z.record(z.string(), z.unknown()) });

export interface StreamProcess {
  /** Settles with what its event `ready` says; rejects when the process ends before. */
  readonly ready: Promise<Readonly<Record<string, unknown>>>;
  /** The same of an event of any name; it may have been told before. */
  told(event: string): Promise<Readonly<Record<string, unknown>>>;
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
  const events = new Map<string, PromiseWithResolvers<Readonly<Record<string, unknown>>>>();
  const gone = new Promise<number | null>((settle) => child.once("exit", settle));
  const eventOf = (name: string) => {
    const known = events.get(name);
    if (known !== undefined) return known;
    const event = Promise.withResolvers<Readonly<Record<string, unknown>>>();
    // Of what nobody waits for yet: who does is still told.
    event.promise.catch(() => undefined);
    void gone.then((code) => event.reject(new Error(`ended with ${code}: ${messages}`)));
    events.set(name, event);
    return event;
  };
  createInterface({ input: child.stdout }).on("line", (text) => {
    const line = Line.safeParse(JSON.parse(text));
    if (line.success) eventOf(line.data.event).resolve(line.data.data);
  });
  return {
    ready: eventOf("ready").promise,
    told: (event) => eventOf(event).promise,
    messages: () => messages,
    end: async (signal) => {
      child.kill(signal);
      return await gone;
    },
  };
}
