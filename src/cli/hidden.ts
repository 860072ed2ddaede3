/** Reads a line from a terminal in raw mode, where nothing typed is shown. */
import type { ReadStream } from "node:tty";
import { AceError } from "../lib/errors.ts";

const ENTER = new Set(["\r", "\n"]);
const ERASE = new Set(["\u007f", "\b"]);
const ERASE_LINE = "\u0015";
const INTERRUPT = "\u0003";
const END_OF_INPUT = "\u0004";

export function askHidden(input: ReadStream, signal: AbortSignal): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let typed: readonly string[] = [];
  const onData = (chunk: Buffer | string): void => {
    for (const character of chunk.toString()) {
      if (ENTER.has(character)) resolve(typed.join(""));
      else if (character === INTERRUPT || character === END_OF_INPUT) {
        reject(new AceError("CANCELLED", "nothing was typed"));
      } else typed = edited(typed, character);
    }
  };
  const stop = (): void => reject(signal.reason);
  input.setRawMode(true);
  input.setEncoding("utf8");
  input.on("data", onData);
  signal.addEventListener("abort", stop, { once: true });
  input.resume();
  return promise.finally(() => {
    signal.removeEventListener("abort", stop);
    input.off("data", onData);
    input.setRawMode(false);
    input.pause();
  });
}

function edited(typed: readonly string[], character: string): readonly string[] {
  if (character === ERASE_LINE) return [];
  return ERASE.has(character) ? typed.slice(0, -1) : [...typed, character];
}
