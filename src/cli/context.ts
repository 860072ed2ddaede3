/** What every command works with, built once for the one command that a process runs. */
import { homedir } from "node:os";
import { type Clock, systemClock } from "../lib/clock.ts";
import type { Flags } from "./flags.ts";
import { interruptSignal } from "./interrupt.ts";
import type { Keystore } from "./keystore.ts";
import { openKeystore } from "./keystore-file.ts";
import { createOutput, type Output } from "./output.ts";
import { readProfile } from "./profile.ts";
import { type Origins, resolveSettings, type Settings } from "./settings.ts";
import { streamOf } from "./stream.ts";
import { openTerminal, type Terminal } from "./terminal.ts";

export interface Context {
  readonly settings: Settings;
  /** Where each setting comes from. */
  readonly origins: Origins;
  readonly output: Output;
  readonly terminal: Terminal;
  readonly keystore: Keystore;
  /** Aborted by the first Ctrl-C, with `CANCELLED`; the second ends the process. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly environment: Readonly<NodeJS.ProcessEnv>;
}

export function createContext(flags: Flags): Context {
  const environment = process.env;
  const folder = process.cwd();
  const { settings, origins } = resolveSettings({
    flags,
    environment,
    userHome: homedir(),
    folder,
    readProfile,
  });
  const { json, quiet, noInput } = settings;
  const [stdout, stderr] = [streamOf(process.stdout), streamOf(process.stderr)];
  const signal = interruptSignal();
  const output = createOutput({ stdout, stderr, json, quiet });
  const terminal = openTerminal({ input: process.stdin, stderr, noInput, signal });
  const keystore = openKeystore({ home: settings.home, environment, terminal, output });
  return { settings, origins, output, terminal, keystore, signal, clock: systemClock, environment };
}
