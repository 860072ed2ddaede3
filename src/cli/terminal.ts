/**
 * The person at the terminal: asked on stderr, answers on stdin, never when nobody is there.
 *
 * Errors  `CANCELLED` when the input ends or Ctrl-C comes instead of an answer.
 */
import { createInterface } from "node:readline";
import { addAbortSignal } from "node:stream";
import type { ReadStream } from "node:tty";
import { AceError } from "../lib/errors.ts";
import { escapeText } from "./escape.ts";
import { askHidden } from "./hidden.ts";
import type { Stream } from "./stream.ts";

export interface Terminal {
  /** Whether a person can be asked: stdin and stderr are a terminal, and `--no-input` is not given. */
  readonly canAsk: boolean;
  /** One line that the person must see before answering. */
  show(line: string): void;
  ask(question: string): Promise<string>;
  /** Asks without showing what is typed. */
  askSecret(question: string): Promise<string>;
  /** Everything on stdin until its end; `USAGE` when that is more than `bytesMax`. */
  readAll(bytesMax: number): Promise<string>;
}

export interface TerminalOptions {
  readonly input: ReadStream;
  readonly stderr: Stream;
  readonly noInput: boolean;
  readonly signal: AbortSignal;
}

export function openTerminal({ input, stderr, noInput, signal }: TerminalOptions): Terminal {
  return {
    canAsk: input.isTTY === true && stderr.isTerminal && !noInput,
    show: (line) => stderr.write(`${escapeText(line)}\n`),
    ask: (question) => {
      stderr.write(`${escapeText(question)} `);
      return readLine(input, signal);
    },
    askSecret: async (question) => {
      stderr.write(`${escapeText(question)} `);
      const answer = await askHidden(input, signal);
      stderr.write("\n");
      return answer;
    },
    readAll: (bytesMax) => readAll(input, bytesMax, signal),
  };
}

/** Without readline's own terminal mode: Ctrl-C stays a signal and the terminal edits the line. */
function readLine(input: ReadStream, signal: AbortSignal): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const lines = createInterface({ input, terminal: false });
  const stop = (): void => reject(signal.reason);
  lines.once("line", resolve);
  lines.once("close", () => reject(new AceError("CANCELLED", "the input ended without an answer")));
  signal.addEventListener("abort", stop, { once: true });
  return promise.finally(() => {
    signal.removeEventListener("abort", stop);
    lines.close();
    input.pause();
  });
}

async function readAll(input: ReadStream, bytesMax: number, signal: AbortSignal): Promise<string> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of addAbortSignal(signal, input)) {
    const bytes = Buffer.from(chunk);
    sizeBytes += bytes.length;
    if (sizeBytes > bytesMax)
      throw new AceError("USAGE", `stdin holds more than ${bytesMax} bytes`);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString("utf8");
}
