import type { Command } from "commander";
import type { Run } from "../run.ts";
import { registerBans } from "./bans.ts";
import { registerGet } from "./stream-get.ts";
import { registerSource } from "./stream-source.ts";
import { registerSupport } from "./stream-support.ts";
import { registerTop } from "./stream-top.ts";

/** `ace stream`: watch what you hold a licence for, broadcast, and see how it goes. */
export function register(noun: Command, run: Run): void {
  registerGet(noun, run);
  registerSource(noun, run);
  registerSupport(noun, run);
  registerTop(noun, run);
  registerBans(noun, run, { command: "ace stream", folder: "engine" });
}
