import type { Command } from "commander";
import type { Run } from "../run.ts";
import { registerGet } from "./stream-get.ts";
import { registerTop } from "./stream-top.ts";

/** `ace stream`: watch what you hold a licence for, and see how it goes. */
export function register(noun: Command, run: Run): void {
  registerGet(noun, run);
  registerTop(noun, run);
}
