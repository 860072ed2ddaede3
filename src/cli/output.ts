/**
 * What a command prints: data on stdout, messages on stderr, and with `--json` one object instead.
 *
 * Everything printed is escaped, so text of strangers may be passed as it is.
 */
import { invariant } from "../lib/invariant.ts";
import { escapeText } from "./escape.ts";
import { jsonText } from "./json.ts";
import { type Progress, startProgress } from "./progress.ts";
import { paint, type Stream, type Tone } from "./stream.ts";
import { type Cell, tableLines } from "./table.ts";

export interface Output {
  /** One line of data on stdout; nothing with `--json`. */
  line(text: string, tone?: Tone): void;
  /** Rows in aligned columns on stdout; nothing with `--json`. Numbers stand to the right. */
  table(rows: readonly (readonly Cell[])[], headings?: readonly string[]): void;
  /** One line of message on stderr; nothing with `--quiet`. */
  note(text: string, tone?: Tone): void;
  /** Like `note`, but never silent: what the user must see before going on. */
  warn(text: string): void;
  /** A line on stderr that counts up, on a terminal only. */
  progress(label: string): Progress;
  /** One line of JSON on stdout with `--json`, at once: what a long-running command tells a script. */
  event(name: string, data: unknown): void;
  /** The data of `--json`. A command that may still fail sets it before it throws. */
  result(data: unknown): void;
  data(): unknown;
  /** An address, shortened to `GABC…WXYZ` on a terminal. */
  address(address: string): string;
  close(): void;
}

export interface OutputOptions {
  readonly stdout: Stream;
  readonly stderr: Stream;
  readonly json: boolean;
  readonly quiet: boolean;
}

export function createOutput({ stdout, stderr, json, quiet }: OutputOptions): Output {
  let data: unknown;
  let progress: Progress | undefined;
  const message = (text: string, tone?: Tone): void => {
    progress?.clear();
    stderr.write(`${paint(stderr, escapeText(text), tone)}\n`);
  };
  return {
    line: (text, tone) => {
      if (json) return;
      progress?.clear();
      stdout.write(`${paint(stdout, escapeText(text), tone)}\n`);
    },
    table: (rows, headings) => {
      if (json) return;
      progress?.clear();
      const [head, ...body] = tableLines(rows, headings, stdout.columns);
      if (head === undefined) return;
      stdout.write(`${paint(stdout, head, headings === undefined ? undefined : "dim")}\n`);
      for (const line of body) stdout.write(`${line}\n`);
    },
    note: (text, tone) => {
      if (!quiet) message(text, tone);
    },
    warn: (text) => message(`warning: ${text}`, "warn"),
    progress: (label) => {
      progress?.done();
      progress = startProgress(stderr, quiet ? undefined : label);
      return progress;
    },
    event: (name, given) => {
      if (json) stdout.write(`${jsonText({ v: 1, event: name, data: given })}\n`);
    },
    result: (given) => {
      invariant(data === undefined, "a command has one result");
      data = given;
    },
    data: () => data,
    address: (address) => (stdout.isTerminal ? shortAddress(address) : address),
    close: () => progress?.done(),
  };
}

function shortAddress(address: string): string {
  return address.length < 12 ? address : `${address.slice(0, 4)}…${address.slice(-4)}`;
}
